"""A method that trains, from the Create tab to its end on the model that ships: learned once, then kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from facepersona_core import studio
from facepersona_core.bundle import Bundle
from facepersona_core.methods import Method, build_method
from facepersona_core.methods.textual_inversion import TextualInversion
from tests.browser.conftest import App

pytestmark = pytest.mark.browser
WAIT = 300_000
"""Milliseconds that loading the models and `STEPS` may take on one busy core."""
STEPS = 24
WATCH = """() => {
    window.told = [];
    const status = document.querySelector("#fp-status");
    new MutationObserver(() => {
        const shown = status.querySelector("[data-state]");
        if (shown) window.told.push([shown.dataset.state, shown.innerText, performance.now() / 1000]);
    }).observe(status, { childList: true, subtree: true, characterData: true, attributes: true });
}"""
"""Notes in ``told`` what the status line shows, however short: state, words, seconds."""
ENDED = "window.told.at(-1)?.[0] === 'done'"


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Textual Inversion as it ships, but with `STEPS` of its two hundred steps."""

    def build(key: str, bundle: Bundle) -> Method:
        return TextualInversion(bundle, steps=STEPS) if key == TextualInversion.card.key else build_method(key, bundle)

    monkeypatch.setattr(studio, "build_method", build)


def run(page: Page, look: Callable[[], None] = lambda: None) -> list[tuple[str, str, float]]:
    """Press Generate and wait for the end; returns what was shown. ``look`` is called once a percentage is."""
    page.evaluate("window.told.length = 0")
    page.locator("#fp-generate").click()
    page.wait_for_function(f"{ENDED} || window.told.some(([state, words]) => /\\d %/.test(words))", timeout=WAIT)
    look()
    page.wait_for_function(ENDED, timeout=WAIT)
    return [(state, words, at) for state, words, at in page.evaluate("window.told")]


def states(told: list[tuple[str, str, float]]) -> list[str]:
    """The states in the order in which they were shown."""
    return [state for state, _ in groupby(state for state, *_ in told)]


def check_learning(told: list[tuple[str, str, float]]) -> None:
    """The page said who learns whom and how far it is; a quick machine may be through between two looks."""
    assert states(told)[-3:] == ["learning", "making", "done"]
    words = [words for state, words, _ in told if state == "learning"]
    assert all("Textual Inversion is learning Aoi" in one for one in words)
    percents = [int(found[1]) for one in words if (found := re.search(r"(\d+) %", one))]
    assert percents == sorted(percents)
    times = [at for state, _, at in told if state == "learning"]
    assert percents or times[-1] - times[0] < 3


def learned(app: App) -> dict[str, Any]:
    """The personas on the disk, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (app.work.settings.home / "personas").glob("*.safetensors")}


def test_textual_inversion_learns_a_person_once(page: Page, app: App, keep: Callable[[Page, str], None]) -> None:
    for name in ("Face2Diffusion", "Class word", "Textual Inversion"):
        page.locator(".fp-method", has_text=name).click()
    card = page.locator(".fp-method", has_text="Textual Inversion")
    expect(card).to_contain_text("Trains first")
    page.locator("#fp-advanced button").first.click()
    page.locator("#fp-steps input[type=number]").fill("4")
    page.locator("#fp-count input[type=number]").fill("1")
    page.locator("#fp-count input[type=number]").blur()
    page.evaluate(WATCH)

    check_learning(run(page, lambda: keep(page, "create_learning")))
    picture = page.locator(".fp-board .fp-picture img")
    expect(picture).to_have_count(1)
    assert picture.evaluate("image => image.complete && image.naturalWidth") == 128
    expect(page.locator(".fp-board .fp-col")).to_have_text(["Textual Inversion"])
    expect(page.locator(".fp-board .fp-scores")).to_contain_text("%")
    expect(card).to_contain_text("Already trained on Aoi")
    keep(page, "create_learned")
    first, kept = picture.get_attribute("src"), learned(app)
    assert len(kept) == 1

    assert "learning" not in states(run(page))
    expect(picture).to_have_attribute("src", str(first))
    page.locator("#fp-seed input").fill("8")
    page.locator("#fp-seed input").blur()
    assert "learning" not in states(run(page))
    expect(picture).not_to_have_attribute("src", str(first))
    assert learned(app) == kept
    made = [app.work.pictures.get(number) for number in (1, 2)]
    assert [(record.method, record.seed) for record in made] == [("textual_inversion", 7), ("textual_inversion", 8)]
    page.reload()
    expect(card).to_contain_text("Already trained on Aoi")
