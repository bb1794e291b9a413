"""What the likeness encoder is trained on, and in which precision anything is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from training.embedded import autoencoder, likeness, loop
from training.embedded.data import load_pictures

PEOPLE = Path(__file__).parents[1] / "data" / "people"


def test_some_pictures_are_shown_as_drawn() -> None:
    torch.manual_seed(0)
    vae = autoencoder.build(autoencoder.AutoencoderConfig(channels=(8, 8, 16, 16)), 128)
    autoencoder.start_as_identity(vae)
    before = load_pictures(PEOPLE)
    kept, some = before.pixels.copy(), np.arange(0, len(before), 2)
    shown = likeness.as_drawn(before, some, vae.eval(), noise=0.1, seed=3, batch=4)
    np.testing.assert_array_equal(before.pixels, kept)
    np.testing.assert_array_equal(shown.pixels[1::2], kept[1::2])
    far = np.abs(shown.pixels[::2].astype(float) - kept[::2]).mean((1, 2, 3))
    assert (far > 1).all() and (far < 40).all()
    np.testing.assert_array_equal(likeness.as_drawn(before, some, vae, noise=0.1, seed=3, batch=4).pixels, shown.pixels)
    clean = likeness.as_drawn(before, some, vae, noise=0.0, seed=3, batch=4)
    assert np.abs(clean.pixels[::2].astype(float) - kept[::2]).mean() < far.mean()


@pytest.mark.parametrize(
    ("can", "computed"),
    [
        ({"avx512_f": True, "avx512_bf16": False}, torch.float32),
        ({"amx_bf16": True}, torch.bfloat16),
        ({"neon": True, "bf16": True}, torch.bfloat16),
    ],
)
def test_a_processor_computes_in_half_precision_only_where_that_is_faster(
    can: dict[str, bool], computed: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: can)
    with loop.half_precision(torch.device("cpu")):
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == computed
