"""The figures and the contact sheet of the model card, on a bundle of real parts at tiny size."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facepersona_core.settings import Settings
from facepersona_core.world import named_attributes
from training.embedded import evaluate
from training.embedded.evaluate import PROMPTS, Figures, contact_sheet, write_card

PHOTOS = Path(__file__).parents[1] / "data" / "people"
GALLERY = (990000, 990001)


def _photos(gallery: Any, people: Any, out: Path) -> None:
    for number in gallery:
        (out / str(number)).mkdir(parents=True)
        shutil.copy(PHOTOS / str(number) / "00.png", out / str(number) / "reference.png")


def _photo(identity: int) -> Any:
    return SimpleNamespace(pixels=np.asarray(Image.open(PHOTOS / str(identity) / "00.png").convert("RGB")))


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test people in the place of rendered ones."""
    monkeypatch.setattr(evaluate, "GALLERY", GALLERY)
    monkeypatch.setattr(evaluate, "render_references", _photos)
    monkeypatch.setattr(evaluate, "reference_photo", _photo)


def test_the_prompts_of_the_card_want_what_they_say() -> None:
    for prompt in PROMPTS:
        assert dict(named_attributes(prompt.text)) == dict(prompt.wanted)
        left = {head: key for head, key in prompt.wanted.items() if head != "expression"}
        assert prompt.plain is None or dict(named_attributes(prompt.plain)) == left


def test_a_bundle_is_measured_and_its_card_written(tiny_bundle: Path, tmp_path: Path) -> None:
    figures = evaluate.evaluate(tiny_bundle, people=1)
    assert (figures.pictures, figures.people, figures.steps) == (8, 1, 2)
    assert all(getattr(figures, name) is not None for name in ("detected", "scene", "expression_by_slot"))
    ship = Settings.from_environment({}).bundle
    shutil.copy(ship / "bundle.json", tmp_path)
    shutil.copytree(ship / "judges", tmp_path / "judges")
    facts = json.loads((ship / "figures.json").read_text("utf-8"))["training"]
    unmeasured = {**asdict(figures), "top1_of_100": None, "scene": 0.125}
    once = {**asdict(figures), "scene": 0.375}
    write_card(tmp_path, Figures(**unmeasured), Figures(**once), facts)
    written = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert set(written) == {*asdict(figures), "drawn_once", "training"}
    assert (written["top1_of_100"], written["drawn_once"]["scene"]) == (None, 0.375)
    assert "| scene | 0.12 | 0.38 |" in (tmp_path / "CARD.md").read_text("utf-8")
    assert "not measurable" in (tmp_path / "CARD.md").read_text("utf-8")


def test_the_contact_sheet_has_a_row_a_person_and_one_of_the_class_word(tiny_bundle: Path, tmp_path: Path) -> None:
    contact_sheet(tiny_bundle, tmp_path / "docs" / "sheet.png", GALLERY, [PROMPTS[0].text], cell=20)
    assert Image.open(tmp_path / "docs" / "sheet.png").size == (2 * 20, 3 * 20 + 34)
