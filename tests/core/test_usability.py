"""What the app says of a reference photo: limits, reasons, words, and photos spoiled on purpose."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from PIL import Image

from facepersona_core.face_measures import brightness, colour_cast, estimate_pitch, sharpness
from facepersona_core.faces import FaceReader, open_face_reader
from facepersona_core.messages import LANGUAGES, text
from facepersona_core.settings import Settings
from facepersona_core.types import Usability
from facepersona_core.usability import CHECKS, Limits, judge, limits
from training.robustness import damage
from training.robustness.photos import Photo, second_photo

PERSON = 900_110
"""Not among the people on whom the limits were found."""
FINE = {
    "face_px": 150.0, "sharpness": 4.5, "brightness": 190.0, "overexposed": 0.0, "colour_cast": 0.2,
    "yaw_degrees": 3.0, "pitch_degrees": -2.0, "eye_contrast": 0.3, "mouth_cover": -0.6, "detection_score": 0.99,
}  # fmt: skip
NONE = dict.fromkeys(CHECKS, Limits())


@pytest.fixture(scope="module")
def reader() -> FaceReader:
    return open_face_reader(Settings.from_environment({}))


@pytest.fixture(scope="module")
def photo() -> Photo:
    return second_photo(PERSON)


def usability(reader: FaceReader, spoiled: Photo) -> Usability:
    return reader.read(Image.fromarray(spoiled.pixels), "a").usability


def test_past_a_limit_a_photo_is_fair_past_the_next_poor() -> None:
    known = {**NONE, "dark": Limits(fair=120, poor=90), "turned": Limits(fair=25, poor=40), "small": Limits(fair=30)}
    assert judge(FINE, known) == ("good", ())
    assert judge({**FINE, "yaw_degrees": -30}, known) == ("fair", ("turned",))
    assert judge({**FINE, "yaw_degrees": -30, "brightness": 80}, known) == ("poor", ("dark", "turned"))
    assert judge({**FINE, "face_px": 1}, known) == ("fair", ("small",))
    assert judge({**FINE, "face_px": 1}, NONE) == ("good", ())


def test_what_goes_without_saying_is_not_said_but_counts() -> None:
    known = {**NONE, "small": Limits(fair=30), "blurred": Limits(fair=2, poor=1.5)}
    assert judge({**FINE, "face_px": 20, "sharpness": 1.2}, known) == ("poor", ("small",))
    assert judge({**FINE, "sharpness": 1.2}, known) == ("poor", ("blurred",))


def test_the_table_that_ships_is_complete_and_a_fine_photo_passes_it() -> None:
    assert judge(FINE, limits()) == ("good", ())
    for reason, (measure, side) in CHECKS.items():
        known = limits()[reason]
        if known.fair is None:
            assert known.poor is None
            continue
        step = -1e-3 if side == "below" else 1e-3
        assert reason in judge({**FINE, measure: known.fair + step}, {**NONE, reason: known})[1]
        if known.poor is not None:
            assert judge({**FINE, measure: known.poor + step}, limits())[0] == "poor"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_says_what_to_do(language: str) -> None:
    facts = asdict(Usability("fair", (), *list(FINE.values())[:-1])) | {"detection_score": 0.6}
    said = [text(f"usability.{reason}", language, **facts) for reason in ("good", *CHECKS)]
    assert len(set(said)) == len(said)
    stop = "。" if language == "ja" else "."
    assert all(
        words.count(stop) >= 2 or reason == "good" for reason, words in zip(("good", *CHECKS), said, strict=True)
    )


def test_a_clean_photo_of_somebody_new_is_good(reader: FaceReader, photo: Photo) -> None:
    assert usability(reader, photo).level == "good"


@pytest.mark.parametrize(
    ("reason", "spoiled"),
    [
        ("dark", lambda photo: damage.dim(photo, 4, np.random.default_rng(0))),
        ("bright", lambda photo: damage.overexpose(photo, 3)),
        ("blurred", lambda photo: damage.blur(photo, 0.06)),
        ("mouth_hidden", lambda photo: damage.wear_mask(photo, 0.75, damage.MASKS[1])),
        ("turned", lambda photo: second_photo(PERSON, yaw=45)),
        ("eyes_hidden", lambda photo: second_photo(PERSON, accessory="sunglasses")),
    ],
)
def test_a_spoiled_photo_is_told_why(reader: FaceReader, photo: Photo, reason: str, spoiled: object) -> None:
    seen = usability(reader, spoiled(photo))  # type: ignore[operator]
    assert seen.level != "good"
    assert reason in seen.reasons


def test_dark_skin_in_good_light_is_not_dark_and_pale_skin_in_dim_light_is(reader: FaceReader) -> None:
    dark, pale = (second_photo(identity) for identity in (900_107, 900_106))
    good, dim = usability(reader, dark), usability(reader, damage.dim(pale, 2.5, np.random.default_rng(0)))
    assert "dark" not in good.reasons
    assert "dark" in dim.reasons
    assert good.brightness > dim.brightness


def test_sharpness_falls_with_blur_and_not_with_light(reader: FaceReader, photo: Photo) -> None:
    blurred = [usability(reader, damage.blur(photo, share)).sharpness for share in (0.005, 0.02, 0.04, 0.06)]
    assert blurred == sorted(blurred, reverse=True)
    plain = usability(reader, photo).sharpness
    assert usability(reader, damage.dim(photo, 2, np.random.default_rng(0))).sharpness == pytest.approx(plain, rel=0.15)
    assert sharpness(np.full((72, 64), 90.0)) == 0


def test_colour_cast_grows_with_coloured_light(reader: FaceReader, photo: Photo) -> None:
    for gel in damage.GELS[:3]:
        casts = [usability(reader, damage.colour_light(photo, share, gel)).colour_cast for share in (0.3, 0.65, 1.0)]
        assert casts == sorted(casts)
    assert colour_cast(np.full((72, 64, 3), 0, np.uint8)) == pytest.approx(float(np.hypot(0.95, 0.62)))


def test_brightness_is_the_whites_of_the_eyes() -> None:
    luma = np.full((112, 112), 50.0)
    assert brightness(luma) == 50
    luma[50:54, 34:38] = 180
    assert brightness(luma) == pytest.approx(180)


@pytest.mark.parametrize("pitch", [-20, 0, 20])
def test_pitch_from_true_landmarks(pitch: int) -> None:
    seen = [estimate_pitch(second_photo(who, pitch=pitch, size=64).landmarks) for who in (900_110, 900_111, 900_112)]
    assert np.mean(seen) == pytest.approx(pitch, abs=6)
