"""The best of several drawings, on the bundle that ships."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch.nn.functional import cosine_similarity

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.candidates import EXPRESSION_WEIGHT, Likeness, draw_best
from facepersona_core.errors import RequestInvalid
from facepersona_core.face2diffusion.expression import coefficients_of
from facepersona_core.face2diffusion.identity import identities_of, identity_of
from facepersona_core.faces import FaceReader, bundled_face_reader
from facepersona_core.methods import method_card
from facepersona_core.settings import Settings
from facepersona_core.types import Face, Persona, Progress, Request, no_progress

PEOPLE = Path(__file__).parents[1] / "data" / "people"
REQUEST = Request("a photo of S* at the beach", seed=5, count=2, steps=1, candidates=3)
NOBODY = Image.new("RGB", (128, 128), "white")


def photo(number: int, name: str = "00") -> Image.Image:
    return Image.open(PEOPLE / str(number) / f"{name}.png").convert("RGB")


class Album:
    """A method that draws what it is given, and remembers how often for each seed."""

    def __init__(self, pictures: Sequence[Image.Image], key: str = "face2diffusion") -> None:
        self.card, self.drawn, self._next = method_card(key), dict[int, int](), iter(pictures)

    def enrol(self, faces: Sequence[Face], progress: Progress = no_progress) -> Persona:
        return Persona(self.card.key, "album")

    def generate(self, persona: Persona, request: Request, progress: Progress = no_progress) -> Iterator[Image.Image]:
        for index in range(request.count):
            self.drawn[request.seed + index] = request.candidates
            progress((index + 1) / request.count, "denoise")
            yield from islice(self._next, request.candidates)


@pytest.fixture(scope="module")
def shipped() -> tuple[Bundle, FaceReader]:
    path = Settings.from_environment({}).bundle
    return open_bundle(path), bundled_face_reader(path)


@pytest.fixture(scope="module")
def likeness(shipped: tuple[Bundle, FaceReader]) -> Likeness:
    bundle, reader = shipped
    return Likeness(bundle, reader, [reader.read(photo(990000), "reference")])


def best(album: Any, likeness: Likeness, request: Request = REQUEST, progress: Progress = no_progress) -> list[Any]:
    return list(draw_best(album, album.enrol([]), request, likeness, progress))


def test_the_drawing_of_the_person_is_kept(likeness: Likeness) -> None:
    own, others = [photo(990000, name) for name in ("01", "02")], [photo(n) for n in (990001, 990002, 990003)]
    album = Album([others[0], own[0], NOBODY, own[1], others[1], others[2]])
    heard: list[float] = []
    assert best(album, likeness, progress=lambda fraction, _: heard.append(fraction)) == own
    assert heard == [0.5, 1.0]
    assert album.drawn == {5: 3, 6: 3}


def test_without_a_face_the_first_drawing_is_kept(likeness: Likeness) -> None:
    blank = [Image.new("RGB", (128, 128), (shade, shade, shade)) for shade in (10, 20, 30)]
    assert best(Album(blank), likeness, replace(REQUEST, count=1)) == blank[:1]
    (shown,) = likeness.of([photo(990000)])
    assert likeness.of([NOBODY, photo(990000), NOBODY]) == [-np.inf, pytest.approx(shown), -np.inf]
    assert likeness.of([NOBODY]) == [-np.inf]


def test_the_likeness_encoder_says_who_it_is_and_without_one_the_identity_encoder(
    likeness: Likeness, tmp_path: Path
) -> None:
    bundle, reader = likeness.bundle, likeness.reader
    for part in bundle.path.iterdir():
        if part.name != "likeness_encoder":
            (tmp_path / part.name).symlink_to(part)
    pictures = [photo(990000, "01"), photo(990001)]
    without = Likeness(Bundle(tmp_path), reader, likeness.references)
    for chooser, encoder in ((likeness, bundle.likeness_encoder), (without, bundle.identity_encoder)):
        assert encoder is not None
        person = identity_of(encoder, [face.aligned for face in likeness.references])
        seen = identities_of(encoder, [reader.aligned(picture, "picture") for picture in pictures])
        assert chooser.of(pictures) == pytest.approx(cosine_similarity(seen, person[None]).tolist(), abs=1e-5)


def test_an_expression_counts_by_its_distance(likeness: Likeness) -> None:
    encoder, picture = likeness.bundle.expression_encoder, photo(990000, "01")
    assert encoder is not None
    shown = np.array(coefficients_of(encoder, likeness.reader.aligned(picture, "picture")))
    (plain,) = likeness.of([picture])
    assert likeness.of([picture], shown.tolist()) == [pytest.approx(plain)]
    further = shown + 2 * encoder.deviation.numpy()
    assert likeness.of([picture], further.tolist()) == [pytest.approx(plain - 2 * EXPRESSION_WEIGHT, abs=1e-4)]


def test_what_the_slot_was_told_chooses_for_the_methods_that_have_it(likeness: Likeness) -> None:
    asked: list[Any] = []

    class Listening(Likeness):
        def of(self, pictures: Sequence[Image.Image], expression: Sequence[float] | None = None) -> list[float]:
            asked.append(expression)
            return [0.0] * len(pictures)

    listening = Listening(likeness.bundle, likeness.reader, [likeness.reader.read(photo(990000), "reference")])
    one = replace(REQUEST, count=1, candidates=2)
    name, mean = next(iter(likeness.bundle.expression_means.items()))
    for key, request in (
        ("face2diffusion", replace(one, expression=name)),
        ("face2diffusion", replace(one, expression_vector=(0.5,) * 20)),
        ("face2diffusion", one),
        ("dreambooth", replace(one, expression=name)),
    ):
        best(Album([NOBODY, NOBODY], key), listening, request)
    assert asked == [tuple(mean.tolist()), (0.5,) * 20, None, None]


def test_nothing_is_chosen_where_nothing_of_the_person_is_asked_for(likeness: Likeness) -> None:
    album = Album([NOBODY])
    best(album, likeness, replace(REQUEST, count=1, strength=0.0))
    assert album.drawn == {5: 1}


def test_a_method_that_knows_nobody_draws_once(likeness: Likeness) -> None:
    album = Album([NOBODY, NOBODY], "class_word")
    assert len(best(album, likeness)) == 2
    assert album.drawn == {5: 1, 6: 1}


def test_one_candidate_is_the_method_as_published(likeness: Likeness) -> None:
    album = Album([NOBODY])
    assert best(album, likeness, replace(REQUEST, count=1, candidates=1)) == [NOBODY]
    assert album.drawn == {5: 1}


def test_what_cannot_be_drawn_is_refused_before_any_work(likeness: Likeness) -> None:
    album = Album([NOBODY])
    with pytest.raises(RequestInvalid, match="candidates is 0"):
        best(album, likeness, replace(REQUEST, candidates=0))
    assert album.drawn == {}


def test_drawn_once_a_request_reads_as_before_there_were_candidates() -> None:
    once = replace(REQUEST, candidates=1)
    assert "candidates" not in once.to_json()
    assert REQUEST.to_json() == {**once.to_json(), "candidates": 3}
