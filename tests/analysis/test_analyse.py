"""From a plan to the numbers of the Results tab, with raters who answer by a known truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis.frame import OPTIONAL, REQUIRED, STORED_NAMES
from facepersona_core.analysis.results import Analysis
from facepersona_core.analysis.simulation import draw
from facepersona_core.analysis.summary import analyse
from facepersona_core.errors import StudyInvalid
from facepersona_core.messages import text
from facepersona_core.study.design import PromptItem, StudyPlan, plan_pairs, slots_for_rater

WORDS = ("at the beach", "in a library", "in the snow", "smiling", "looking sad", "surprised", "at night", "at sunset")
PLAN = StudyPlan(
    name="analysed",
    title={"en": "Analysed", "ja": "分析"},
    people=("Aoi", "Ben", "Chie"),
    prompts=tuple(PromptItem(("context", "expression", "light")[i // 3], f"S* {w}") for i, w in enumerate(WORDS)),
    methods=("best", "good", "plain", "nobody"),
    seeds=(1, 2),
)
WORTH = {
    "identity": {"best": 1.2, "good": 0.4, "plain": 0.0, "nobody": -6.0},
    "text": {"best": 0.0, "good": 0.3, "plain": 0.4, "nobody": 0.6},
}
LEFTY = "rater 5"


def votes(seed: int = 0) -> pd.DataFrame:
    """Every rater of the plan answers every slot; the last always says left."""
    random, pairs, rows = np.random.default_rng(seed), plan_pairs(PLAN), []
    axis_of = {item.text: item.axis for item in PLAN.prompts}
    for rater in range(PLAN.raters):
        for slot in slots_for_rater(PLAN, pairs, rater, seed):
            pair = pairs[slot.pair_index]
            left, right = (pair.second, pair.first) if slot.flipped else (pair.first, pair.second)
            for axis, worth in WORTH.items():
                side = ""
                if pair.gold_axis == axis:
                    side = "left" if (pair.gold == "first") != slot.flipped else "right"
                lead = worth[left.method] - worth[right.method] + {"": 0.0, "left": 5.0, "right": -5.0}[side]
                answer = ("right", "tie", "left")[draw(random, np.array([lead]), 0.25)[0] + 1]
                rows.append(
                    {
                        "rater": f"rater {rater}",
                        "prompt": pair.shown.prompt,
                        "prompt_axis": axis_of[pair.shown.prompt],
                        "person": pair.shown.person,
                        "seed": pair.shown.seed,
                        "left": left.method,
                        "right": right.method,
                        "axis": axis,
                        "outcome": "left" if f"rater {rater}" == LEFTY else answer,
                        "left_ok": left.method != "nobody",
                        "right_ok": right.method != "nobody",
                        "seconds": 4.0 + rater,
                        "at": pd.Timestamp("2024-05-01T09:00Z") + pd.Timedelta(seconds=len(rows)),
                        "is_gold": pair.gold != "",
                        "gold_side": side,
                        "repeat": slot.repeat,
                        "sampled_with": 1.0,
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return votes()


@pytest.fixture(scope="module")
def analysis(table: pd.DataFrame) -> Analysis:
    return analyse(table)


def test_counts(table: pd.DataFrame, analysis: Analysis) -> None:
    plain = table[~table["is_gold"] & ~table["repeat"]]
    assert analysis.comparisons == len(plain) // 2 == 3 * 8 * 2 * 6 * PLAN.overlap
    assert (analysis.raters, analysis.prompts, analysis.people) == (6, 8, 3)
    assert analysis.methods == ("best", "good", "nobody", "plain")
    assert set(analysis.axes) == {"identity", "text"}


def test_each_question_has_its_own_winner(analysis: Analysis) -> None:
    identity, words = (analysis.axes[axis].standings for axis in ("identity", "text"))
    assert identity is not None
    assert words is not None
    assert (identity[0].method, identity[-1].method) == ("best", "nobody")
    assert words[-1].method == "best"
    for each in (*identity, *words):
        assert each.score_low is not None
        assert each.score_high is not None
        assert each.score_low < each.score < each.score_high
        assert 0.0 < each.strength_low < each.strength < each.strength_high < 1.0  # type: ignore[operator]
        assert each.votes == each.wins + each.ties + each.losses
        assert each.rank_low <= each.rank <= each.rank_high  # type: ignore[operator]


def test_a_careless_rater_widens_the_intervals(table: pd.DataFrame, analysis: Analysis) -> None:
    """One of six answers without looking: new raters might too. Without them the last place is certain."""
    with_all = analysis.axes["identity"].standings
    without = analyse(table[table["rater"] != LEFTY]).axes["identity"].standings
    assert with_all is not None
    assert without is not None
    assert without[-1].rank_low == without[-1].rank_high == 4
    assert with_all[-1].method == without[-1].method == "nobody"
    assert without[-1].score_high < 0.0 < with_all[-1].score_high  # type: ignore[operator]


def test_a_vote_that_stands_for_others_counts_for_them_in_every_figure(table: pd.DataFrame, analysis: Analysis) -> None:
    """Ties and what stands on the left decide the pairs that went to people by chance: each figure moves with them."""
    chance = np.where(table["outcome"] == "left", 0.2, 1.0)
    routed = analyse(table.assign(sampled_with=chance)).axes["identity"]
    for name in ("left_share", "alpha", "ac1"):
        assert getattr(routed, name) != getattr(analysis.axes["identity"], name)
    assert routed.left_share is not None
    plain = table[~table["is_gold"] & ~table["repeat"] & (table["axis"] == "identity") & (table["outcome"] != "tie")]
    left = plain["outcome"] == "left"
    assert routed.left_share.value == pytest.approx(np.average(left, weights=np.where(left, 5.0, 1.0)))


def test_everything_else_is_there(analysis: Analysis) -> None:
    identity = analysis.axes["identity"]
    assert identity.contrasts is not None
    assert len(identity.contrasts) == 6
    assert identity.win_rates.rates[0][0] is None
    assert identity.alpha is not None
    assert identity.ac1 is not None
    assert identity.ac1.pooled.value > 0.2
    assert identity.left_share is not None
    assert 0.5 < identity.left_share.value < 0.75
    assert identity.stop is not None
    assert identity.stop.leader == "best"
    assert set(identity.by_prompt_axis) == {"context", "expression", "light"}
    assert identity.by_prompt_axis["context"][-1].method == "nobody"  # type: ignore[index]
    assert identity.reasons == {}
    accepted = {each.method: each for each in analysis.acceptable or ()}
    assert accepted["nobody"].accepted == 0
    assert accepted["best"].accepted == accepted["best"].answers == 3 * 8 * 2 * 3 * PLAN.overlap
    assert analysis.over_time is not None
    assert analysis.over_time[-1].comparisons == analysis.comparisons
    assert len(analysis.over_time) <= 200


def test_gold_and_repeats_never_move_the_ranking(table: pd.DataFrame, analysis: Analysis) -> None:
    turned = table.copy()
    extra = turned["is_gold"] | turned["repeat"]
    turned.loc[extra, "outcome"] = "tie"
    again = analyse(turned)
    assert again.axes == analysis.axes
    assert again.acceptable == analysis.acceptable
    assert again.rater_reports != analysis.rater_reports


def test_rater_reports(analysis: Analysis) -> None:
    reports = {each.rater: each for each in analysis.rater_reports}
    bad = reports.pop(LEFTY)
    assert "rater_one_sided" in bad.flags
    assert bad.repeats_same == 0 < bad.repeats
    assert bad.gold_right < bad.gold_answered
    for number, each in enumerate(reports.values()):
        assert each.flags == ()
        assert each.gold_right >= each.gold_answered - 2
        assert each.repeats_same > each.repeats / 3
        assert each.median_seconds == 4.0 + number
        assert each.axes["identity"].accuracy > bad.axes["identity"].accuracy  # type: ignore[operator]
        assert all(text(f"analysis_reasons.{flag}", "ja") for flag in bad.flags)


def test_same_votes_same_numbers_in_any_row_order(table: pd.DataFrame, analysis: Analysis) -> None:
    assert analyse(table).to_json() == analysis.to_json()
    shuffled = analyse(table.sample(frac=1.0, random_state=1))
    first, second = (each.axes["identity"].standings for each in (analysis, shuffled))
    assert [each.method for each in first or ()] == [each.method for each in second or ()]
    assert [each.score for each in first or ()] == pytest.approx([each.score for each in second or ()])


def test_json_is_plain(analysis: Analysis) -> None:
    written = json.dumps(analysis.to_json(), allow_nan=False)
    read = json.loads(written)
    assert read["axes"]["identity"]["standings"][0]["method"] == "best"
    assert read["machine"] is None
    assert read["reasons"]["machine"] == "no_scores"


def reasons_in(value: Any) -> set[str]:
    """Every reason key anywhere in an analysis written as JSON."""
    if isinstance(value, dict):
        own = set(value["reasons"].values()) if "reasons" in value else set()
        return own.union(*(reasons_in(entry) for entry in value.values()))
    return set().union(*(reasons_in(entry) for entry in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 5, 10, 20, 60, 200])
def test_few_votes_give_none_with_a_reason_and_never_a_made_up_number(table: pd.DataFrame, rows: int) -> None:
    found = analyse(table.head(rows))
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    for reason in reasons_in(written):
        assert text(f"analysis_reasons.{reason}", "en") != text(f"analysis_reasons.{reason}", "ja")
    for axis in found.axes.values():
        for name in ("standings", "contrasts", "alpha", "ac1", "left_share", "stop"):
            assert (getattr(axis, name) is None) == (name in axis.reasons)
        assert axis.contrasts is None, "one rater cannot give an interval"
        assert all(each.score_low is None and each.rank_low is None for each in axis.standings or ())
    if rows == 0:
        assert found.axes == {}
        assert found.reasons["acceptable"] == "no_answers"


def test_methods_that_never_met_are_not_ranked(table: pd.DataFrame) -> None:
    apart = table[
        table[["left", "right"]].apply(lambda row: set(row) in ({"best", "good"}, {"plain", "nobody"}), axis=1)
    ]
    found = analyse(apart).axes["identity"]
    assert found.standings is None
    assert found.reasons["standings"] == "not_connected"


def test_any_vote_log_will_do(table: pd.DataFrame, analysis: Analysis) -> None:
    bare = table[~table["is_gold"] & ~table["repeat"]][list(REQUIRED)]
    found = analyse(bare)
    assert found.axes["identity"].contrasts == analysis.axes["identity"].contrasts
    assert found.acceptable is None
    assert found.reasons["acceptable"] == "no_answers"
    assert found.over_time is None
    assert found.reasons["over_time"] == "no_times"


def test_names_of_the_database_export_are_understood(table: pd.DataFrame, analysis: Analysis) -> None:
    stored = table.rename(columns={ours: theirs for theirs, ours in STORED_NAMES.items()})
    assert not set(STORED_NAMES.values()) & set(stored.columns)
    assert analyse(stored) == analysis
    assert set(table.columns) == {*REQUIRED, *OPTIONAL}


def test_bad_tables_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(StudyInvalid, match="outcome"):
        analyse(table.drop(columns="outcome"))
    with pytest.raises(StudyInvalid, match="draw"):
        analyse(table.assign(outcome="draw"))
    with pytest.raises(StudyInvalid, match="left = right"):
        analyse(table.assign(left="best", right="best"))
    with pytest.raises(StudyInvalid, match="NaN"):
        analyse(table.assign(rater=None))


def test_machine_scores_come_along(table: pd.DataFrame) -> None:
    scores = pd.DataFrame(
        [
            (method, person, item.text, 1, "text_match", 0.1 * len(method))
            for method in PLAN.methods
            for person in PLAN.people
            for item in PLAN.prompts
        ],
        columns=["method", "person", "prompt", "seed", "metric", "value"],
    )
    found = analyse(table, scores=scores)
    assert found.machine is not None
    assert found.machine_contrasts is not None
    assert {each.method: each.mean for each in found.machine}["best"] == pytest.approx(0.4)
    assert len(found.machine_contrasts) == 6
    assert "machine" not in found.reasons


def test_a_deep_analysis_says_more_and_the_same(table: pd.DataFrame, analysis: Analysis) -> None:
    deep = analyse(table, deep=True)
    assert deep.axes == analysis.axes
    assert deep.sensitivity is not None
    assert set(deep.sensitivity) == {"identity", "text"}
    found = deep.sensitivity["identity"]
    assert (found.leader, found.runner_up) == tuple(each.method for each in deep.axes["identity"].standings or ())[:2]
    (flagged,) = [each for each in found.changes if each.change == "flagged"]
    plain = table[~table["is_gold"] & ~table["repeat"] & (table["axis"] == "identity")]
    assert flagged.votes == (plain["rater"] != LEFTY).sum()
    assert (deep.hybrid, deep.correlation) == (None, None)
    assert (deep.reasons["hybrid"], analysis.reasons["hybrid"]) == ("no_scores", "not_deep")
    json.dumps(deep.to_json(), allow_nan=False)


@pytest.mark.parametrize("rows", [0, 1, 3, 10, 60, 400])
def test_few_votes_and_scores_give_reasons(table: pd.DataFrame, rows: int) -> None:
    random = np.random.default_rng(0)
    cells = [(m, p, i.text, s) for m in PLAN.methods for p in PLAN.people for i in PLAN.prompts for s in PLAN.seeds]
    scores = pd.DataFrame(cells, columns=["method", "person", "prompt", "seed"])
    scores = scores.assign(metric="text_match", value=random.normal(size=len(scores)))
    found = analyse(table.head(rows), scores=scores, deep=True)
    written = json.loads(json.dumps(found.to_json(), allow_nan=False))
    for reason in reasons_in(written):
        assert text(f"analysis_reasons.{reason}", "en")
    for each in (found.hybrid or {}).values():
        assert "hybrid" in each.reasons and each.trust == 0.0
    for pair in found.correlation or ():
        assert {name for name in ("same_sign", "kendall", "spearman") if getattr(pair, name) is None} == set(
            pair.reasons
        )


def test_nothing_but_ties_is_analysed_and_claims_nothing() -> None:
    """With sides balanced inside each cluster the clustered spread of the contrast is exactly 0."""
    rows = [
        {"rater": rater, "prompt": prompt, "person": person, "axis": "text", "outcome": "tie"}
        | dict(zip(("left", "right"), sides, strict=True))
        for rater in ("r1", "r2")
        for person, sides in (("Aoi", ("a", "b")), ("Ben", ("b", "a")))
        for prompt in ("S* smiling", "S* at night")
    ]
    (contrast,) = analyse(pd.DataFrame(rows)).axes["text"].contrasts or ()
    assert (contrast.interval.value, contrast.interval.standard_error, contrast.p) == (0.0, 0.0, 1.0)
