"""A routed study: the report counts what was asked of people, and says where votes are weighted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from conftest import EMPTY
from simulated import cast_votes

from facepersona_core.report.blocks import Table, Text
from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import read
from facepersona_core.report.export import study_files
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.sections import ranking, scenario
from facepersona_core.report.view import View
from facepersona_core.report.words import Words
from facepersona_core.types import Route

LANGUAGES = ("en", "ja")
NAME = "routed"


@pytest.fixture(scope="module")
def exported(workplace: Any) -> dict[str, bytes]:
    """36 pairs, 6 of which the machine decides and 6 of which came to people with a probability of a half; rated."""
    store = workplace.studies
    like = store.get(EMPTY)
    study = store.create(replace(like.plan, name=NAME), store.pictures(like.id))
    ordinary = [one.pair.index for one in store.pairs(study.id) if not one.pair.gold]
    routes = [Route(False, 0.5, "clear"), Route(True, 0.5, "floor"), *[Route(True, 1.0, "close")] * 4]
    store.route(study.id, {index: routes[place % len(routes)] for place, index in enumerate(ordinary)})
    cast_votes(workplace, NAME, 5)
    return study_files(workplace, NAME)


@pytest.fixture(scope="module")
def routed(exported: dict[str, bytes]) -> ReportData:
    return gather(read(exported), Parameters())


def planned(data: ReportData, language: str) -> str:
    """What the design of the study says of the plan."""
    words = Words(language)
    table = next(block for block in scenario.scenario(View(data, words)) if isinstance(block, Table))
    return next(str(told) for fact, told in table.rows if fact == words("scenario.fact.planned"))


def notes(data: ReportData, language: str) -> list[str]:
    return [block.words for block in ranking.blocks(View(data, Words(language))) if isinstance(block, Text)]


def test_what_the_machine_decides_was_not_planned_for_people(data: ReportData, routed: ReportData) -> None:
    assert planned(routed, "en") == "90 comparisons, each pair by 3 of 5 raters; 6 of 36 pairs are left to the machine"
    assert planned(routed, "ja").endswith("、36 組のうち 6 組は機械が判定")
    assert routed.analysis.comparisons == 90, "everybody answered everything"
    assert planned(data, "en") == "108 comparisons, each pair by 3 of 5 raters"


def test_an_export_from_before_pairs_were_counted_counts_them_all(exported: dict[str, bytes]) -> None:
    facts = json.loads(exported["study.json"])
    del facts["pairs_for_people"]
    assert read({**exported, "study.json": json.dumps(facts).encode()}).pairs == (36, 36)


@pytest.mark.parametrize("language", LANGUAGES)
def test_weighted_shares_are_called_so(data: ReportData, routed: ReportData, language: str) -> None:
    plain, weighted = (Words(language)(f"ranking.{key}") for key in ("wins_note", "wins_routed"))
    assert plain + weighted in notes(routed, language)
    assert plain in notes(data, language)
