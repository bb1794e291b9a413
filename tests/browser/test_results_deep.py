"""Results in depth in a real browser: asked for, computed, told in two languages, then out of date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from rating_site import ARTEFACTS, Site, rate_all

pytestmark = pytest.mark.browser
WAIT = 90_000


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(WAIT)
    yield context.new_page()
    context.close()


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.locator("#fp-deep-run").scroll_into_view_if_needed()
    page.wait_for_timeout(1500)  # plots draw one by one
    page.screenshot(path=str(ARTEFACTS / name), full_page=True)


def test_in_depth_on_demand_and_never_mistaken_for_newer(running: Site, page: Page) -> None:
    rate_all(running, ("Aiko", "Ben", "Chika"))
    running.store.ratings.practised(running.join("Aiko").id, 17, 20)
    page.goto(running.url)
    page.wait_for_selector("#fp-tabs")
    page.click("#fp-tabs [role=tab]:nth-of-type(2)")
    expect(page.locator("#fp-deep-note")).to_contain_text("Not computed yet", timeout=WAIT)
    expect(page.locator("#fp-deep-body")).to_be_hidden()
    page.click("#fp-deep-run")
    expect(page.locator("#fp-deep-note")).to_contain_text("comparisons so far", timeout=WAIT)
    expect(page.locator("#fp-deep-progress")).to_have_text("")
    expect(page.locator("#fp-deep-run")).to_be_enabled()
    expect(page.locator("#fp-deep-body .fp-plot .main-svg").nth(7)).to_be_attached(timeout=WAIT)  # two layers each
    expect(page.locator("#fp-sensitivity-tables")).to_contain_text("one rater left out")
    expect(page.locator("#fp-hybrid-tables")).to_contain_text("Class word only")
    keep(page, "results-deep-1280.png")

    page.click("#fp-language label:has(input[value=ja])")
    expect(page.locator("#fp-deep-note")).to_contain_text("すべてに基づいています", timeout=WAIT)
    expect(page.locator("#fp-hybrid-words")).to_contain_text("人・機械・両者の併用")
    expect(page.locator("#fp-raters")).to_contain_text("練習の正答")
    rate_all(running, ("Dan",), limit=3)
    expect(page.locator("#fp-deep-note")).to_contain_text("その後、票の追加または取り消しがありました", timeout=WAIT)
    page.set_viewport_size({"width": 820, "height": 1180})
    keep(page, "results-deep-ja-820.png")
