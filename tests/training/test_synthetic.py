"""The synthetic people: determinism, true labels, people that differ."""

from __future__ import annotations

import numpy as np
import pytest

from training.synthetic import COEFFICIENTS, EXPRESSIONS, Picture, render_person, sample_identity
from training.synthetic.clothes import CLOTHES
from training.synthetic.hairstyles import STYLES
from training.synthetic.light import LIGHTS
from training.synthetic.population import FEMALE_HAIR, MALE_HAIR
from training.synthetic.scenes import SCENES

SIZE = 64
PEOPLE = (900000, 900007, 900030)


def render(identity: int = PEOPLE[0], expression: str = "neutral", **arguments: object) -> Picture:
    return render_person(identity, expression, size=SIZE, supersampling=1, **arguments)  # type: ignore[arg-type]


def test_same_arguments_same_bytes() -> None:
    first, again = (render(expression="smile", scene="forest", yaw=12.0, seed=3) for _ in range(2))
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.mask, again.mask)
    assert first.labels == again.labels


def test_seed_varies_the_picture_not_the_person() -> None:
    one, other = render(seed=1), render(seed=2)
    assert not np.array_equal(one.pixels, other.pixels)
    assert one.labels.hair == other.labels.hair and one.labels.age == other.labels.age


def face_colours(picture: Picture) -> np.ndarray:
    """[rows, columns, 3] the face box resampled to 24 x 24."""
    x0, y0, x1, y1 = picture.labels.face_box
    rows = np.clip(np.linspace(y0, y1, 24).astype(int), 0, SIZE - 1)
    columns = np.clip(np.linspace(x0, x1, 24).astype(int), 0, SIZE - 1)
    return picture.pixels[rows][:, columns].astype(float)


def test_another_person_differs_more_than_another_seed() -> None:
    pictures = {
        person: [face_colours(render(person, seed=seed, clothes="tshirt")) for seed in (1, 2)] for person in PEOPLE
    }
    within = [np.abs(a - b).mean() for a, b in pictures.values()]
    between = [np.abs(pictures[p][0] - pictures[q][0]).mean() for p in PEOPLE for q in PEOPLE if p < q]
    assert max(within) < min(between)


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_labels_are_true(expression: str) -> None:
    picture = render(PEOPLE[1], expression, yaw=-20.0, pitch=5.0, roll=4.0, scene="beach")
    labels = picture.labels
    x0, y0, x1, y1 = labels.face_box
    landmarks = np.array(labels.landmarks5)
    assert np.all((landmarks > (x0, y0)) & (landmarks < (x1, y1)))
    assert picture.mask[landmarks[:, 1].astype(int), landmarks[:, 0].astype(int)].all()
    left_eye, right_eye, nose, left_corner, right_corner = landmarks
    assert left_eye[0] < nose[0] < right_eye[0] + 8 and left_corner[0] < right_corner[0]
    assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_corner[1], right_corner[1])
    assert 0.1 < picture.mask.mean() < 0.8


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_vector_matches_the_name(expression: str) -> None:
    vector = dict(zip(COEFFICIENTS, render(expression=expression).labels.expression_vector, strict=True))
    named = EXPRESSIONS[expression]
    for name in COEFFICIENTS[:-2]:
        assert vector[name] == pytest.approx(getattr(named, name), abs=1e-4)
    assert abs(vector["gaze_x"]) < 0.5 and abs(vector["gaze_y"]) < 0.5


def test_turning_moves_the_nose() -> None:
    left, right = (render(yaw=yaw).labels.landmarks5 for yaw in (-30.0, 30.0))
    assert left[2][0] < right[2][0] - 5


def test_opening_the_mouth_shows_teeth_and_moves_only_the_face() -> None:
    shut, open_ = render(expression="neutral", seed=5), render(expression="surprised", seed=5)
    assert shut.labels.landmarks5[0] == open_.labels.landmarks5[0]
    mouth = np.array(shut.labels.landmarks5)[3:].mean(0).astype(int)
    around = slice(mouth[1] - 6, mouth[1] + 8), slice(mouth[0] - 6, mouth[0] + 6)
    assert np.abs(shut.pixels[around].astype(float) - open_.pixels[around]).mean() > 5


def test_sunglasses_are_dark_and_in_the_mask() -> None:
    picture = render(PEOPLE[1], accessory="sunglasses", light="flat", scene="studio_white")
    x, y = (int(v) for v in picture.labels.landmarks5[0])
    assert picture.labels.glasses == "sunglasses"
    assert picture.pixels[y - 1 : y + 2, x - 1 : x + 2].mean() < 60
    assert picture.mask[y, x]


def test_dark_skin_is_readable_at_night() -> None:
    picture = render(900028, scene="city_night", light="soft")
    assert picture.pixels[picture.mask].mean() > 30


@pytest.mark.parametrize("scene", SCENES)
def test_every_scene_renders(scene: str) -> None:
    assert render(scene=scene).pixels.std() > 10


@pytest.mark.parametrize("light", LIGHTS)
@pytest.mark.parametrize("size", [48, 80])
def test_every_light_renders_at_odd_sizes(light: str, size: int) -> None:
    assert render_person(PEOPLE[2], light=light, size=size, supersampling=2).pixels.shape == (size, size, 3)


@pytest.mark.parametrize("clothes", CLOTHES)
def test_every_garment_shows_its_colour(clothes: str) -> None:
    blue, red = (render(clothes=clothes, cloth_colour=c).pixels[-3:].mean((0, 1)) for c in ("blue", "red"))
    assert blue[2] > red[2] and red[0] > blue[0]


def test_every_hair_style_has_a_rule() -> None:
    assert {*MALE_HAIR, *FEMALE_HAIR} - {"bald"} == set(STYLES)


def test_identities_are_balanced_and_repeatable() -> None:
    people = [sample_identity(seed) for seed in range(400)]
    assert people[7] == sample_identity(7)
    assert 0.42 < np.mean([p.gender == "male" for p in people]) < 0.58
    assert len({p.hair.style for p in people}) == len(STYLES) + 1
    assert all(18 <= p.age <= 75 and 0 <= p.skin.melanin <= 1 for p in people)
    assert all(p.hair.beard == "none" for p in people if p.gender == "female")


def test_seed_is_the_same_person_for_ever() -> None:
    """The order of draws is the data format: these values were published with the first data set."""
    person = sample_identity(0)
    assert (person.gender, round(person.age, 3), person.hair.style, person.hair.colour) == (
        "female", 37.744, "curlylong", "darkbrown",
    )  # fmt: skip
