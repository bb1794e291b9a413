"""The Results tab's words, figures and files, from real votes in a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tiny_store import PLAN, Store, fill, open_store, rate

from facepersona_core.analysis.intervals import Interval
from facepersona_core.analysis.results import Acceptable
from facepersona_core.report.make import KINDS
from facepersona_core.settings import Settings
from storage import Ratings, StudyRecord
from ui import plots, report, results, results_data, results_figures, results_raters, results_views
from ui import rate as rate_tab
from ui.context import AppContext
from ui.i18n import LANGUAGES, text
from ui.results_figures import View


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    fill(opened)
    yield opened
    opened.db.close()


@pytest.fixture
def study(store: Store) -> StudyRecord:
    return store.studies.get("tiny")


@pytest.fixture
def context(store: Store) -> AppContext:
    settings = Settings.from_environment({"FACEPERSONA_HOME": str(store.folder)})
    stores = (store.db, store.files, store.people, store.pictures, store.studies, store.ratings)
    return AppContext(settings, *stores, studio=cast(Any, None))


def view(context: AppContext, study: StudyRecord, language: str = "en") -> View:
    return results._view(context, results_data.votes_of(context, study.name), language)


def annotations(figure: Any) -> str:
    return " ".join(note.text for note in figure.layout.annotations)


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_the_first_vote_the_page_says_how_to_collect_them(
    context: AppContext, study: StudyRecord, language: str
) -> None:
    drawn = results._draw(context, language, study.name, "")
    assert text("results.empty_title", language) in drawn[1]
    assert [update.visible for update in drawn[3:5]] == [False, False]


def test_unknown_is_said_and_never_shown_as_zero(store: Store, context: AppContext, study: StudyRecord) -> None:
    rate(store, study, "Aiko", limit=3)
    seen = view(context, study)
    words = results_raters.agreement(seen.analysis, "en")
    assert "Not measurable yet. No pair has been rated by two people yet." in words and "0.00" not in words
    raters = results_raters.raters(seen.analysis.rater_reports, seen.practice, "en")
    assert raters.count("not measurable yet") >= 1 and "none on record" in raters
    assert "Intervals appear from 2 raters" in results_views.summary(seen.analysis, seen.planned, seen.name, "en")
    glance = results_views.glance(seen.analysis, study.plan.methods, seen.name, "en")
    assert "not measurable yet" in glance  # the machine scores of this study carry other metrics
    assert "There are no machine scores." in annotations(results_figures.trade_machine(seen))
    bars = [trace.error_x.visible for trace in results_figures.acceptable(seen).data]
    assert bars and not any(bars)  # one rater: a share, but no interval


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_all_votes_every_figure_is_drawn_in_words_of_the_reader(
    store: Store, context: AppContext, study: StudyRecord, language: str
) -> None:
    rate(store, study, "Aiko", "Ben")
    drawn = results._draw(context, language, study.name, "")
    figures = [update.value for update in drawn[1 + results.LIVE - len(results.FIGURES) : 1 + results.LIVE]]
    assert len(figures) == len(results.FIGURES) and all(figures)
    seen = view(context, study, language)
    ranked = results_figures.ranking(seen, "identity")
    assert len(ranked.data) == 3 and all(trace.error_x.array[0] >= 0 for trace in ranked.data)
    assert text("results.plot.rank_identity", language) in ranked.layout.title.text
    assert len(results_figures.trade_human(seen).data) == 3
    heat = results_figures.win_rates(seen, "text").data[0]
    assert all(
        heat.z[i][i] is None and heat.z[i][j] + heat.z[j][i] == pytest.approx(1) for i in range(3) for j in range(i)
    )
    assert results_figures.over_time(seen).data[0].y[-1] == seen.analysis.comparisons == seen.planned
    assert seen.name("class_word") in drawn[6]


def test_the_share_of_a_routed_study_is_that_of_its_interval(
    store: Store, context: AppContext, study: StudyRecord
) -> None:
    rate(store, study, "Aiko", limit=1)
    seen = view(context, study)
    weighted = Acceptable("face2diffusion", 10, 5, Interval(0.8, 0.7, 0.9, 0.05))  # of pairs that people seldom get
    seen = replace(seen, analysis=replace(seen.analysis, acceptable=(weighted,)))
    (point,) = results_figures.acceptable(seen).data
    assert list(point.x) == [0.8]
    glance = results_views.glance(seen.analysis, study.plan.methods, seen.name, "en")
    assert "<td>80%<br><small>(70%" in glance


def test_the_page_is_drawn_again_only_when_something_changed(
    store: Store, context: AppContext, study: StudyRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate(store, study, "Aiko", limit=2)
    first = results._draw(context, "en", study.name, "")
    with monkeypatch.context() as patch:
        patch.delattr(Ratings, "votes")  # they are counted, not read
        again = results._draw(context, "en", study.name, first[0])
    assert all(update == again[0] and update["__type__"] == "update" for update in again)
    rater = store.ratings.join(study.id, "Aiko", "en")
    store.ratings.undo(rater.id)
    undone = results._draw(context, "en", study.name, first[0])
    assert undone[0] != first[0]
    assert results._draw(context, "ja", study.name, undone[0])[0] != undone[0]


@pytest.mark.parametrize(("language", "left_out"), [("en", "left out"), ("ja", "省略")])
def test_the_table_of_raters_says_how_their_practice_went(
    store: Store, context: AppContext, study: StudyRecord, language: str, left_out: str
) -> None:
    practised, hasty = (store.ratings.join(study.id, name, "ja") for name in ("Aiko", "Ben"))
    store.ratings.practised(practised.id, 17, 20)
    store.ratings.practised(hasty.id, 0, 0)
    rate(store, study, "Aiko", "Ben", "Chie", limit=2)
    drawn = results._draw(context, language, study.name, "")
    table = next(part for part in drawn if isinstance(part, str) and 'id="fp-raters"' in part)
    rows = [re.findall(r"<td>(.*?)</td>", row)[:2] for row in re.findall(r"<tr>(.*?)</tr>", table)[1:]]
    nothing = text("results.raters.practice_none", language)
    assert rows == [["Aiko", "17 / 20"], ["Ben", left_out], ["Chie", nothing]]
    assert text("results.raters.practice", language) in table


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_that_was_discarded_since_is_said_to_be_gone(context: AppContext, language: str) -> None:
    drawn = results._draw(context, language, "gone", "")
    assert len(drawn) == len(results._draw(context, language, "tiny", ""))
    assert drawn[0] == "" and "gone" in drawn[1] and 'role="status"' in drawn[1]
    assert [update["visible"] for update in drawn[3:5]] == [False, False]
    for chosen, then in (("gone", "tiny"), ("tiny", "tiny"), (None, "tiny")):
        offered = rate_tab._offered(context, language, chosen)
        assert (offered.value, offered.choices) == (then, [(PLAN.title[language], "tiny")])
    assert rate_tab._facts(context, rate_tab._found(context, "gone"), language) == text("rate.no_study", language)


def test_verdicts_name_whom_the_leader_beats(store: Store, context: AppContext, study: StudyRecord) -> None:
    rate(store, study, "Aiko", "Ben")
    seen = view(context, study)
    axis = seen.analysis.axes["identity"]
    assert axis.standings
    words = results_views.verdict_words(axis, seen.name, "en")
    assert words.startswith(seen.name(axis.standings[0].method))
    assert all(seen.name(place.method) in words for place in axis.standings[1:]) or "every other" in words


def test_exports_give_the_tables_back(store: Store, context: AppContext, study: StudyRecord) -> None:
    rate(store, study, "愛子", limit=4)
    api = FastAPI()
    results.add_routes(api, context)
    client = TestClient(api)
    votes = store.ratings.votes(study.id)
    csv = pd.read_csv(BytesIO(client.get("/exports/tiny/votes.csv").content))
    assert list(csv["rater"]) == ["愛子"] * 8 and list(csv["outcome"]) == list(votes["outcome"])
    parquet = pd.read_parquet(BytesIO(client.get("/exports/tiny/votes.parquet").content))
    assert list(parquet.columns) == list(votes.columns) and list(parquet["seconds"]) == list(votes["seconds"])
    scores = pd.read_parquet(BytesIO(client.get("/exports/tiny/scores.parquet").content))
    assert len(scores) == 24 and scores["value"].isna().sum() == 8  # not measurable stays empty
    for path in ("/exports/none/votes.csv", "/exports/tiny/raters.csv", "/exports/tiny/votes.xlsx"):
        assert client.get(path).status_code == 404


def test_the_files_of_a_study_with_a_slash_in_its_name_are_reached(
    store: Store, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in KINDS:
        monkeypatch.setitem(KINDS, kind, lambda data, language: data.method.encode())
    study = store.studies.create(replace(PLAN, name="1/2 of May"), store.studies.pictures(1))
    rate(store, study, "Aiko", limit=2)
    api = FastAPI()
    results.add_routes(api, context, "/results")
    client = TestClient(api)
    page = results_views.downloads(study.name, "en") + report.form(study.name, "en")
    addresses = re.findall(r'(?:href|formaction)="(.*?)"', page)
    assert len(addresses) == 6
    assert [client.get(f"/results/{address}").status_code for address in addresses] == [200] * 6


def test_names_of_points_that_lie_near_each_other_stand_on_different_sides() -> None:
    places = {"face2diffusion": (0.82, 0.61), "dreambooth": (0.80, 0.60), "class_word": (0.95, 0.05)}
    points = [(plots.Estimate(key, key, x), plots.Estimate(key, key, y)) for key, (x, y) in places.items()]
    figure = plots.trade_off(points, dict.fromkeys(places, ("#000", "circle")), "title", ("text", "identity"))
    sides = {note.text: note.yanchor for note in figure.layout.annotations}
    assert sides == {"<b>face2diffusion</b>": "bottom", "<b>dreambooth</b>": "top", "<b>class_word</b>": "bottom"}
