"""The named expressions get the strength at which the model shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from training.embedded.assemble import expression_vectors
from training.embedded.data import Pictures, load_pictures

PEOPLE = Path(__file__).parents[1] / "data" / "people"


class Wilful:
    """A method that draws the photo of the expression that it is told, if it is told it with ``strength``."""

    def __init__(self, pictures: Pictures, means: dict[str, list[float]], strength: float, other: Image.Image) -> None:
        self.strength, self.other = strength, other
        self.told = {tuple(strength * value for value in mean): name for name, mean in means.items()}
        self.photos = {
            label["expression"]: Image.fromarray(pixels)
            for pixels, label in zip(pictures.pixels, pictures.labels, strict=True)
        }

    def generate(self, persona: Persona, request: Request) -> Iterator[Image.Image]:
        assert request.candidates == 1 and request.expression_vector is not None
        name = self.told.get(request.expression_vector)
        yield self.photos[name] if name else self.other


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Photos without glasses, one an expression."""
    found = load_pictures(PEOPLE)
    seen: dict[str, int] = {}
    for index, label in enumerate(found.labels):
        if label["glasses"] is None and abs(label["yaw"]) < 25:
            seen.setdefault(label["expression"], index)
    return found.select(np.array(sorted(seen.values())))


def strengthen(monkeypatch: pytest.MonkeyPatch, folder: Path, method: Any, means: dict[str, list[float]]) -> Any:
    monkeypatch.setattr(slot, "build_method", lambda key, bundle: method)
    bundle = Bundle(Settings.from_environment({}).bundle)
    assert bundle.expression_encoder is not None
    reader, log = bundled_face_reader(bundle.path), loop.Log(folder / "log.jsonl")
    found = slot.strengthen(bundle, reader, bundle.expression_encoder, means, np.zeros((2, 640), np.float32), log)
    return found, [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_an_expression_is_told_as_strongly_as_it_takes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pictures: Pictures
) -> None:
    means = expression_vectors(pictures)
    assert len(means) >= 4
    neutral = next(i for i, label in enumerate(pictures.labels) if label["expression"] == "neutral")
    method = Wilful(pictures, means, 1.3, Image.fromarray(pictures.pixels[neutral]))
    found, logged = strengthen(monkeypatch, tmp_path, method, means)
    chosen = {line["expression"]: line["strength"] for line in logged}
    assert [chosen[name] for name in means if name != "neutral"] == [1.3] * (len(means) - 1)
    for name, vector in found.items():
        np.testing.assert_allclose(vector, np.multiply(means[name], chosen[name]), atol=1e-4)


def test_without_a_face_an_expression_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pictures: Pictures
) -> None:
    means = expression_vectors(pictures)
    blank = Image.new("RGB", (128, 128), "white")
    method = Wilful(pictures, means, 9.0, blank)
    found, logged = strengthen(monkeypatch, tmp_path, method, means)
    assert found == {name: [round(value, 4) for value in mean] for name, mean in means.items()}
    assert {margin for line in logged for margin in line["margins"]} == {slot.NO_FACE}
