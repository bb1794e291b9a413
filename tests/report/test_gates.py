"""The gates in words: what is said of each state is true of the figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from facepersona_core.report.data import gather
from facepersona_core.report.decision import Thresholds
from facepersona_core.report.evidence import Evidence
from facepersona_core.report.parameters import Parameters
from facepersona_core.report.roi import assumptions
from facepersona_core.report.sections import gates
from facepersona_core.report.view import View
from facepersona_core.report.words import Words


@pytest.fixture
def agreed(evidence: Evidence) -> Evidence:
    """``small``, 5 raters and 4 prompts, as if nobody had to consent."""
    people = [{**entry, "synthetic": True} for entry in evidence.facts["people"]]
    return replace(evidence, facts={**evidence.facts, "people": people})


def sentence(evidence: Evidence, limits: Thresholds, language: str) -> str:
    return gates.sentence(View(gather(evidence, Parameters(gates=limits)), Words(language)))


@pytest.mark.parametrize(
    ("limits", "en", "ja"),
    [
        (
            Thresholds(),
            "Too few: prompts (4, at least 10 needed).",
            "不足しているもの：プロンプト（現在 4 件、10 件以上が必要）。",
        ),
        (
            Thresholds(raters=8, prompts=4),
            "Too few: raters (5, at least 8 needed).",
            "不足しているもの：評価者（現在 5 人、8 人以上が必要）。",
        ),
        (
            Thresholds(raters=8),
            "Too few: raters (5, at least 8 needed) and prompts (4, at least 10 needed).",
            "不足しているもの：評価者（現在 5 人、8 人以上が必要）、プロンプト（現在 4 件、10 件以上が必要）。",
        ),
    ],
)
def test_without_a_decision_the_sentence_says_what_is_short(
    agreed: Evidence, limits: Thresholds, en: str, ja: str
) -> None:
    assert en in sentence(agreed, limits, "en")
    assert ja in sentence(agreed, limits, "ja")


def test_enough_raters_who_never_saw_the_method_are_short_of_answers(agreed: Evidence) -> None:
    votes = agreed.votes
    others = replace(agreed, votes=votes[(votes["left"] != "face2diffusion") & (votes["right"] != "face2diffusion")])
    enough = Thresholds(raters=5, prompts=4)
    assert "Too few: answers on whether its pictures are good enough to use." in sentence(others, enough, "en")
    assert "不足しているもの：実用に足るかどうかの回答。" in sentence(others, enough, "ja")


def change(evidence: Evidence, key: str, language: str) -> str:
    """What would change the gate ``key``, with today's cost given."""
    view = View(gather(evidence, Parameters(roi=assumptions({"today_cost": 12.0}))), Words(language))
    return gates.change(view, next(gate for gate in view.data.decision.gates if gate.key == key))


def test_one_person_has_no_interval_that_could_include_the_limit(agreed: Evidence) -> None:
    alone = replace(agreed, scores=agreed.scores[agreed.scores["person"] == "Aoi"])
    assert change(alone, "similarity", "en").startswith("72% has no interval yet")
    assert change(alone, "similarity", "ja").startswith("72% ですが、区間がまだない")


def test_one_rater_gives_no_interval(agreed: Evidence) -> None:
    one = replace(agreed, votes=agreed.votes[agreed.votes["rater"] == "R1"])
    for key in ("acceptable", "cost"):
        assert "has no interval yet" in change(one, key, "en") and "two raters" in change(one, key, "en")
        assert "区間がまだない" in change(one, key, "ja")


def test_before_the_first_vote_the_cost_is_not_measured_and_what_needs_no_figure_is_told(agreed: Evidence) -> None:
    silent = replace(agreed, votes=agreed.votes.head(0))
    for key in ("likeness", "acceptable", "text", "cost"):
        assert change(silent, key, "en").startswith("Not measured yet. Asked is: ")
        assert change(silent, key, "ja").startswith("まだ測定していません。")
    assert change(silent, "evidence", "en").endswith("Seen: 0 raters, 0 prompts.")
