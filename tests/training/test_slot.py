"""The named expressions get the strength at which the model shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facepersona_core.bundle import Bundle
from facepersona_core.faces import bundled_face_reader
from facepersona_core.settings import Settings
from facepersona_core.types import Persona, Request
from training.embedded import loop, slot
from training.embedded.data import load_pictures

PEOPLE = Path(__file__).parents[1] / "data" / "people"
STRENGTHS = (1.0, 1.3, 1.6)
BLANK = Image.new("RGB", (128, 128), "white")


class Wilful:
    """A method that draws the photo of the expression that it is told, if it is told it with ``strength``."""

    def __init__(self, photos: Mapping[str, Image.Image], strength: float, other: Image.Image) -> None:
        self.photos, self.strength, self.other, self.drawn = photos, strength, other, 0

    def generate(self, persona: Persona, request: Request) -> Iterator[Image.Image]:
        assert request.candidates == 1 and request.expression_vector is not None
        self.drawn += 1
        for name, mean in BUNDLE.expression_means.items():
            if name in self.photos and np.allclose(request.expression_vector, self.strength * mean, atol=1e-6):
                yield self.photos[name]
                return
        yield self.other


BUNDLE = Bundle(Settings.from_environment({}).bundle)


@pytest.fixture(scope="module")
def photos() -> dict[str, Image.Image]:
    """A frontal photo without glasses for each expression that the test people show."""
    found = load_pictures(PEOPLE)
    seen: dict[str, Image.Image] = {}
    for pixels, label in zip(found.pixels, found.labels, strict=True):
        if label["glasses"] is None and abs(label["yaw"]) < 25:
            seen.setdefault(label["expression"], Image.fromarray(pixels))
    return seen


def strengthen(monkeypatch: pytest.MonkeyPatch, folder: Path, method: Any) -> dict[str, float]:
    monkeypatch.setattr(slot, "build_method", lambda key, bundle: method)
    reader, log = bundled_face_reader(BUNDLE.path), loop.Log(folder / "log.jsonl")
    return slot.strengthen(BUNDLE, reader, np.zeros((2, 640), np.float32), STRENGTHS, folder, log)


def test_an_expression_is_told_as_strongly_as_it_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, photos: dict[str, Image.Image]
) -> None:
    shown = photos.keys() - {"neutral"}
    assert len(shown) >= 4
    method = Wilful(photos, 1.3, photos["neutral"])
    found = strengthen(monkeypatch, tmp_path, method)
    assert found.keys() == BUNDLE.expression_means.keys()
    assert {name: found[name] for name in shown} == dict.fromkeys(shown, 1.3)
    drawn = method.drawn
    assert strengthen(monkeypatch, tmp_path, method) == found, "what was found is kept"
    assert method.drawn == drawn == len(found) * len(STRENGTHS) * 2


def test_a_strength_that_spoils_the_face_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, photos: dict[str, Image.Image]
) -> None:
    found = strengthen(monkeypatch, tmp_path, Wilful(dict.fromkeys(photos, BLANK), 1.3, photos["neutral"]))
    assert 1.3 not in found.values()
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert {line["margins"][1] for line in logged if line["expression"] in photos} == {slot.NO_FACE}
