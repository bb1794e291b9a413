"""Photos of held-out people: plain references that differ in paper and turn, varied others, rendered once."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from training.synthetic.dataset import HELD_OUT_IDENTITIES
from training.synthetic.references import GALLERY, OTHERS, TURN, other_photos, reference_photo, render_references


@pytest.mark.slow
def test_references_are_plain_and_others_are_varied() -> None:
    taken = [reference_photo(identity, 32).labels for identity in GALLERY[:4]]
    assert all(one.scene.startswith("studio_") and abs(one.yaw) <= TURN for one in taken)
    assert {one.expression for one in taken} == {"neutral"} and len({one.scene for one in taken}) > 1
    others = [photo.labels for photo in other_photos(GALLERY[0], 32)]
    assert len({one.scene for one in others}) > 1 and len({one.yaw for one in others}) == OTHERS


@pytest.mark.slow
def test_photos_are_rendered_once_and_only_for_held_out_people(tmp_path: Path) -> None:
    assert set(GALLERY) <= set(HELD_OUT_IDENTITIES) and len(GALLERY) == 100
    render_references(GALLERY[:2], GALLERY[:1], tmp_path, size=32)
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png"))
    own = [f"{GALLERY[0]}/{number}.png" for number in range(1, OTHERS + 1)]
    assert written == [*own, f"{GALLERY[0]}/reference.png", f"{GALLERY[1]}/reference.png"]
    Image.new("RGB", (1, 1)).save(tmp_path / written[0])
    render_references(GALLERY[:2], GALLERY[:1], tmp_path, size=32)
    assert Image.open(tmp_path / written[0]).size == (1, 1)
