"""The likeness encoder and its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.errors import WeightsInvalid
from facepersona_core.face2diffusion.checkpoint import load_likeness, save_part
from facepersona_core.face2diffusion.identity import identities_of, identity_of
from facepersona_core.face2diffusion.likeness import LikenessConfig, LikenessEncoder

SMALL = LikenessConfig(channels=(8, 8), output_width=8)


def test_it_fits_beside_the_other_parts() -> None:
    encoder = LikenessEncoder(LikenessConfig()).eval()
    assert sum(parameter.numel() for parameter in encoder.parameters()) < 2_000_000
    assert encoder(torch.zeros(2, 3, 112, 112)).shape == (2, 192)


def test_its_folder_gives_it_back_and_another_shape_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = LikenessEncoder(SMALL).half().float().eval()
    save_part(encoder, tmp_path)
    faces = list(np.random.default_rng(0).integers(0, 255, (3, 112, 112, 3), np.uint8))
    torch.testing.assert_close(identities_of(load_likeness(tmp_path), faces), identities_of(encoder, faces))
    torch.testing.assert_close(identities_of(encoder, faces).mean(0), identity_of(encoder, faces))
    save_part(LikenessEncoder(LikenessConfig(channels=(8, 8), output_width=9)), tmp_path / "wide")
    (tmp_path / "wide" / "model.safetensors").rename(tmp_path / "model.safetensors")
    with pytest.raises(WeightsInvalid, match="layers"):
        load_likeness(tmp_path)


def test_a_bundle_has_one_or_does_without(tiny_bundle: Path, tmp_path: Path) -> None:
    complete = open_bundle(tiny_bundle)
    for part in tiny_bundle.iterdir():
        if part.name != "likeness_encoder":
            (tmp_path / part.name).symlink_to(part)
    without = Bundle(tmp_path)
    assert without.likeness_encoder is None and complete.likeness_encoder is not None
    assert without.sha256 != complete.sha256, "it takes part in choosing between drawings"
