"""The expression encoder and its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.errors import WeightsInvalid
from facepersona_core.face2diffusion.checkpoint import load_expression, save_part
from facepersona_core.face2diffusion.expression import ExpressionConfig, ExpressionEncoder, coefficients_of
from training.embedded.assemble import write_expressions

SMALL = ExpressionConfig(expression=3, channels=(8, 8), width=8)


def test_it_fits_beside_the_other_parts() -> None:
    encoder = ExpressionEncoder(ExpressionConfig()).eval()
    assert sum(parameter.numel() for parameter in encoder.parameters()) < 700_000
    assert encoder(torch.zeros(2, 3, 112, 112)).shape == (2, 20)


def test_coefficients_are_in_the_world_s_units_and_one_that_never_varies_keeps_its_mean() -> None:
    torch.manual_seed(0)
    encoder = ExpressionEncoder(SMALL).eval()
    face = torch.randn(4, 3, 112, 112)
    plain = encoder(face)
    encoder.mean.copy_(torch.tensor([1.0, 0.0, 0.5]))
    encoder.deviation.copy_(torch.tensor([2.0, 1.0, 0.0]))
    torch.testing.assert_close(encoder(face), plain * torch.tensor([2.0, 1.0, 0.0]) + torch.tensor([1.0, 0.0, 0.5]))


def test_its_folder_gives_it_back_and_another_shape_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    encoder = ExpressionEncoder(SMALL).half().float().eval()
    save_part(encoder, tmp_path)
    face = np.random.default_rng(0).integers(0, 255, (112, 112, 3), np.uint8)
    read = coefficients_of(load_expression(tmp_path), face)
    assert read == coefficients_of(encoder, face)
    assert read == tuple(round(value, 4) for value in read) and len(read) == 3
    save_part(ExpressionEncoder(ExpressionConfig(expression=4, channels=(8, 8), width=8)), tmp_path / "wide")
    (tmp_path / "wide" / "model.safetensors").rename(tmp_path / "model.safetensors")
    with pytest.raises(WeightsInvalid, match=r"head\.weight"):
        load_expression(tmp_path)


def test_a_bundle_has_one_or_does_without(tiny_bundle: Path, tmp_path: Path) -> None:
    complete = open_bundle(tiny_bundle)
    assert complete.reads_expressions
    for part in tiny_bundle.iterdir():
        if part.name != "expression_encoder":
            (tmp_path / part.name).symlink_to(part)
    without = Bundle(tmp_path)
    assert not without.reads_expressions and without.expression_encoder is None
    encoder = complete.expression_encoder
    assert encoder is not None and encoder.config.expression == without.mapping.config.expression
    assert without.expressions.keys() == complete.expressions.keys()
    assert without.sha256 != complete.sha256, "it takes part in choosing between drawings"


def test_what_the_slot_is_told_is_part_of_what_makes_a_picture(tiny_bundle: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_bundle, tmp_path / "other")
    before, means = Bundle(tmp_path / "other"), open_bundle(tiny_bundle).expression_means
    assert before.sha256 == open_bundle(tiny_bundle).sha256
    write_expressions(tmp_path / "other", {name: mean.tolist() for name, mean in means.items()}, {"smile": 1.5})
    after = Bundle(tmp_path / "other")
    assert after.sha256 != before.sha256
    np.testing.assert_allclose(after.expressions["smile"], 1.5 * means["smile"], rtol=1e-6)
    np.testing.assert_array_equal(after.expression_means["smile"], means["smile"])
    np.testing.assert_array_equal(after.expressions["pout"], means["pout"])
