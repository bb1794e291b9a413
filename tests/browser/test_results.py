"""The Results tab in a real browser: empty, live while votes come in, in two languages, with its exports."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page
from rating_site import ARTEFACTS, Site, rate_all

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(90_000)
    yield context.new_page()
    context.close()


def open_results(page: Page, site: Site, language: str = "en") -> None:
    page.goto(site.url)
    page.wait_for_selector("#fp-tabs")
    page.click(f"#fp-language label:has(input[value={language}])")
    page.click("#fp-tabs [role=tab]:nth-of-type(2)")


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=str(ARTEFACTS / name), full_page=True)


def test_from_empty_over_few_votes_to_a_ranking_without_a_reload(running: Site, page: Page) -> None:
    open_results(page, running)
    page.wait_for_selector(".fp-results-empty")
    page.wait_for_selector("#fp-trade_machine .main-svg")
    keep(page, "results-empty-1280.png")
    rate_all(running, ("Aiko",), limit=5)
    page.wait_for_selector(".fp-tiles")
    assert "2 raters and 2 prompts" in page.inner_text("#fp-summary")
    assert "not measurable yet" in page.inner_text("#fp-raters")  # no repeat was shown yet, and that is not 0
    keep(page, "results-few-1280.png")
    rate_all(running, ("Aiko", "Ben", "Chika", "Dan"))
    page.wait_for_function("document.querySelectorAll('#fp-raters tbody tr').length === 4")
    page.wait_for_function("document.querySelectorAll('.fp-plot .main-svg').length >= 8")
    page.wait_for_timeout(1500)  # plots draw one by one
    first = page.inner_text("#fp-glance tbody tr:nth-child(1)")
    assert first.split()[:2] == ["Face2Diffusion", "1"]
    assert "Class word only" in page.inner_text("#fp-rank_text")
    keep(page, "results-1280.png")


def test_japanese_on_a_tablet(running: Site, page: Page) -> None:
    rate_all(running, ("愛子", "健", "千佳"))
    page.set_viewport_size({"width": 820, "height": 1180})
    open_results(page, running, "ja")
    page.wait_for_function("document.querySelector('#fp-summary')?.innerText.includes('回答済み')")
    page.wait_for_function("document.querySelector('#fp-over_time')?.textContent.includes('評価数の推移')")
    page.wait_for_timeout(1500)
    words = page.inner_text("#fp-tabs")
    assert "愛子" in words and "Raters" not in words and "At a glance" not in words
    keep(page, "results-ja-820.png")


def test_exports_hold_every_vote_and_score(running: Site, page: Page) -> None:
    rate_all(running, ("Aiko",), limit=6)
    open_results(page, running)
    page.wait_for_selector(".fp-exports a")
    files = {}
    for link in page.query_selector_all(".fp-exports a"):
        answer = page.request.get(str(link.evaluate("link => link.href")))
        assert answer.ok
        files[str(link.get_attribute("href")).rpartition("/")[2]] = answer.body()
    votes = pd.read_csv(BytesIO(files["votes.csv"]))
    assert len(votes) == 12 and set(votes["rater"]) == {"Aiko"}
    assert list(pd.read_parquet(BytesIO(files["votes.parquet"]))["outcome"]) == list(votes["outcome"])
    pictures = 3 * 3 * 4
    assert len(pd.read_csv(BytesIO(files["scores.csv"]))) == len(pd.read_parquet(BytesIO(files["scores.parquet"])))
    assert len(pd.read_csv(BytesIO(files["scores.csv"]))) == 2 * pictures
