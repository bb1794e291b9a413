"""The HTML report: complete in both languages, alone on any machine, honest about what is not known."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files as resources
from typing import Any

import pytest
from conftest import EMPTY

from facepersona_core.report.data import ReportData, gather
from facepersona_core.report.evidence import read
from facepersona_core.report.export import study_files
from facepersona_core.report.html import render
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.roi import assumptions
from facepersona_core.report.sections import ORDER
from facepersona_core.report.spans import Span
from facepersona_core.report.words import Words

LANGUAGES = ("en", "ja")


@pytest.fixture(scope="module")
def pages(data: ReportData) -> dict[str, str]:
    return {language: render(data, language) for language in LANGUAGES}


def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in table.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": str(value)}
    return found


def test_both_catalogues_have_the_same_keys_and_fields() -> None:
    folder = resources("facepersona_core.report").joinpath("strings")
    tables = [flat(tomllib.loads(folder.joinpath(f"{one}.toml").read_text("utf-8"))) for one in LANGUAGES]
    assert set(tables[0]) == set(tables[1])
    fields = re.compile(r"\{(\w+)")
    assert [k for k in tables[0] if set(fields.findall(tables[0][k])) != set(fields.findall(tables[1][k]))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_is_there_with_its_title(pages: dict[str, str], language: str) -> None:
    for key in ORDER:
        assert f'<section id="{key}">' in pages[language]
        assert Words(language)(f"{key}.title") in pages[language]
    assert f'<html lang="{language}">' in pages[language]


def test_the_title_line_is_the_studys_own_and_escaped(pages: dict[str, str]) -> None:
    assert "<h1>A &lt;small&gt; study (simulated votes)</h1>" in pages["en"]
    assert "<h1>小さなスタディ（模擬投票）</h1>" in pages["ja"]
    assert "葵" in pages["ja"] and "葵" not in pages["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_asks_nothing_of_anybody(pages: dict[str, str], language: str) -> None:
    page = pages[language]
    assert "<script" not in page and "<link" not in page and "@import" not in page and "@font-face" not in page
    sources = re.findall(r'(?:src|href|action|data|poster|srcset)="([^"]*)"', page) + re.findall(
        r"url\(([^)]*)\)", page
    )
    assert {source.split(":")[0] for source in sources if not source.startswith("#")} == {"data"}
    addresses = set(re.findall(r"https?://[^\s\"<]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}  # the name of a format, not an address


def test_the_figures_are_those_of_the_analysis(data: ReportData, pages: dict[str, str]) -> None:
    words = Words("en")
    chosen = data.chosen
    assert chosen.detected == (11, 12)
    assert "11 of 12 (92%)" in pages["en"]
    assert words.span(chosen.acceptable, "percent") in pages["en"]
    assert chosen.cost is not None and words.span(chosen.cost.accepted, "money") in pages["en"]
    for axis in data.analysis.axes.values():
        for standing in axis.standings or ():
            span = Span(standing.strength, standing.strength_low, standing.strength_high)
            assert words.span(span, "percent") in pages["en"]
    for digest in data.evidence.hashes.values():
        assert digest in pages["en"]


def test_placeholders_are_marked_and_keep_the_cost_gate_open(data: ReportData, pages: dict[str, str]) -> None:
    states = {gate.key: gate.state for gate in data.decision.gates}
    assert states["cost"] == "open" and "placeholder" in pages["en"]
    given = gather(data.evidence, Parameters(roi=assumptions({"today_cost": 30.0})))
    assert next(gate for gate in given.decision.gates if gate.key == "cost").state == "pass"
    assert "today 30.00 USD (given)" in render(given, "en")


def test_somebody_without_full_consent_fails_the_gate_and_is_not_pictured(
    data: ReportData, pages: dict[str, str]
) -> None:
    states = {gate.key: gate.state for gate in data.decision.gates}
    assert states["consent"] == "fail" and data.decision.outcome == "reject"
    assert "no longer covers this use" in pages["en"] and "not shown: no consent" in pages["en"]


def test_a_picture_is_not_said_to_name_its_consent(data: ReportData, pages: dict[str, str]) -> None:
    recorded = {*data.evidence.pictures.columns, *(name for recipe in data.recipes for name in recipe)}
    assert not any("consent" in name for name in recorded)
    assert "the person; the consents of a real person are on record with their times" in pages["en"]
    assert "各画像がどの同意に基づくかは記録していません" in pages["ja"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_first_vote_figures_are_said_to_be_missing(workplace: Any, language: str) -> None:
    evidence = read(study_files(workplace, EMPTY))
    data = gather(evidence, Parameters())
    people = [{**entry, "synthetic": True} for entry in evidence.facts["people"]]
    assert data.decision.outcome == "reject"
    agreed = read({**study_files(workplace, EMPTY), "study.json": _facts(evidence.facts, people)})
    data = gather(agreed, Parameters())
    assert data.decision.outcome == "undecided"
    page, words = render(data, language), Words(language)
    assert words("decision.undecided.word") in page and words.unknown in page
    assert words("cost.missing") in page and words("ranking.no_answers") in page
    seen = re.sub(r"<[^>]*>", "|", page)
    assert re.search(r"\bnan\b|\binf\b|\|None\|", seen) is None


def _facts(facts: Any, people: Any) -> bytes:
    import json

    return json.dumps({**facts, "people": people}).encode()


def test_numbers_are_written_as_people_write_them() -> None:
    words = Words("en")
    assert words.percent(0.564) == "56%" and words.percent(0.997) == "99.7%" and words.percent(0.002) == "0.2%"
    assert words.percent(None) == "not measured"
    assert words.span(Span(0.6, 0.52, 0.68), "percent") == "60% (52–68%)"
    assert words.span(Span(-0.2, -0.32, 0.1)) == "−0.20 (−0.32 to 0.10)"
    assert words.span(Span(0.6)) == "0.60" and words.span(None) == "not measured"
    assert (
        words.money(1234.5, "JPY") == "1,234 JPY" and words.money(0.19) == "0.19" and words.money(0.00076) == "0.00076"
    )
    assert words.money(float("inf")) == "no limit" and words.count(float("inf")) == "never"
    assert words.date("2026-03-09T10:00:00+00:00") == "9 March 2026"
    assert Words("ja").date("2026-03-09T10:00:00+00:00") == "2026年3月9日"
