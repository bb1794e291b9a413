"""Results in depth: computed on demand and once, told in the report's words, never mistaken for newer than they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any, cast

import gradio as gr
import pytest
from tiny_store import Store, fill, open_store, rate

from facepersona_core.analysis.deep_results import HybridAxis, HybridContrast
from facepersona_core.analysis.intervals import Interval
from facepersona_core.errors import StudyInvalid
from facepersona_core.report.data import gather
from facepersona_core.report.evidence import read
from facepersona_core.report.export import study_files
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.spans import Span
from facepersona_core.report.words import odds_share
from facepersona_core.settings import Settings
from storage import StudyRecord
from ui import results, results_data, results_deep, results_deep_figures, results_deep_views
from ui.context import AppContext
from ui.i18n import LANGUAGES, text
from ui.results_deep_views import DeepView

DEEP = slice(1 + results.LIVE, None)
"""The parts of this section in what `results._draw` gives."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The tiny study with the votes of three raters."""
    opened = open_store(tmp_path_factory.mktemp("deep"))
    rate(opened, fill(opened), "Aiko", "B<b>n", "Chie")
    yield opened
    opened.db.close()


@pytest.fixture(scope="module")
def study(store: Store) -> StudyRecord:
    return store.studies.get("tiny")


@pytest.fixture(scope="module")
def context(store: Store) -> AppContext:
    settings = Settings.from_environment({"FACEPERSONA_HOME": str(store.folder)})
    stores = (store.db, store.files, store.people, store.pictures, store.studies, store.ratings)
    return AppContext(settings, *stores, studio=cast(Any, None))


