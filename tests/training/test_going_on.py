"""Going on from what was trained before: heads for a trained encoder, a whole bundle; weights that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facepersona_core.bundle import open_bundle
from facepersona_core.errors import WeightsInvalid
from facepersona_core.face2diffusion.training import ArcFaceHead
from facepersona_core.judge import AttributeJudge, AttributeNetwork
from training.embedded import judges
from training.embedded.identity import heads_for
from training.embedded.mapping import mean_vectors
from training.embedded.recipe import Run
from training.embedded.sizes import toy


def test_heads_begin_with_what_the_encoder_already_says() -> None:
    source = torch.Generator().manual_seed(0)
    person = np.repeat(np.arange(5), 20)
    truth = torch.randn(5, 3, generator=source)
    centres = torch.randn(5, 12, generator=source)
    vectors = 2 + centres[person] + 0.2 * torch.randn(100, 12, generator=source)
    head, teller = ArcFaceHead(12, 5), nn.Linear(12, 3)
    heads_for(vectors, person, truth, head, teller, ridge=0.01)
    said = F.linear(F.normalize(vectors), F.normalize(head.weight)).argmax(1)
    assert said.tolist() == person.tolist()
    with torch.no_grad():
        assert F.mse_loss(teller(vectors), truth[person]) < 0.1 * truth.var()


def test_mean_vectors_are_those_of_each_person() -> None:
    vectors = torch.tensor([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]])
    assert mean_vectors(vectors, torch.tensor([0, 0, 1])).tolist() == [[2.0, 1.0], [5.0, 5.0]]


def test_a_judge_of_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    network = AttributeNetwork(judges.judge_heads())
    del network.yaw
    judges.save_judge(network, tmp_path, {})
    with pytest.raises(WeightsInvalid, match="yaw"):
        AttributeJudge(tmp_path)


@pytest.mark.slow
def test_a_bundle_whose_work_folder_is_gone_is_trained_on(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    Run(toy(), first, first / "bundle").all()
    second.mkdir()
    (second / "data").symlink_to(first / "data")
    Run(toy(), second, second / "bundle").go_on(first / "bundle")
    stages = [json.loads(line)["stage"] for line in (second / "log.jsonl").read_text().splitlines()]
    readers = ["perception"] * len(toy().readers)
    assert stages == [*readers, "identity", "mapping_names", "together", *["slot"] * 10]
    before, after = open_bundle(first / "bundle"), open_bundle(second / "bundle")
    assert after.sha256 != before.sha256
    for config in (second / "bundle").rglob("*.json"):
        assert str(tmp_path) not in config.read_text()
    kept = ("expression_encoder/model.safetensors", "likeness_encoder/model.safetensors")
    for same in ("vae/diffusion_pytorch_model.safetensors", *kept):
        assert (second / "bundle" / same).read_bytes() == (first / "bundle" / same).read_bytes()
    words = [
        json.loads((each / "bundle" / "tokenizer" / "tokenizer.json").read_text())["model"] for each in (first, second)
    ]
    assert words[0] == words[1]
