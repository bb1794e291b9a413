"""The reader of latents: what it measures between two latents, and that it learns people and is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, cast

import pytest
import torch
from torch import Tensor

from training.embedded import perception
from training.embedded.data import Label
from training.embedded.latents import Latents
from training.embedded.loop import Log
from training.embedded.text_to_image import Batch, TextToImage, build_scheduler, training_loss
from training.synthetic.expression import COEFFICIENTS

CONFIG = perception.PerceptionTraining(channels=(16, 32), width=32, minutes=0.25, batch=16, noise=0.1, held_out=4)
pytestmark = pytest.mark.usefixtures("one_thread")
PEOPLE, EACH, FEATURES = 16, 8, 3
QUESTIONS = perception.Questions(PEOPLE, FEATURES, 5, (2, 1, 1, 1, 1))


def latents_of(features: Tensor) -> Latents:
    """Latents [2, N, 4, 8, 8] whose first channels are the person's features, the rest noise."""
    source = torch.Generator().manual_seed(0)
    person = torch.arange(PEOPLE).repeat_interleave(EACH)
    mean = 0.3 * torch.randn(2, len(person), 4, 8, 8, generator=source)
    mean[:, :, :FEATURES] += features[person][None, :, :, None, None]
    nothing = torch.zeros(2, len(person), 1, dtype=torch.int16)
    return Latents(
        mean=mean.half(),
        deviation=torch.full_like(mean, 0.01).half(),
        mask=torch.ones(2, len(person), 1, 8, 8).half(),
        expression=torch.randn(2, len(person), 5, generator=source),
        named=nothing,
        position=nothing,
        plain=nothing,
        person=person,
        empty=torch.zeros(1, dtype=torch.int16),
        visible=torch.ones(4),
    )


def drawn_of(features: Tensor) -> perception.Drawn:
    """Whose clothes follow the first feature."""
    warm = (features[:, 0] > 0).repeat_interleave(EACH).tolist()
    same: Label = {"cloth_colour": "red", "glasses": "none", "light": "soft", "expression": "smile"}
    turned: Label = {"yaw": 0.0, "roll": 0.0, "expression_vector": [0.0] * len(COEFFICIENTS)}
    labels = [{**same, **turned, "clothes": "coat" if each else "shirt"} for each in warm]
    return perception.Drawn(labels, latents_of(features), features)


@pytest.fixture(scope="module")
def features() -> Tensor:
    """Nobody's first one is near nothing: whose clothes are whose can be told."""
    drawn = torch.randn(PEOPLE, FEATURES, generator=torch.Generator().manual_seed(1))
    drawn[:, 0] += drawn[:, 0].sign()
    return drawn


def test_the_distance_is_none_to_itself_and_its_gradient_is_the_guess_s() -> None:
    torch.manual_seed(0)
    reader = perception.LatentReader(4, 8, QUESTIONS, CONFIG)
    true = torch.randn(3, 4, 8, 8, requires_grad=True)
    guess = (true.detach() + torch.tensor([0.0, 0.3, 1.0])[:, None, None, None]).requires_grad_(True)
    distance = perception.perceptual_distance(reader, guess, true)
    assert distance.shape == (3,)
    assert distance[0] == 0
    assert 0 < distance[1] < distance[2]
    distance.sum().backward()
    assert true.grad is None
    assert guess.grad is not None
    assert guess.grad[0].abs().sum() == 0
    assert guess.grad[2].abs().sum() > 0


def test_it_learns_to_tell_unseen_people_apart_and_is_kept(features: Tensor, tmp_path: Path) -> None:
    drawn, log = drawn_of(features), Log(tmp_path / "log.jsonl")
    latents = drawn.latents
    reader = perception.train(drawn, CONFIG, tmp_path, log)
    told = log.path.read_text()
    assert json.loads(told)["auc"] > 0.9
    assert json.loads(told)["clothes"] > 0.7
    assert not any(parameter.requires_grad for parameter in reader.parameters())
    other, same = latents.mean[0, [EACH]].float(), latents.mean[0, [1]].float()
    first = latents.mean[0, [0]].float()
    near = perception.perceptual_distance(reader, same, first)
    assert near < perception.perceptual_distance(reader, other, first)

    kept = perception.train(drawn, CONFIG, tmp_path, log)
    assert log.path.read_text() == told  # loaded, not trained again
    assert torch.equal(kept(first)[1], reader(first)[1])


def asked_for(
    asked: Literal["expression", "clothes"], features: Tensor
) -> tuple[perception.LatentReader, Tensor, perception.Truth]:
    """An untrained reader of that alone, two latents, and what they show."""
    torch.manual_seed(0)
    reader = perception.LatentReader(4, 8, QUESTIONS, replace(CONFIG, asked=asked)).eval()
    truth = drawn_of(features).truth(torch.zeros(2, dtype=torch.int64), torch.tensor([0, EACH]))
    return reader, torch.randn(2, 4, 8, 8), truth


def test_a_reader_of_expressions_minds_nothing_else(features: Tensor) -> None:
    reader, latents, truth = asked_for("expression", features)
    said = reader.wrong(latents, truth)
    other = replace(truth, person=truth.person.flip(0), features=truth.features + 1)
    assert torch.equal(reader.wrong(latents, other), said)
    assert (reader.wrong(latents, replace(truth, expression=truth.expression + 1)) != said).all()


def test_a_reader_of_clothes_minds_nothing_else_and_what_counts_more_costs_more(features: Tensor) -> None:
    reader, latents, truth = asked_for("clothes", features)
    said = reader.wrong(latents, truth)
    other = replace(truth, person=truth.person.flip(0), features=truth.features + 1, expression=truth.expression + 1)
    assert torch.equal(reader.wrong(latents, other), said)
    changed = truth.attributes.clone()
    changed[:, 0] = 1 - changed[:, 0]  # the one attribute of this world that has two classes
    assert (reader.wrong(latents, replace(truth, attributes=changed)) != said).all()
    assert torch.allclose(reader.wrong(latents, truth, {"clothes": 3.0}), 3 * said)


class _Says:
    """A text-to-image model that answers with a given velocity."""

    def __init__(self, velocity: Tensor) -> None:
        self.velocity = velocity

    def condition(self, batch: Batch) -> None:
        return None

    def unet(self, x: Tensor, t: Tensor, encoder_hidden_states: None) -> SimpleNamespace:
        return SimpleNamespace(sample=self.velocity)


def test_the_right_velocity_leaves_nothing_to_see_and_a_wrong_one_costs_more_than_its_square(features: Tensor) -> None:
    torch.manual_seed(0)
    latents, scheduler, reader = (
        latents_of(features),
        build_scheduler(),
        perception.LatentReader(4, 8, QUESTIONS, CONFIG),
    )
    z, t = latents.mean[0, :3].float(), torch.tensor([10, 300, 999])
    unused = torch.zeros(3)
    batch = Batch(z, unused, unused, unused, unused, unused, 0, torch.ones(3, 1, 8, 8))
    noise = torch.randn(z.shape)
    right = scheduler.get_velocity(z, noise, t)

    def loss(velocity: Tensor) -> Tensor:
        model = cast(TextToImage, _Says(velocity))
        return training_loss(model, batch, scheduler, t, noise, torch.ones(()), reader, perception_weight=1.0)

    assert loss(right).max() < 1e-4
    wrong = loss(right + 0.3)
    assert (wrong[:2] > 0.0901).all()
    assert wrong[2] < wrong[1]  # the guess from hardly anything but noise is not looked at
