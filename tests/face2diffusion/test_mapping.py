"""The mapping network and its checkpoint."""

from __future__ import annotations

import torch

from facepersona_core.face2diffusion.checkpoint import load_mapping, load_official_mapping, save_part
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork


def test_official_names_and_shapes(tmp_path) -> None:
    mapping = MappingNetwork.official()
    names = {"null_exp"}
    for word in ("i2t_first", "i2t_last"):
        for part in ("layers.0.0", "layers.1.0", "fc_out"):
            names |= {f"{word}.{part}.weight", f"{word}.{part}.bias"}
    assert set(mapping.state_dict()) == names
    assert mapping.state_dict()["i2t_first.layers.0.0.weight"].shape == (1536, 1600)
    torch.save(mapping.state_dict(), tmp_path / "mapping.pt")
    first, last = load_official_mapping(tmp_path / "mapping.pt")(torch.zeros(3, 1536))
    assert first.shape == last.shape == (3, 768)


def test_no_expression_means_the_learned_null_vector() -> None:
    torch.manual_seed(0)
    mapping = MappingNetwork(MappingConfig(8, 4, 16, 6)).eval()
    torch.nn.init.normal_(mapping.null_exp)
    identity = torch.randn(2, 8)
    explicit = mapping(identity, mapping.null_exp.expand(2, -1))
    other = mapping(identity, torch.ones(2, 4))
    for a, b, c in zip(mapping(identity), explicit, other, strict=True):
        torch.testing.assert_close(a, b)
        assert not torch.allclose(a, c)


def test_words_are_the_documented_mlp(tmp_path) -> None:
    """LeakyReLU 0.2 after each of two hidden layers, none after the last; dropout silent in eval."""
    torch.manual_seed(1)
    mapping = MappingNetwork(MappingConfig(5, 3, 7, 4)).eval()
    save_part(mapping, tmp_path)
    mapping = load_mapping(tmp_path)
    w, x = mapping.state_dict(), torch.randn(2, 8)
    for word, got in zip(("i2t_first", "i2t_last"), mapping(x[:, :5], x[:, 5:]), strict=True):
        y = x
        for layer in ("layers.0.0", "layers.1.0"):
            y = y @ w[f"{word}.{layer}.weight"].T + w[f"{word}.{layer}.bias"]
            y = torch.where(y > 0, y, 0.2 * y)
        y = y @ w[f"{word}.fc_out.weight"].T + w[f"{word}.fc_out.bias"]
        torch.testing.assert_close(got, y)
