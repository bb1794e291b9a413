"""The identity encoder against an independent reading of the published layout."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from facepersona_core.errors import WeightsInvalid, WeightsMissing
from facepersona_core.face2diffusion.checkpoint import load_identity, load_official_identity, save_part
from facepersona_core.face2diffusion.identity import IdentityConfig, IdentityEncoder

SMALL = IdentityConfig(patch_size=28, width=16, depth=4, heads=2, taps=(1, 3))


def official_names() -> set[str]:
    """The state dict that the release is documented to have, written out from the method's facts."""
    names = {"cls_token", "pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias"}
    for block in range(12):
        for part in ("norm1", "norm2", "attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"):
            names |= {f"blocks.{block}.{part}.weight", f"blocks.{block}.{part}.bias"}
    for tap in (2, 5, 8, 11):
        for key in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            names.add(f"norms.layer_{tap}.0.{key}")
        names |= {f"norms.layer_{tap}.1.weight", f"norms.layer_{tap}.1.bias"}
    return names


def test_official_shape_and_names() -> None:
    encoder = IdentityEncoder.official()
    assert set(encoder.state_dict()) == official_names()
    assert encoder.state_dict()["pos_embed"].shape == (1, 197, 384)
    assert encoder.state_dict()["blocks.0.attn.qkv.weight"].shape == (1152, 384)
    with torch.no_grad():
        assert encoder.eval()(torch.zeros(2, 3, 112, 112)).shape == (2, 1536)


def test_forward_is_a_plain_vision_transformer() -> None:
    """Against the same arithmetic written with torch's own attention from the state dict alone."""
    torch.manual_seed(0)
    encoder = IdentityEncoder(SMALL).eval()
    w = encoder.state_dict()
    face = torch.randn(2, 3, 112, 112)
    x = F.conv2d(face, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], 28).flatten(2).transpose(1, 2)
    x = torch.cat([w["cls_token"].expand(2, -1, -1), x], 1) + w["pos_embed"]
    scales = []
    for i in range(4):
        b = f"blocks.{i}."
        y = F.layer_norm(x, (16,), w[b + "norm1.weight"], w[b + "norm1.bias"], 1e-6)
        y, _ = F.multi_head_attention_forward(
            y.transpose(0, 1), y.transpose(0, 1), y.transpose(0, 1), 16, 2,
            w[b + "attn.qkv.weight"], w[b + "attn.qkv.bias"], None, None, False, 0.0,
            w[b + "attn.proj.weight"], w[b + "attn.proj.bias"], training=False,
        )  # fmt: skip
        x = x + y.transpose(0, 1)
        y = F.layer_norm(x, (16,), w[b + "norm2.weight"], w[b + "norm2.bias"], 1e-6)
        y = F.gelu(F.linear(y, w[b + "mlp.fc1.weight"], w[b + "mlp.fc1.bias"]))
        x = x + F.linear(y, w[b + "mlp.fc2.weight"], w[b + "mlp.fc2.bias"])
        if i in (1, 3):
            n = f"norms.layer_{i}."
            token = x[:, 0] / torch.sqrt(w[n + "0.running_var"] + 1e-5)  # mean 0, weight 1, bias 0 when untrained
            scales.append(F.layer_norm(token, (16,), w[n + "1.weight"], w[n + "1.bias"]))
    with torch.no_grad():
        torch.testing.assert_close(encoder(face), torch.cat(scales, 1), rtol=1e-4, atol=1e-5)


def test_official_file_with_unused_norm_loads(tmp_path) -> None:
    state = IdentityEncoder.official().state_dict() | {"norm.weight": torch.ones(384), "norm.bias": torch.zeros(384)}
    torch.save(state, tmp_path / "msid.pt")
    with pytest.warns(UserWarning, match=r"norm\.bias, norm\.weight"):
        encoder = load_official_identity(tmp_path / "msid.pt")
    torch.testing.assert_close(encoder.cls_token, state["cls_token"])
    assert not encoder.training


def test_wrong_and_missing_files_are_named(tmp_path) -> None:
    with pytest.raises(WeightsMissing, match=r"msid\.pt"):
        load_official_identity(tmp_path / "msid.pt")
    state = IdentityEncoder.official().state_dict() | {"cls_token": torch.zeros(1, 1, 8)}
    torch.save(state, tmp_path / "msid.pt")
    with pytest.raises(WeightsInvalid, match=r"cls_token \(1, 1, 8\)"):
        load_official_identity(tmp_path / "msid.pt")


def test_own_folder_keeps_the_function_to_half_precision(tmp_path) -> None:
    encoder = IdentityEncoder(SMALL).eval()
    save_part(encoder, tmp_path / "part")
    face = torch.randn(1, 3, 112, 112)
    with torch.no_grad():
        torch.testing.assert_close(load_identity(tmp_path / "part")(face), encoder(face), rtol=2e-2, atol=2e-2)
