"""Training on own pictures: what is drawn and shown, how it is weighed, and that it does what it is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from transformers import CLIPTokenizer

from facepersona_core.face2diffusion.injection import tokenize_prompt
from training.embedded import loop, perception, reward, text_to_image
from training.embedded.latents import Latents
from training.embedded.loop import Log
from training.embedded.names import Names
from training.embedded.who import TrueFeatures
from training.embedded.words import build_tokenizer
from training.synthetic.expression import COEFFICIENTS

pytestmark = pytest.mark.usefixtures("one_thread")
PEOPLE, EACH, FEATURES, GRID = 8, 6, 3, 8
BASE = text_to_image.TextToImageConfig(
    channels=(16, 32), groups=4, heads=2, text_width=32, text_layers=1, batch=8, compiled=False
)
CONFIG = reward.RewardTraining(
    minutes=1.0, rate=2e-3, text_rate=1.0, drawn=4, steps=4, skipped=1, shown=2, batch=4, true_batch=2,
    reward_weight=10.0, recovery=0.0, average=0.9,
)  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    return build_tokenizer(tmp_path_factory.mktemp("words"))


@pytest.fixture(scope="module")
def drawn(tokenizer: CLIPTokenizer) -> perception.Drawn:
    source = torch.Generator().manual_seed(0)
    person = torch.arange(PEOPLE).repeat_interleave(EACH)
    count = len(person)
    mean = 0.3 * torch.randn(2, count, 4, GRID, GRID, generator=source)
    ids, position = tokenize_prompt(tokenizer, "a photo of S*")
    named = ids.short().expand(2, count, 4, -1)
    latents = Latents(
        mean=mean.half(),
        deviation=torch.full_like(mean, 0.01).half(),
        mask=torch.ones(2, count, 1, GRID, GRID).half(),
        expression=torch.randn(2, count, len(COEFFICIENTS), generator=source),
        named=named,
        position=torch.full((2, count, 4), position, dtype=torch.int16),
        plain=named,
        person=person,
        empty=ids[0].short(),
        visible=torch.ones(4),
    )
    label = {"yaw": 0.0, "roll": 0.0, "expression_vector": [0.0] * len(COEFFICIENTS), "expression": "smile"}
    label |= {"clothes": "coat", "cloth_colour": "red", "glasses": "none", "light": "soft"}
    return perception.Drawn([label] * count, latents, torch.randn(PEOPLE, FEATURES, generator=source))


def untrained(tokenizer: CLIPTokenizer) -> text_to_image.TextToImage:
    torch.manual_seed(1)
    unet = text_to_image.build_unet(BASE, 4, GRID)
    nn.init.normal_(unet.conv_out.weight, std=0.05)
    return text_to_image.TextToImage(unet, text_to_image.build_text_encoder(BASE, tokenizer), Names(FEATURES, 32))


def truth(drawn: perception.Drawn) -> TrueFeatures:
    return TrueFeatures(drawn.features, drawn.latents.person)


class Turns:
    """A clock by which every look at the time is a second, so that a minute is as many turns on every machine."""

    def __init__(self, minutes: float, spent: float) -> None:
        self.total, self.spent = 60 * minutes, spent

    @property
    def fraction(self) -> float:
        self.spent += 1
        return min(1.0, self.spent / self.total)


class Wants(nn.Module):
    """A reader that wants the first channel to be the person's first feature everywhere."""

    def __init__(self, noise: float = 0.1) -> None:
        super().__init__()
        self.config = perception.PerceptionTraining(noise=noise, shift=0, held_out=2)

    def wrong(self, latents: Tensor, truth: perception.Truth, weights: Mapping[str, float]) -> Tensor:
        return (latents[:, 0].mean((1, 2)) - truth.features[:, 0]).pow(2)

    def forward(self, latents: Tensor) -> tuple[list[Tensor], Tensor]:
        return [latents], latents.flatten(1)


