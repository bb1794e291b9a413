"""CGDR and the two stage losses."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from facepersona_core.face2diffusion.cgdr import cgdr_loss, cgdr_target
from facepersona_core.face2diffusion.mapping import MappingConfig, MappingNetwork
from facepersona_core.face2diffusion.training import ArcFaceHead, MappingBatch, mapping_loss


def test_cgdr_by_hand() -> None:
    noise, plain = torch.full((1, 1, 1, 2), 3.0), torch.full((1, 1, 1, 2), -1.0)
    mask = torch.tensor([[[[1.0, 0.25]]]])
    torch.testing.assert_close(cgdr_target(noise, plain, mask), torch.tensor([[[[3.0, 0.0]]]]))
    prediction = torch.tensor([[[[2.0, 2.0]]]])
    assert cgdr_loss(prediction, noise, plain, mask).item() == pytest.approx((1 + 4) / 2)


def test_cgdr_sends_no_gradient_into_the_class_prediction() -> None:
    plain = torch.ones(1, 1, 2, 2, requires_grad=True)
    prediction = torch.zeros(1, 1, 2, 2, requires_grad=True)
    cgdr_loss(prediction, torch.zeros(1, 1, 2, 2), plain, torch.zeros(1, 1, 2, 2)).backward()
    assert plain.grad is None
    assert prediction.grad.abs().sum() > 0


def test_arcface_by_hand() -> None:
    head = ArcFaceHead(2, 2, scale=4.0, margin=0.3)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[2.0, 0.0], [0.0, 5.0]]))
    feature = torch.tensor([[3 * math.cos(0.4), 3 * math.sin(0.4)]])
    a, b = 4 * math.cos(0.4 + 0.3), 4 * math.cos(math.pi / 2 - 0.4)
    expected = -a + math.log(math.exp(a) + math.exp(b))
    assert head(feature, torch.tensor([0])).item() == pytest.approx(expected, rel=1e-5)


def test_a_few_steps_of_stage_two_lower_the_loss_and_touch_only_the_mapping() -> None:
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, in_channels=2, out_channels=2, layers_per_block=1, block_out_channels=(8, 8), norm_num_groups=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=16, attention_head_dim=2,
    ).requires_grad_(False)  # fmt: skip
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=20, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=8, bos_token_id=18, eos_token_id=19, pad_token_id=19,
        )
    ).requires_grad_(False)  # fmt: skip
    scheduler = DDPMScheduler(prediction_type="v_prediction")
    mapping = MappingNetwork(MappingConfig(6, 3, 16, 16, dropout=0.0))
    ids = torch.tensor([[18, 1, 19, 19, 19, 19, 19, 19]]).expand(4, -1)
    batch = MappingBatch(
        torch.randn(4, 2, 8, 8), torch.randn(4, 6), torch.randn(4, 3), torch.ones(4, 1, 8, 8), ids,
        torch.full((4,), 2), ids,
    )  # fmt: skip
    other = replace(batch, expression=torch.randn(4, 3) + 3)
    for told, same in ((True, True), (False, False)):
        losses = [
            mapping_loss(
                unet, text, scheduler, mapping, replace(shown, in_words=torch.full((4,), told)),
                expression_dropout=0, generator=torch.Generator().manual_seed(3),
            ).item()
            for shown in (batch, other)
        ]  # fmt: skip
        assert (losses[0] == losses[1]) is same  # where the words tell the expression, the slot is empty
    before = {k: v.clone() for k, v in unet.state_dict().items()}
    optimiser = torch.optim.Adam(mapping.parameters(), 1e-2)

    def loss() -> torch.Tensor:
        source = torch.Generator().manual_seed(3)
        return mapping_loss(unet, text, scheduler, mapping, batch, expression_dropout=0.5, generator=source)

    start = loss().item()
    for _ in range(15):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
    assert loss().item() < start
    assert mapping.null_exp.grad.abs().sum() > 0
    assert all(torch.equal(v, unet.state_dict()[k]) for k, v in before.items())


def test_cgdr_weighs_channels() -> None:
    prediction = torch.tensor([[[[1.0]], [[3.0]]]])
    zero = torch.zeros(1, 2, 1, 1)
    weight = torch.tensor([1.5, 0.5])[:, None, None]
    assert cgdr_loss(prediction, zero, zero, torch.ones(1, 1, 1, 1), weight).item() == pytest.approx((1.5 + 4.5) / 2)
