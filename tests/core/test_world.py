"""Which attributes a prompt names."""

from __future__ import annotations

import pytest

from facepersona_core.world import named_attributes, world


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        ("a photo of S*", set()),
        ("a photo of S* on the moon", set()),
        ("a photo of S* in a red winter coat", {("clothes", "coat"), ("cloth_colour", "red")}),
        ("S* in front of a red background", {("scene", "studio_red")}),
        ("S* wearing sunglasses", {("glasses", "sunglasses")}),
        ("S* wearing glasses", {("glasses", "glasses")}),
        ("S* without glasses", {("glasses", "none")}),
        ("S* with red hair in a blue suit", {("hair_colour", "red"), ("clothes", "suit"), ("cloth_colour", "blue")}),
        ("S* in a navy blue hoodie", {("clothes", "hoodie"), ("cloth_colour", "navy")}),
        ("S* dressed in red", {("cloth_colour", "red")}),
        ("an old S* with long black hair", {("age", "old"), ("hair", "long"), ("hair_colour", "black")}),
        ("S* in an old library", {("scene", "library")}),
        ("a pencil drawing of S*", {("style", "pencil")}),
        ("S* laughing, lit from the left", {("expression", "laugh"), ("light", "left")}),
        ("S* with eyes closed, looking to the left", {("expression", "closed"), ("pose", "left")}),
        ("S* SMILING at a BEACH!", {("expression", "smile"), ("scene", "beach")}),
    ],
)
def test_named_attributes(prompt: str, named: set[tuple[str, str]]) -> None:
    assert set(named_attributes(prompt)) == named


@pytest.mark.parametrize("head", ["scene", "clothes", "glasses", "expression", "light", "pose"])
def test_every_phrasing_names_its_own_class_only(head: str) -> None:
    for key, phrases in world()[head].items():
        for phrase in phrases:
            assert named_attributes(f"a photo of S* {phrase}") == [(head, key)], phrase


@pytest.mark.parametrize("garment", ["t-shirt", "winter coat", "suit and tie", "tank top"])
def test_every_colour_of_a_garment_is_found(garment: str) -> None:
    for key, phrases in world()["cloth_colour"].items():
        for phrase in phrases:
            assert ("cloth_colour", key) in named_attributes(f"S* in a {phrase} {garment}")
