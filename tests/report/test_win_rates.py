"""The map of win rates in the ranking section: the figures of the analysis, readable, and nothing where none are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import EMPTY

from facepersona_core.palette import COLOURS, DIVERGING, contrast, ink_on, shade
from facepersona_core.report import figures
from facepersona_core.report.blocks import Block, Figure, Pair, Text
from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import read
from facepersona_core.report.export import study_files
from facepersona_core.report.figures import Rival
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.sections import ranking
from facepersona_core.report.view import AXES, View
from facepersona_core.report.words import Words

LANGUAGES = ("en", "ja")
SVG = "{http://www.w3.org/2000/svg}"


def maps(data: ReportData, language: str) -> list[Block]:
    """The two halves of the block."""
    found = [block for block in ranking.blocks(View(data, Words(language))) if isinstance(block, Pair)]
    return [half for pair in found for half in (pair.left, pair.right)]


def lines(drawing: str) -> list[str]:
    """The texts of a drawing."""
    return [node.text or "" for node in ElementTree.fromstring(drawing).iter(f"{SVG}text")]


def test_a_known_map_says_who_won() -> None:
    rivals = [
        Rival("A <b>", COLOURS[0], "circle", (None, 0.75), (0, 8)),
        Rival("Bなまえ", COLOURS[1], "square", (0.25, None), (8, 0)),
    ]
    drawn = figures.win_rates(rivals, 330, ("against", "who wins"), lambda share: f"{share:.0%}")
    assert drawn == figures.win_rates(rivals, 330, ("against", "who wins"), lambda share: f"{share:.0%}")
    assert lines(drawn) == ["against", "A <b>", "75%", "n=8", "Bなまえ", "25%", "n=8"]
    tree = ElementTree.fromstring(drawn)
    assert (tree.get("role"), tree.get("aria-label")) == ("img", "who wins")
    colours = [node.get("fill") for node in tree.iter(f"{SVG}rect")]
    assert colours == [figures.EMPTY, shade(0.75), shade(0.25), figures.EMPTY]
    ends = [float(node.get("x", 0)) + float(node.get("width", 0)) for node in tree.iter(f"{SVG}rect")]
    assert max(ends) <= 330 and min(float(node.get("x", 0)) for node in tree.iter(f"{SVG}rect")) > 60
    many = [replace(rivals[0], rates=(0.5,) * 9, votes=(4,) * 9)] * 9
    assert "n=4" not in lines(figures.win_rates(many, 330, ("", ""), str)), "no room"


def test_every_share_can_be_read_on_its_colour() -> None:
    assert [shade(share) for share, _ in DIVERGING] == [colour.lower() for _, colour in DIVERGING]
    assert min(contrast(ink_on(shade(n / 200)), shade(n / 200)) for n in range(201)) > 4
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0) and contrast("#0072B2", "#0072B2") == 1.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_map_shows_the_figures_of_the_analysis_best_first(data: ReportData, language: str) -> None:
    words, view = Words(language), View(data, Words(language))
    for half, axis in zip(maps(data, language), AXES, strict=True):
        assert isinstance(half, Figure)
        title = words("ranking.wins", question=words(f"questions.short.{axis}"))
        assert half.title == title and f'aria-label="{title}"' in half.drawing
        result = data.analysis.axes[axis]
        order = [result.win_rates.methods.index(standing.method) for standing in result.standings or ()]
        rates = [[result.win_rates.rates[i][j] for j in order] for i in order]
        told = lines(half.drawing)
        assert [one for one in told if one.endswith("%")] == [
            words.percent(rate) for row in rates for rate in row if rate is not None
        ]
        names = [view.method(standing.method) for standing in result.standings or ()]
        assert [one for one in told if one in names] == names
        votes = sum(int(one[2:]) for one in told if one.startswith("n="))
        assert votes == 2 * result.votes, "each vote stands in two cells"


def test_a_question_without_votes_is_said_to_be_missing(data: ReportData) -> None:
    axes = {"text": data.analysis.axes["text"]}
    half = replace(data, analysis=replace(data.analysis, axes=axes))
    left, right = maps(half, "en")
    assert isinstance(left, Text) and "More like the person: not measured" in left.words and isinstance(right, Figure)


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_first_vote_there_is_no_map(workplace: Any, language: str) -> None:
    data = gather(read(study_files(workplace, EMPTY)), Parameters())
    blocks = ranking.blocks(View(data, Words(language)))
    note = re.escape(Words(language)("ranking.wins_note"))
    assert maps(data, language) == [] and not any(re.search(note, getattr(block, "words", "")) for block in blocks)