def test_guesses_are_on_the_way_of_drawings_from_noise_and_tell_what_was_asked_for(
    tokenizer: CLIPTokenizer, drawn: perception.Drawn
) -> None:
    model, source = untrained(tokenizer), torch.Generator().manual_seed(3)
    guesses = reward.draw_guesses(model, drawn, truth(drawn), 3, CONFIG, source)
    assert len(guesses) == CONFIG.drawn * CONFIG.shown
    assert guesses.noisy.shape == (len(guesses), 4, GRID, GRID)
    levels = text_to_image.build_sampler()
    levels.set_timesteps(CONFIG.steps)
    assert set(guesses.t.tolist()) <= set(levels.timesteps[CONFIG.skipped :].tolist())
    assert set(guesses.truth.person.tolist()) <= {1, 2}  # of the first three; the first pictures only validate
    assert torch.equal(guesses.truth.features, guesses.batch.features)
    for one in range(CONFIG.drawn):  # the same drawing at different noise
        assert len(set(guesses.t[one :: CONFIG.drawn].tolist())) == CONFIG.shown
    with torch.no_grad():
        empty = model.text_encoder(drawn.latents.empty.long()[None]).last_hidden_state.expand(len(guesses), -1, -1)
        again = model.unet(guesses.noisy, guesses.t, encoder_hidden_states=empty).sample
    assert (again - guesses.unguided).abs().max() < 0.05  # bfloat16


def test_the_reward_reads_the_guided_guess_and_weighs_it_by_the_signal(
    tokenizer: CLIPTokenizer, drawn: perception.Drawn
) -> None:
    scheduler, source = text_to_image.build_scheduler(), torch.Generator().manual_seed(4)
    guesses = reward.draw_guesses(untrained(tokenizer), drawn, truth(drawn), PEOPLE, CONFIG, source)
    told = torch.randn(guesses.noisy.shape, generator=source)
    model = SimpleNamespace(condition=lambda batch: None, unet=lambda *a, **k: SimpleNamespace(sample=told))
    guess, share = reward.clean_guess(model, guesses, scheduler)  # type: ignore[arg-type]
    loss = reward.reward_loss(guess, share, guesses.truth, [Wants(noise=0.0)], torch.ones(4), 1.0, source)  # type: ignore[list-item]
    signal = scheduler.alphas_cumprod[guesses.t][:, None, None, None]
    velocity = guesses.unguided + guesses.guidance[:, None, None, None] * (told - guesses.unguided)
    clean = signal.sqrt() * guesses.noisy - (1 - signal).sqrt() * velocity
    wrong = (clean[:, 0].mean((1, 2)) - guesses.truth.features[:, 0]) ** 2
    assert torch.allclose(loss, signal.flatten().sqrt() * wrong, rtol=0.05, atol=1e-3)


def test_training_brings_the_models_own_pictures_nearer_to_what_the_reader_wants_and_resumes(
    tokenizer: CLIPTokenizer, drawn: perception.Drawn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "Clock", Turns)
    scheduler, log = text_to_image.build_scheduler(), Log(tmp_path / "log.jsonl")

    def wrong(model: text_to_image.TextToImage) -> float:
        source = torch.Generator().manual_seed(5)
        guesses = reward.draw_guesses(model, drawn, truth(drawn), PEOPLE, replace(CONFIG, drawn=48), source)
        with torch.no_grad():
            guess, share = reward.clean_guess(model, guesses, scheduler)
            losses = reward.reward_loss(guess, share, guesses.truth, [Wants()], torch.ones(4), 1.0, source)  # type: ignore[list-item]
        return float(losses.mean())

    model = untrained(tokenizer)
    torch.manual_seed(0)  # the names' noise
    before = wrong(model)
    reward.train(model, drawn, truth(drawn), [Wants()], CONFIG, BASE, tmp_path, log)  # type: ignore[list-item]
    assert wrong(model) < 0.75 * before
    told, again = log.path.read_text(), untrained(tokenizer)
    reward.train(again, drawn, truth(drawn), [Wants()], CONFIG, BASE, tmp_path, log)  # type: ignore[list-item]
    assert log.path.read_text() == told  # loaded, not trained again
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
