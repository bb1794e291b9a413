"""The critic of latents: it learns what is not of the world, and pulls guesses towards what is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from training.embedded.critic import Criticism, CriticTraining

pytestmark = pytest.mark.usefixtures("one_thread")
CONFIG = CriticTraining(channels=(16, 16), rate=2e-3, noise=0.05, weight=0.5, warm_up=10)
SIGNAL = torch.full((16,), 0.9)


def of_the_world(source: torch.Generator) -> Tensor:
    """Both halves alike, as two eyes are."""
    half = torch.randn(16, 2, 8, 4, generator=source)
    return torch.cat([half, half.flip(3)], 3)


def guessed(source: torch.Generator) -> Tensor:
    """The same, but that one half is washed out."""
    whole = of_the_world(source)
    whole[..., 4:] *= 0.2
    return whole


def trained(steps: int) -> tuple[Criticism, torch.Generator, list[float]]:
    torch.manual_seed(0)
    criticism, source = Criticism(2, torch.ones(2), CONFIG), torch.Generator().manual_seed(1)
    told = [criticism.learn(of_the_world(source), guessed(source), SIGNAL, source) for _ in range(steps)]
    return criticism, source, told


def test_it_learns_to_tell_guesses_from_the_world() -> None:
    criticism, source, told = trained(150)
    assert told[0] == pytest.approx(1, abs=0.1)  # it knows nothing yet
    assert sum(told[-10:]) / 10 < 0.6
    with torch.no_grad():
        real, guess = (criticism.critic(make(source), SIGNAL).mean() for make in (of_the_world, guessed))
    assert real > guess


def test_its_gradient_is_as_long_as_asked_and_leads_to_what_is_taken_for_the_world() -> None:
    criticism, source, _ = trained(60)
    guess, reward = guessed(source), torch.randn(16, 2, 8, 8, generator=source)
    before = guess.clone()
    pull = criticism.gradient(guess, SIGNAL, reward, source)
    assert float(pull.norm() / reward.norm()) == pytest.approx(CONFIG.weight, rel=1e-4)
    with torch.no_grad():
        moved = criticism.critic(before - 3 * pull / pull.abs().max(), SIGNAL).mean()
        assert moved > criticism.critic(before, SIGNAL).mean()
    assert torch.equal(guess, before)


def test_at_first_it_hardly_counts() -> None:
    criticism, source, _ = trained(1)
    reward = torch.ones(16, 2, 8, 8)
    pull = criticism.gradient(guessed(source), SIGNAL, reward, source)
    assert float(pull.norm() / reward.norm()) == pytest.approx(CONFIG.weight / CONFIG.warm_up, rel=1e-4)


def test_it_goes_on_where_it_was() -> None:
    criticism, source, _ = trained(5)
    again = Criticism(2, torch.ones(2), CONFIG)
    again.load_state_dict(criticism.state_dict())
    assert again.step == 5
    x = of_the_world(source)
    criticism.critic.eval()
    again.critic.eval()
    assert torch.equal(again.critic(x, SIGNAL), criticism.critic(x, SIGNAL))
