"""Spoiled photos, curves and limits: damage against the truth, figures against known answers, one small real run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facepersona_core.settings import Settings
from facepersona_core.usability import CHECKS
from training.robustness import calibrate, damage, measure, report
from training.robustness.conditions import BASE, CONDITIONS
from training.robustness.curves import Point, curve, point, several, way
from training.robustness.drawing import curves_svg
from training.robustness.page import page
from training.robustness.photos import Photo, measured_people, second_photo
from training.synthetic.references import GALLERY

ROOT = Path(__file__).parents[2]
SIDE = 128
GOOD = {
    "face_px": 135.0, "sharpness": 4.5, "brightness": 190.0, "overexposed": 0.0, "colour_cast": 0.2,
    "yaw_degrees": 1.0, "pitch_degrees": 1.0, "eye_contrast": 0.3, "mouth_cover": -0.6, "detection_score": 0.99,
}  # fmt: skip


@pytest.fixture(scope="module")
def photo() -> Photo:
    return second_photo(900_110, size=SIDE)


def linear(photo: Photo) -> np.ndarray:
    return (photo.pixels / 255.0) ** 2.2


def test_light_is_halved_and_doubled_in_linear_light(photo: Photo) -> None:
    dimmed = damage.dim(photo, 1, np.random.default_rng(0))
    assert linear(dimmed).mean() == pytest.approx(linear(photo).mean() / 2, rel=0.02)
    brighter, middle = damage.overexpose(photo, 1), photo.pixels < 150
    assert linear(brighter)[middle].mean() == pytest.approx(2 * linear(photo)[middle].mean(), rel=0.02)


def test_coloured_light_keeps_the_brightness_of_white() -> None:
    grey = Photo(np.full((8, 8, 3), 100, np.uint8), np.zeros((5, 2)), (0, 0, 8, 8), np.ones((8, 8), bool))
    for gel in damage.GELS:
        assert (linear(damage.colour_light(grey, 1, gel)) @ damage.LUMA).mean() == pytest.approx(
            (linear(grey) @ damage.LUMA).mean(), rel=0.03
        )


def test_a_mask_covers_the_mouth_and_not_the_eyes(photo: Photo) -> None:
    masked = damage.wear_mask(photo, 0.75, (0.0, 0.0, 1.0))
    changed = np.abs(masked.pixels.astype(int) - photo.pixels).max(2) > 40
    at = photo.landmarks.astype(int)
    assert changed[at[3:, 1], at[3:, 0]].all()
    assert not changed[at[:2, 1], at[:2, 0]].any()
    assert not damage.wear_mask(photo, 0.25, (0.0, 0.0, 1.0)).pixels[at[2, 1], at[2, 0], 2] > 230


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_a_hand_covers_about_its_share_of_the_face(photo: Photo, share: float) -> None:
    covered = damage.hold_hand(photo, share, np.random.default_rng(1))
    x0, y0, x1, y1 = (int(value) for value in photo.box)
    changed = np.abs(covered.pixels.astype(int) - photo.pixels).max(2) > 8
    assert changed[y0:y1, x0:x1].mean() == pytest.approx(share, abs=0.12)


def test_a_distant_face_is_as_wide_as_asked_and_its_truth_moves_along(photo: Photo) -> None:
    far = damage.step_back(photo, 16)
    assert far.width == pytest.approx(16, abs=0.6)
    assert far.pixels.shape == (damage.LEAST_CANVAS, damage.LEAST_CANVAS, 3)
    middle = far.landmarks.mean(0)
    assert far.box[0] < middle[0] < far.box[2] and far.box[1] < middle[1] < far.box[3]
    assert far.head.shape == far.pixels.shape[:2]


def test_more_people_are_the_same_people_and_some_more() -> None:
    assert measured_people(16)[:4] == measured_people(4)
    assert set(measured_people(100)) == set(GALLERY)
    assert min(GALLERY) >= 900_000


def seen(own: float, strangers: float = 0.1, **measures: float) -> dict[str, Any]:
    compared = {"own": own, "strangers": strangers, "top1": int(own > 0.6)}
    return {
        "outcome": "face", "off": 0.05, "truth": {}, "measures": {**GOOD, **measures},
        "recogniser": compared, "encoder": compared,
    }  # fmt: skip


WORST = {
    "yaw": {"yaw_degrees": -50.0}, "down": {"pitch_degrees": 2.0}, "up": {"pitch_degrees": -30.0},
    "glasses": {"eye_contrast": 0.02}, "mask": {"mouth_cover": 2.0}, "dim": {"brightness": 30.0},
    "bright": {"overexposed": 1.0}, "colour": {"colour_cast": 1.5}, "blur": {"sharpness": 1.2},
    "distance": {"face_px": 8.0},
}  # fmt: skip


def person(identity: int) -> dict[str, Any]:
    """Identity falls evenly from 0.9 to 0.1 over the levels (not in coloured light), and measures go with it."""
    photos: dict[str, Any] = {BASE: seen(0.9)}
    for key, condition in CONDITIONS.items():
        for i, level in enumerate(condition.levels, 1):
            part = i / len(condition.levels)
            own = 0.9 if key == "colour" else 0.9 - 0.8 * part
            moved = {name: GOOD[name] + part * (worst - GOOD[name]) for name, worst in WORST.get(key, {}).items()}
            photos[f"{key} {level}"] = seen(own, **moved)
    photos["distance 8"] = {"outcome": "none", "truth": {}}
    groups = {"1": [seen(0.5)] * 4, "2": [seen(0.7)] * 2, "4": [seen(0.8)]}
    return {"identity": identity, "photos": photos, "several": groups, "ordinary": groups["1"]}


@pytest.fixture(scope="module")
def people() -> list[dict[str, Any]]:
    return [person(identity) for identity in range(6)]


def test_the_way_is_measured_from_the_photos_own_strangers() -> None:
    own, strangers, ceiling = np.full(4, 0.5), np.full(4, 0.3), np.full(4, 0.8)
    found = way(own, strangers, ceiling)
    assert found is not None
    assert found.value == pytest.approx(0.4)
    assert (found.low, found.high) == pytest.approx((0.4, 0.4))
    assert way(np.full(4, np.nan), np.full(4, np.nan), ceiling) is None
    spread = way(np.array([0.3, 0.4, 0.6, np.nan]), np.full(4, 0.3), ceiling)
    assert spread is not None
    assert spread.low < spread.value < spread.high
    assert spread.value == pytest.approx((1.3 / 3 - 0.3) / 0.5)


def test_a_photo_without_a_face_counts_as_not_found_and_not_recognised(people: list[dict[str, Any]]) -> None:
    last = point(people, "distance 8", 8)
    assert last.detected.value == 0 and last.top1["encoder"].value == 0
    assert last.way == {"recogniser": None, "encoder": None}
    assert last.off is None
    assert 0 < last.detected.high < 0.6


def test_the_gain_of_several_photos_is_paired(people: list[dict[str, Any]]) -> None:
    one, two, four = several(people)
    assert one.gain["encoder"].value == 0
    assert two.gain["encoder"].value == pytest.approx(0.2 / 0.8)
    assert (four.gain["recogniser"].low, four.gain["recogniser"].high) == pytest.approx((0.375, 0.375))
    assert four.top1_gain["encoder"].value == 1


def test_a_crossing_is_found_on_the_falling_curve() -> None:
    assert calibrate.crossing(np.array([1.0, 0.9, 0.7, 0.5]), 0.8) == pytest.approx(1.5)
    assert calibrate.crossing(np.array([1.0, 0.9, 0.85]), 0.8) is None
    assert calibrate.crossing(np.array([1.0, 0.7, 0.9, 0.2]), 0.8) == pytest.approx(2.0)


@pytest.fixture(scope="module")
def curves(people: list[dict[str, Any]]) -> dict[str, list[Point]]:
    return {key: curve(people, key) for key in CONDITIONS}


def test_limits_are_what_is_measured_where_identity_falls(
    people: list[dict[str, Any]], curves: dict[str, list[Point]]
) -> None:
    findings = calibrate.calibrate(people, [{"measures": GOOD, "melanin": 0.5}] * 20, curves)
    dark = findings["dark"].limits
    assert dark.fair == pytest.approx(190 - 0.2 * 160, abs=0.5)
    assert dark.poor == pytest.approx(190 - 0.4 * 160, abs=0.5)
    assert findings["dark"].levels == {"fair": "1.2 stops", "poor": "2.4 stops"}
    assert (findings["dark"].touched, findings["dark"].seen) == (0, 1)
    assert findings["coloured"].limits.poor is None and findings["coloured"].levels["fair"] == "never"
    assert findings["lowered"].limits.fair is None  # the landmarks do not follow the head
    assert findings["raised"].limits.fair is not None and findings["raised"].limits.fair <= -calibrate.LEAST_ANGLE
    assert findings["eyes_hidden"].levels["fair"] == calibrate.ALWAYS
    assert findings["eyes_hidden"].limits.fair == pytest.approx(0.3 - calibrate.KIND_AT * 0.28, abs=0.01)
    table = tomllib.loads(calibrate.table(findings))
    assert list(table) == list(CHECKS)
    assert table["dark"] == {"fair": dark.fair, "poor": dark.poor}
    assert table["lowered"] == {}


def test_limits_do_not_touch_harmless_photos(people: list[dict[str, Any]], curves: dict[str, list[Point]]) -> None:
    clean = [{"measures": {**GOOD, "brightness": value}} for value in np.linspace(100, 200, 51)]
    finding = calibrate.calibrate(people, clean, curves)["dark"]
    assert finding.limits.fair is not None and finding.limits.fair < 110
    assert finding.touched <= calibrate.SPARED / 100


def test_the_page_says_everything_and_admits_what_was_not_measured(
    people: list[dict[str, Any]], curves: dict[str, list[Point]]
) -> None:
    clean = [{"measures": GOOD, "melanin": i / 20} for i in range(20)]
    findings = calibrate.calibrate(people, clean, curves)
    facts = report.figures(people, clean, curves, several(people), findings, calibrate.limits_of(findings))
    written = page(json.loads(json.dumps(facts)))
    assert all(f"### {condition.title.capitalize()}\n" in written for condition in CONDITIONS.values())
    assert "| 8 px wide | 0 % (" in written and "not measured" in written
    assert "+25 % (+25 to +25)" in written
    assert facts["said"]["dim"][-1] == {"good": 0, "fair": 0, "poor": 6, "skipped": 0, "named": 6}
    assert facts["clean"]["good"] == 1
    drawn = curves_svg(curves)
    assert drawn.count("<polyline") == 3 * sum(condition.is_curve for condition in CONDITIONS.values())
    assert "nan" not in drawn


def test_a_run_measures_once_and_refuses_other_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "CONDITIONS", {key: CONDITIONS[key] for key in ("bright",)})
    monkeypatch.setattr(measure, "ORDINARY", 4)
    bundle, gallery = Settings.from_environment({}).bundle, measured_people(3)
    (row,) = measure.measure(tmp_path, bundle, 1, gallery)
    assert row["identity"] == gallery[0]
    assert list(row["photos"]) == [BASE, "bright 1", "bright 2", "bright 3"]
    for network in ("recogniser", "encoder"):
        clean = row["photos"][BASE][network]
        assert clean["own"] > clean["strangers"] + 0.3
        assert clean["own"] > row["photos"]["bright 3"][network]["own"]
    assert row["photos"][BASE]["off"] < 0.2
    assert row["photos"]["bright 3"]["measures"]["overexposed"] > row["photos"][BASE]["measures"]["overexposed"]
    assert [len(row["several"][size]) for size in ("1", "2", "4")] == [4, 2, 1]
    assert (tmp_path / "images" / "robustness_levels.jpg").stat().st_size > 1000
    monkeypatch.setattr(measure, "second_photo", None)
    monkeypatch.setattr(measure, "clean_photo", None)
    assert measure.measure(tmp_path, bundle, 1, gallery) == [row]
    (tmp_path / "weights.json").write_text('{"weights": "other"}')
    with pytest.raises(ValueError, match="other weights"):
        measure.measure(tmp_path, bundle, 1, gallery)


def test_the_apps_limits_are_those_of_the_page() -> None:
    written = (ROOT / "docs" / "robustness.md").read_text("utf-8")
    table = tomllib.loads((ROOT / "facepersona_core" / "usability.toml").read_text("utf-8"))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in written.splitlines() if line.startswith("| ")]
    shown = {row[0]: row[2:4] for row in rows if row[0] in CHECKS}
    assert list(shown) == list(table) == list(CHECKS)
    for reason, limit in table.items():
        assert shown[reason] == [f"{limit[name]:.2f}" if name in limit else "none" for name in ("fair", "poor")]
