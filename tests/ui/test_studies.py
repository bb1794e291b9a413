"""The Studies tab: the form and its plan, the preview, and how a study that is being made shows."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tiny_store import PLAN, Store, open_store

from facepersona_core.bundle import open_bundle
from facepersona_core.errors import NoFaceFound, RequestInvalid, StudyInvalid
from facepersona_core.limits import check_request
from facepersona_core.prompt import check_prompt, unknown_words
from facepersona_core.settings import Settings
from facepersona_core.study.jobs import Reason
from facepersona_core.study.plan import PromptItem, dump_plan, parse_plan
from facepersona_core.study.suites import suites
from storage import Vote
from tests.study import toy_studio as toy
from ui import studies_views
from ui.context import AppContext
from ui.html import escape
from ui.i18n import LANGUAGES, text
from ui.studies_actions import BUTTONS, Actions
from ui.studies_form import Form, form_of, read_prompts, read_seeds

WORDS = ["a", "photo", "of", "at", "the", "beach", "smiling", "in", "library", "park"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    toy.enrol(opened, PLAN)
    yield opened
    opened.db.close()


class Keeper:
    """In the place of `Workers`: remembers that it was woken."""

    woken, problem, gave_up = 0, None, False

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def context(store: Store) -> AppContext:
    settings = Settings.from_environment({"FACEPERSONA_HOME": str(store.folder)})
    stores = (store.db, store.files, store.people, store.pictures, store.studies, store.ratings)
    info = {"defaults": {"steps": 2, "guidance": 3.0, "candidates": 1}, "words": WORDS}
    studio = cast(Any, SimpleNamespace(bundle=SimpleNamespace(sha256=toy.BUNDLE, info=info, check=check_request)))
    return AppContext(settings, *stores, studio, names_ja={"Aoi": "葵"}, workers=cast(Any, Keeper()))


@pytest.fixture
def actions(context: AppContext) -> Actions:
    return Actions(context)


def start(actions: Actions, plan: Any = PLAN) -> str:
    said, *_ = actions.start("en", *astuple(form_of(plan)))
    assert "has been started" in said
    return str(plan.name)


def drawn(actions: Actions, language: str = "en", chosen: str | None = None) -> tuple[str, set[str]]:
    """The panel and the buttons that show."""
    found = actions.draw(language, chosen, "")
    return found[3], {key for key, update in zip(BUTTONS, found[4:], strict=True) if update["visible"]}


def test_a_plan_goes_through_the_form_unchanged() -> None:
    assert form_of(PLAN).plan() == PLAN
    turned = replace(PLAN, methods=("dreambooth", "class_word"), seeds=(7, 1), gold_every=0)
    assert form_of(turned).plan() == turned, "the order decides which method the control pairs show"
    assert read_prompts("  S* at sea \n\n a|S*|b\nlight | S*") == (
        PromptItem("scene", "S* at sea"),
        PromptItem("scene", "a|S*|b"),
        PromptItem("light", "S*"),
    )
    assert read_seeds("1,2、 3") == (1, 2, 3)


def test_what_is_missing_or_wrong_is_named() -> None:
    form = form_of(PLAN)
    assert form.missing() == []
    empty = Form(" ", "", "x", [], " \n", ["class_word"], "", None, 3, 10, 12)
    assert empty.missing() == ["people", "prompts", "methods", "name", "titles", "seeds", "numbers"]
    with pytest.raises(RequestInvalid, match='"-1"'):
        replace(form, seeds="1, -1").plan()
    with pytest.raises(StudyInvalid, match="at the beach"):
        replace(form, prompts="context | a photo at the beach").plan()
    with pytest.raises(StudyInvalid, match="overlap"):
        replace(form, overlap=9).plan()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_form_can_be_started_as_it_is(actions: Actions, language: str) -> None:
    form = actions.first_form()
    assert form.name == "study-1" and form.people == ["Aoi", "Ben"]
    filled = actions.fill(language)
    assert filled[-1]["interactive"] is True
    preview = filled[-2]
    assert text("plan.unmeasured", language) in preview, "nothing was measured yet, and that is not 0"
    assert "40" in preview and text("studies.bar.raters", language) in preview
    assert text("create.unknown_words", language, words="")[:10] in preview
    start(actions, form.plan())
    assert actions.first_form().name == "study-2"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preview_says_what_is_wrong_and_closes_the_start(actions: Actions, language: str) -> None:
    form = form_of(PLAN)
    shown, button = actions.preview(language, *astuple(replace(form, people=[])))
    assert text("studies.need.people", language) in shown and button["interactive"] is False
    for bad in (replace(form, seeds="x"), replace(form, people=["Nobody"]), replace(form, prompts="no person")):
        shown, button = actions.preview(language, *astuple(bad))
        assert 'role="alert"' in shown and button["interactive"] is False
    alone, _ = actions.preview(language, *astuple(replace(form, raters=1, overlap=1)))
    assert text("plan.no_interval", language) in alone and text("plan.more_at_all", language) in alone


def test_the_preview_shows_what_twice_as_much_would_give(actions: Actions) -> None:
    wide = replace(PLAN, raters=20, overlap=12, seeds=tuple(range(30)))
    shown, _ = actions.preview("en", *astuple(form_of(wide)))
    widths = dict(re.findall(r"<td>([^<]+)</td>.*?<td>± (\d+) points</td>", shown))
    assert set(widths) == {text(f"studies.bar.{key}", "en") for key in ("planned", "raters", "prompts", "votes")}
    assert 'class="is-best"><td>Twice as many prompts' in shown
    assert "More prompts help most" in shown


def test_a_plan_comes_from_a_file_and_goes_into_one(actions: Actions, tmp_path: Path) -> None:
    dump_plan(replace(PLAN, seeds=(5,)), tmp_path / "plan.toml")
    loaded = actions.take_file(str(tmp_path / "plan.toml"), "en")
    assert loaded[0] == "tiny" and loaded[6] == "5" and "is in the form" in loaded[-1]
    (tmp_path / "bad.toml").write_text("name = ")
    refused = actions.take_file(str(tmp_path / "bad.toml"), "ja")
    assert "bad.toml" in refused[-1] and "fp-poor" in refused[-1]
    assert actions.take_file(None, "en")[-1] == ""
    link = studies_views.plan_link(PLAN, "en")
    (data,) = re.findall(r"base64,([^\"]+)", link)
    assert parse_plan(base64.b64decode(data), "plan") == PLAN


def test_the_suites_are_prompts_that_the_embedded_model_knows(actions: Actions) -> None:
    known = set(open_bundle(Settings.from_environment({}).bundle).info["words"])
    for key, suite in suites().items():
        texts = [item.text for item in suite.prompts]
        assert len(set(texts)) == len(texts) >= 4 and set(suite.titles) == set(LANGUAGES)
        assert [prompt for prompt in texts if unknown_words(check_prompt(prompt), known)] == []
        assert read_prompts(actions.take_suite(key)) == suite.prompts


def test_before_the_first_study_the_panel_says_what_to_do(actions: Actions) -> None:
    panel, buttons = drawn(actions)
    assert text("studies.none_title", "en") in panel and buttons == set()


def test_a_started_study_is_followed_to_the_end(actions: Actions, store: Store) -> None:
    start(actions)
    assert cast(Any, actions.context.workers).woken == 1
    panel, buttons = drawn(actions)
    assert 'data-phase="waiting"' in panel and text("studies.note.starting", "en") in panel
    assert buttons == {"pause", "discard"}
    jobs = actions.context.jobs
    job = jobs.claim("a:1:b", None, toy.BUNDLE)
    assert job is not None
    panel, _ = drawn(actions)
    assert 'data-phase="making"' in panel and "0 / 8" in panel and text("studies.left_unknown", "en") in panel
    assert "DreamBooth learns the people" in panel
    assert actions.act("pause")("en", "tiny") == ""
    panel, buttons = drawn(actions, "ja")
    assert text("studies.note.pausing", "ja") in panel and buttons == {"resume", "discard"}
    jobs.give_back(job)
    actions.act("resume")("en", "tiny")
    toy.toy_worker(store).run()
    panel, buttons = drawn(actions, "ja")
    assert text("studies.note.open", "ja") in panel and "8 / 8" in panel and buttons == {"rate", "discard"}
    assert "による人物の学習" not in panel


def test_the_panel_is_drawn_again_only_when_something_changed(actions: Actions) -> None:
    start(actions)
    first = actions.draw("en", "tiny", "")
    again = actions.draw("en", "tiny", first[0])
    assert all(update["__type__"] == "update" and "value" not in update for update in again)
    assert actions.draw("ja", "tiny", first[0])[0] != first[0]
    actions.context.jobs.pause("tiny")
    assert actions.draw("en", "tiny", first[0])[0] != first[0]


def test_failures_are_listed_with_their_reasons_and_what_to_do(actions: Actions, store: Store) -> None:
    prompts = (PromptItem("context", toy.FAILS), PromptItem("context", "S* <script>"))
    start(actions, replace(PLAN, prompts=prompts, methods=("class_word", "face2diffusion")))
    early = actions.act("open")("ja", "tiny")
    assert 'role="alert"' in early and "16 枚" in early
    toy.toy_worker(store).run()
    panel, buttons = drawn(actions, "ja")
    assert buttons == {"retry", "open", "discard"} and 'data-phase="stuck"' in panel
    assert NoFaceFound(name="Aoi", sizes="64").text("ja") in panel and "葵" in panel and "<script>" not in panel
    assert text("studies.failed.title", "ja", n=8) in panel
    assert actions.act("open")("en", "tiny") == ""
    panel, buttons = drawn(actions)
    assert text("studies.note.open_gaps", "en") in panel and buttons == {"rate", "discard"}


def test_what_became_of_the_worker_is_said(actions: Actions, store: Store) -> None:
    start(actions)
    keeper = cast(Any, actions.context.workers)
    keeper.problem, keeper.gave_up = Reason("WorkerCrashed", {"status": -9, "line": "killed"}), True
    panel, buttons = drawn(actions, "ja")
    assert "-9" in panel and "killed" in panel and buttons == {"pause", "resume", "discard"}
    actions.act("resume")("ja", "tiny")
    assert keeper.woken == 2
    without = Actions(replace(actions.context, workers=None))
    assert "facepersona study work" in drawn(without)[0]
    bundle = SimpleNamespace(sha256="c" * 64, info={})
    other = Actions(replace(actions.context, studio=cast(Any, SimpleNamespace(bundle=bundle))))
    assert text("studies.note.other_model", "en") in drawn(other)[0]


def test_what_goes_wrong_at_the_start_is_told(actions: Actions) -> None:
    start(actions)
    said, *_, choice = actions.start("ja", *astuple(replace(form_of(PLAN), seeds="9")))
    assert 'role="alert"' in said and "tiny" in said and "value" not in choice
    start(actions)  # the same once more: it goes on
    assert len(actions.context.jobs.runs()) == 1


def test_of_two_studies_that_look_alike_the_chosen_one_is_meant(actions: Actions) -> None:
    start(actions)
    start(actions, replace(PLAN, name="twin", seeds=(8, 9)))
    first = actions.draw("en", "tiny", "")
    second = actions.draw("en", "twin", first[0])
    assert (first[1], second[1]) == ("tiny", "twin") and "data-phase" in second[3]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_is_discarded_once_the_question_is_answered(actions: Actions, language: str) -> None:
    start(actions)
    message, row, question, asked = actions.ask_discard(language, "tiny")
    assert (message, row["visible"], asked) == ("", True, "tiny") and PLAN.title[language] in question
    hidden, *forgotten = actions.keep(language)
    assert hidden["visible"] is False and forgotten == ["", ""]
    assert len(actions.context.jobs.runs()) == 1, "asked, not done"
    message, row, question, asked = actions.discard(language, "tiny")
    assert escape(text("studies.discarded", language, title=PLAN.title[language])) in message
    assert (row["visible"], question, asked) == (False, "", "")
    panel, buttons = drawn(actions, language, "tiny")
    assert text("studies.none_title", language) in panel and buttons == set()
    assert actions.first_form().name == "study-1"
    message, row, *_ = actions.discard(language, "tiny")  # pressed in a second window
    assert 'role="alert"' in message and "tiny" in message and row["visible"] is False


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_with_votes_says_why_it_stays_and_what_to_do(actions: Actions, store: Store, language: str) -> None:
    start(actions)
    toy.toy_worker(store).run()
    rater = store.ratings.join(store.studies.get("tiny").id, "Aiko", "ja")
    asked_in_time = actions.ask_discard(language, "tiny")[-1]
    assignment = store.ratings.next(rater.id)
    assert assignment is not None
    store.ratings.vote(rater.id, assignment.id, Vote("left", "tie", True, False, 2.0))
    for told in (actions.ask_discard(language, "tiny"), actions.discard(language, asked_in_time)):
        assert 'role="alert"' in told[0] and "facepersona raters pause tiny" in told[0]
        assert (told[1]["visible"], told[3]) == (False, "")
    assert drawn(actions, language)[1] == {"rate", "discard"}