@pytest.fixture(scope="module")
def analysed(context: AppContext) -> results_data.Analysed:
    """The study, analysed in depth."""
    assert results_deep._run(context, "en", "tiny")[0] == ""
    found = results_data.newest_deep(context.studies.get("tiny"))
    assert found is not None
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A place of its own for what is kept; every analysis since, True for a deep one."""
    calls: list[bool] = []
    compute = results_data.analyse

    def counted(*given: Any, deep: bool = False, **named: Any) -> Any:
        calls.append(deep)
        return compute(*given, deep=deep, **named)

    for name in ("_QUICK", "_DEEP"):
        monkeypatch.setattr(results_data, name, {})
    monkeypatch.setattr(results_data, "analyse", counted)
    return calls


def is_skip(update: Any) -> bool:
    return isinstance(update, dict) and set(update) == {"__type__"}


def test_it_is_computed_when_asked_for_and_shown_until_votes_come_in(
    store: Store, context: AppContext, asked: list[bool]
) -> None:
    first = results._draw(context, "en", "tiny", "")
    assert asked == [False] and "Not computed yet" in first[DEEP][0] and first[DEEP][1].visible is False
    waiting, button = results_deep._begin("en")
    assert results_deep_views.WORKING in waiting and button.interactive is False
    said, button = results_deep._run(context, "en", "tiny")
    assert (said, button.interactive, asked) == ("", True, [False, True])

    second = results._draw(context, "en", "tiny", first[0])
    count = results_data.newest_deep(store.studies.get("tiny")).analysis.comparisons  # type: ignore[union-attr]
    assert all(map(is_skip, second[1 : 1 + results.LIVE])), "the rest of the page has not changed"
    assert f"Of all {count} comparisons" in second[DEEP][0] and second[DEEP][1].visible is True
    plots = [json.loads(part.value["plot"]) for part in second[DEEP] if isinstance(part, gr.Plot)]
    assert len(plots) == 4 and all(plot["data"] for plot in plots)
    assert all(map(is_skip, results._draw(context, "en", "tiny", second[0])))

    rate(store, store.studies.get("tiny"), "Dan", limit=1)
    third = results._draw(context, "en", "tiny", second[0])
    assert f"Of the first {count} comparisons" in third[DEEP][0] and asked == [False, True, False]
    rate(store, store.studies.get("tiny"), "Dan", limit=1)
    fourth = results._draw(context, "en", "tiny", third[0])
    assert all(map(is_skip, fourth[DEEP])) and not any(map(is_skip, fourth[: 1 + results.LIVE]))
    results_deep._run(context, "en", "tiny")
    assert "comparisons so far" in results._draw(context, "en", "tiny", fourth[0])[DEEP][0]
    rater = store.ratings.join(store.studies.get("tiny").id, "Dan", "en")
    while store.ratings.undo(rater.id):
        pass


def test_who_asks_for_the_same_meanwhile_gets_the_same(context: AppContext, asked: list[bool]) -> None:
    threads = [Thread(target=results_deep._run, args=(context, "en", "tiny")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [True]


def test_the_figures_are_those_of_the_decision_report(
    context: AppContext, study: StudyRecord, analysed: results_data.Analysed
) -> None:
    report = gather(read(study_files(cast(Any, context), "tiny")), Parameters())
    assert report.method == DeepView(study, analysed.analysis, "en").chosen
    assert analysed.analysis.hybrid == report.analysis.hybrid
    assert analysed.analysis.correlation == report.analysis.correlation
    for axis, found in (analysed.analysis.sensitivity or {}).items():
        other = (report.analysis.sensitivity or {})[axis]
        assert (found.leader, found.runner_up, found.lead, found.sure) == tuple(
            getattr(other, name) for name in ("leader", "runner_up", "lead", "sure")
        )
        assert {(one.change, one.lead) for one in found.changes} == {(one.change, one.lead) for one in other.changes}


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_stand_alone_where_the_machine_does_not_help_and_it_says_why(
    study: StudyRecord, analysed: results_data.Analysed, language: str
) -> None:
    view = DeepView(study, analysed.analysis, language)
    found = view.hybrid("identity")
    assert found is not None and found.contrasts and not any(each.hybrid for each in found.contrasts)
    said, tables = results_deep_views.hybrid_words(view), results_deep_views.hybrid_tables(view)
    assert text(f"analysis_reasons.{found.reasons['hybrid']}", language) in said
    assert text("results.deep.off", language) in tables and view.words("hybrid.title") in said
    assert f"ρ = {view.words.number(found.rho)}" in said
    figure = results_deep_figures.hybrid(view, "identity")
    names = {text(f"results.deep.column.{source}", language) for source in ("human", "machine")}
    assert {trace.name for trace in figure.data} == names, "no mark where there is no estimate"
    assert list(figure.layout.yaxis.ticktext) == [f"<b>{view.name(m)}</b>" for m in ("class_word", "dreambooth")]
    assert "nan" not in re.sub(r"<[^>]*>", "|", said + tables) and "None" not in said + tables


def test_the_estimates_are_seen_from_the_method_under_study(
    study: StudyRecord, analysed: results_data.Analysed
) -> None:
    """What is stored as a lead of the class word is told as one over it."""
    human, machine, both = (Interval(-0.2, -0.2 - reach, -0.2 + reach, reach / 2) for reach in (0.1, 0.3, 0.05))
    contrast = HybridContrast("class_word", "face2diffusion", human, machine, both, 4000.0)
    helped = HybridAxis(("identity",), 900, 80, 200, 0.4, 0.56, 0.4, 0.7, (contrast,), {})
    view = DeepView(study, replace(analysed.analysis, hybrid={"identity": helped}), "en")
    said, tables = results_deep_views.hybrid_words(view), results_deep_views.hybrid_tables(view)
    assert "Machine scores help" in said and "λ = 0.70" in said and "at least 40%" in said
    (row,) = re.findall(r"<tr>(<td>More like.*?)</tr>", tables.partition("</table>")[0])
    estimates = ["+20 (+10 … +30)", "+20 (−10 … +50)", "+20 (+15 … +25)", "4,000"]
    assert re.findall(r"<td>(.*?)</td>", row)[1:] == ["Class word only", *estimates]
    figure = results_deep_figures.hybrid(view, "identity")
    assert [list(trace.x) for trace in figure.data] == [[20.0]] * 3
    reach = [(trace.error_x.arrayminus[0], trace.error_x.array[0]) for trace in figure.data]
    assert reach == [pytest.approx((size, size)) for size in (10.0, 30.0, 5.0)]
    assert [trace.y[0] for trace in figure.data] == sorted((trace.y[0] for trace in figure.data), reverse=True)
    missing = results_deep_figures.hybrid(view, "text")
    assert not missing.data and "no machine scores" in missing.layout.annotations[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_upsets_the_result_stands_out_and_is_named(
    study: StudyRecord, analysed: results_data.Analysed, language: str
) -> None:
    found = (analysed.analysis.sensitivity or {})["identity"]
    calm = tuple(replace(one, leader_changes=False, sureness_changes=False) for one in found.changes)
    upset = replace(found, changes=(*calm[:1], replace(calm[1], leader_changes=True), *calm[2:]))
    view = DeepView(study, replace(analysed.analysis, sensitivity={"identity": upset}), language)
    said, table = results_deep_views.sensitivity_words(view), results_deep_views.sensitivity_tables(view)
    assert calm[1].name == "B<b>n" and "B&lt;b&gt;n" in said and "<b>n" not in said
    assert view.words("sensitivity.missing", question=view.words("questions.text")) in said
    rows = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(<td>.*?)</tr>", table)]
    tried = {kind: len(changes) for kind, changes in upset.groups.items()}
    assert [(row[0], row[1]) for row in rows] == [
        (view.words(f"sensitivity.change.{kind}"), str(count)) for kind, count in tried.items()
    ]
    assert [row[2] for row in rows] == ["1", *["0"] * (len(rows) - 1)]
    same, other, everybody = results_deep_figures.sensitivity(view, "identity").data
    share = odds_share(Span(found.lead.value))
    assert share is not None and list(everybody.x) == [share.value] * 2
    assert (len(other.x), other.marker.symbol) == (1, "diamond") and "B<b>n" in other.text[0]
    assert len(same.x) + 1 == sum(one.lead is not None for one in upset.changes) < len(upset.changes), "one prompt left"
    calmed = replace(view, analysis=replace(view.analysis, sensitivity={"identity": replace(found, changes=calm)}))
    assert len(results_deep_figures.sensitivity(calmed, "identity").data) == 2
    empty = results_deep_figures.sensitivity(view, "text")
    assert text("results.deep.no_lead", language) in empty.layout.annotations[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_goes_wrong_is_told_and_can_be_tried_again(
    context: AppContext, asked: list[bool], monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    error = StudyInvalid(seen="x", expected="y")

    def broken(*given: Any, **named: Any) -> Any:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(results_data, "analyse", broken)
        said, button = results_deep._run(context, language, "tiny")
    assert 'role="alert"' in said and error.text(language) in said and button.interactive is True
    assert results_deep._said_again("ja", said) == ""
    assert text("results.deep.working", "ja") in results_deep._said_again("ja", results_deep_views.working("en"))
    assert results_deep._run(context, language, "tiny")[0] == "" and asked == [True]
    assert "gone" in results_deep._run(context, language, "gone")[0]


def test_a_study_that_takes_the_name_of_another_does_not_take_its_results(tmp_path: Path, asked: list[bool]) -> None:
    """A study is discarded and another is made under its name, with as few votes."""
    seen = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        opened = open_store(tmp_path / folder)
        fill(opened)
        stores = (opened.db, opened.files, opened.people, opened.pictures, opened.studies, opened.ratings)
        context = AppContext(Settings.from_environment({}), *stores, studio=cast(Any, None))
        seen.append(results._draw(context, "en", "tiny", "")[0])
        opened.db.close()
    assert seen[0] != seen[1] and asked == [False, False]
