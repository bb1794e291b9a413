"""Every figure on rows made by hand, and its interval against other ways to compute it."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np
import pytest

from facepersona_core.analysis.tradeoff import clustered_mean
from facepersona_core.evaluation.copying import SETTING, copy_paste, face_angle, setting_angle
from facepersona_core.evaluation.estimate import difference, jackknife, ratio, share
from facepersona_core.evaluation.figures import FIGURES, figure, sums_of
from facepersona_core.evaluation.report import OURS, compared, estimate

SEEN = {"scene": "beach", "clothes": "coat", "cloth_colour": "red", "glasses": "none", "pose": "front", "light": "soft"}


def row(wanted: dict[str, str] | None = None, slot: bool = False, expression: str = "neutral", **more: Any) -> Any:
    """A picture on which everything was measured, as `run` writes it."""
    return {
        "slot": slot,
        "wanted": wanted or {},
        "face": True,
        "identity": 0.5,
        "nearer": [],
        "judged": {**SEEN, "expression": expression},
        "yaw": 0.0,
        "copied_face": 0.1,
        "copied_setting": 0.2,
        "seconds": 2.0,
    } | more


def faceless(**more: Any) -> Any:
    """A picture without a face."""
    return row(**more) | dict.fromkeys(("identity", "nearer", "copied_face")) | {"face": False}


def value(key: str, *people: list[Any]) -> float | None:
    """The figure ``key`` of rows of each of ``people``."""
    each = figure(key)
    return each.value(sums_of(each, dict(enumerate(people))).sum(0))


def test_identity_and_recognition_are_over_pictures_with_a_face() -> None:
    rows = [row(identity=0.9), row(identity=0.3, nearer=[7]), faceless()]
    assert value("identity", rows) == pytest.approx(0.6)
    assert value("top1", rows) == 0.5
    assert value("detected", rows) == pytest.approx(2 / 3)
    assert value("copy_paste", rows) == pytest.approx(0.1)


def test_nothing_measured_is_no_figure() -> None:
    assert {each.key: value(each.key, [], []) for each in FIGURES} == dict.fromkeys(each.key for each in FIGURES)
    rows = {0: [faceless()], 1: [faceless()]}
    assert estimate(figure("identity"), rows) is None and estimate(figure("detected"), rows).value == 0  # type: ignore[union-attr]


def test_text_counts_what_was_asked_for_and_the_slot_apart() -> None:
    coat = row({"clothes": "coat", "cloth_colour": "blue", "scene": "beach"})
    smile = {"expression": "smile", "scene": "forest"}
    rows = [coat, row(smile, expression="laugh"), row(smile, slot=True, expression="smile")]
    assert value("text", rows) == pytest.approx((2 / 3 + 0) / 2)
    assert (value("scene", rows), value("cloth_colour", rows), value("clothes", rows)) == (0.5, 0, 1)
    assert (value("expression", rows), value("expression_slot", rows), value("slot_gain", rows)) == (0, 1, 1)
    assert value("glasses", rows) is None


def test_hmean_is_that_of_the_means_and_nothing_is_not_outweighed() -> None:
    assert value("hmean", [row({"scene": "beach"}, identity=0.5)]) == pytest.approx(2 / 3)
    assert value("hmean", [row({"scene": "beach"}, identity=-0.1)]) == 0
    assert value("hmean", [row(identity=0.5)]) is None


def test_pose_diversity_is_within_a_person_under_prompts_without_a_pose() -> None:
    left = [row(yaw=-11.0), row(yaw=-9.0), row({"pose": "right"}, yaw=40.0)]
    right = [row(yaw=9.0), row(yaw=11.0)]
    assert value("pose_diversity", left, right) == pytest.approx(np.sqrt(2))


def test_expression_diversity_is_entropy_under_prompts_without_an_expression() -> None:
    rows = [row(expression="smile"), row(expression="neutral"), row({"expression": "angry"}, expression="angry")]
    assert value("expression_diversity", rows) == pytest.approx(log(2) / log(10))
    assert value("expression_diversity", rows[:1] * 5) == 0
    assert value("expression_diversity", rows[:1]) is None


def test_a_copy_of_the_reference_scores_one_and_a_copy_of_another_photo_minus_one() -> None:
    reference, other = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    angles = [face_angle(reference, other)]
    assert angles == [pytest.approx(pi / 2)]
    for picture, score in ((reference, 1), (other, -1), ((reference + other) / np.sqrt(2), 0)):
        found = copy_paste(face_angle(picture, reference), [face_angle(picture, other)], angles)
        assert found == pytest.approx(score, abs=1e-6)
    assert copy_paste(0.3, [], []) is None and copy_paste(0.3, [0.3], [0.0]) is None


def test_settings_that_share_no_class_are_at_right_angles() -> None:
    grey, beach = ({head: {"a": p, "b": 1 - p} for head in SETTING} for p in (1.0, 0.0))
    assert setting_angle(grey, grey) == 0 and setting_angle(grey, beach) == pytest.approx(pi / 2)
    assert setting_angle(grey, {**beach, "pose": grey["pose"]}) == pytest.approx(pi / 2 * (1 - 1 / len(SETTING)))


def test_the_interval_of_a_mean_is_the_clustered_one() -> None:
    people = np.random.default_rng(0).normal(size=(9, 4)) + np.arange(9)[:, None]
    found = jackknife(figure("identity").value, np.stack([people.sum(1), np.full(9, 4.0)], 1))
    wanted = clustered_mean(people.ravel(), np.repeat(np.arange(9), 4))
    assert found and wanted
    assert (found.value, found.low, found.high) == pytest.approx((wanted.value, wanted.low, wanted.high))


def test_intervals_cover_what_they_should() -> None:
    rng, covered = np.random.default_rng(1), {"top1": 0, "pose_diversity": 0}
    for _ in range(300):
        ease = rng.beta(6, 2, 12)  # some people are easier
        yes = np.stack([rng.binomial(8, ease), np.full(12, 8)], 1).astype(float)
        deviations = 9 * rng.chisquare(7, 12)
        spreads = np.stack([deviations, np.full(12, 7.0)], 1)
        for key, interval, truth in (
            ("top1", share(figure("top1").value, yes), 0.75),
            ("pose_diversity", jackknife(figure("pose_diversity").value, spreads), 3.0),
        ):
            assert interval and interval.low is not None and interval.high is not None
            covered[key] += interval.low <= truth <= interval.high
    assert min(covered.values()) > 0.91 * 300


def test_no_interval_where_chance_cannot_be_judged() -> None:
    one = sums_of(figure("identity"), {0: [row(), row(identity=0.9)]})
    alike = sums_of(figure("identity"), {0: [row()], 1: [row()]})
    assert jackknife(figure("identity").value, one).low is None  # type: ignore[union-attr]
    assert jackknife(figure("identity").value, alike).low is None  # type: ignore[union-attr]
    sure = share(figure("top1").value, np.array([[5.0, 5.0]] * 6))
    assert sure and sure.high == 1 and 0.3 < sure.low < 0.7  # type: ignore[operator]  six people are no proof


def test_an_interval_stays_within_what_the_figure_can_be() -> None:
    rows = {0: [{"enrol_seconds": 0.1}], 1: [{"enrol_seconds": 9.0}]}
    found = estimate(figure("enrol_seconds"), rows)
    assert found and found.low == 0 and found.high and found.high > 9
    spread = {0: [row({"scene": "beach"})] * 2, 1: [row({"scene": "snow"}), row({"scene": "beach"})]}
    text = estimate(figure("text"), spread)
    assert text and text.value == 0.75 and (text.low, text.high) == (0, 1)


def test_differences_and_ratios_are_paired() -> None:
    ease = np.random.default_rng(2).normal(size=(10, 1))
    ours, theirs = (np.hstack([10 * ease + gain, np.ones((10, 1))]) for gain in (0.0, 1.0))
    theirs[:, 0] += np.linspace(-0.1, 0.1, 10)
    gap = difference(figure("identity").value, theirs, ours)
    assert gap and gap.low and gap.value == pytest.approx(1.0) and gap.low > 0.9
    times = ratio(figure("enrol_seconds").value, np.array([[90.0, 1], [110.0, 1]]), np.array([[1.0, 1], [1.0, 1]]))
    assert times and times.low and times.value == pytest.approx(100) and times.low > 0
    assert ratio(figure("enrol_seconds").value, np.zeros((2, 2)), np.ones((2, 2))) is None


def test_methods_are_compared_with_ours_and_only_with_ours() -> None:
    ours = {n: [{"enrol_seconds": 0.5}, row(identity=0.8 + n / 100)] for n in range(3)}
    slow = {n: [{"enrol_seconds": 50.0 + n}, row(identity=0.2)] for n in range(3)}
    facts = compared({OURS: ours, "dreambooth": slow})
    assert facts["differences"]["dreambooth"]["identity"]["value"] == pytest.approx(-0.61)
    assert facts["enrol_ratio"]["dreambooth"]["value"] == pytest.approx(102, rel=0.01)
    assert facts["figures"][OURS]["glasses"] is None
    assert compared({"dreambooth": slow})["differences"] == {}
