"""The decision report from the Results tab: both buttons to the end, the same files as from the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from rating_site import ARTEFACTS, PLAN, Site, fill, rate_all, serve
from tiny_store import open_store
from typer.testing import CliRunner

from facepersona_core.cli import app as facepersona
from facepersona_core.composition import open_workplace
from facepersona_core.settings import Settings
from tests.browser.conftest import App
from ui.context import AppContext
from ui.server import build_server

pytestmark = pytest.mark.browser
WAIT = 120_000
"""Milliseconds that a report of many pages may take on a busy core."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The whole app over the small study, which three people have rated."""
    folder = tmp_path_factory.mktemp("report")
    store = open_store(folder)
    rate_all(Site("", store, fill(store)), ("Aiko", "Ben", "Chika"))
    store.db.close()
    work = open_workplace(replace(Settings.from_environment({}), home=folder), samples=None)
    context = AppContext(**vars(work))
    with serve(build_server(context)) as url:
        yield App(url, work)
    work.close()


@pytest.fixture
def command(app: App, tmp_path: Path) -> Callable[..., bytes]:
    """What ``facepersona report`` writes about the same study."""

    def run(name: str, *options: Any) -> bytes:
        arguments = ["report", PLAN.name, "--out", str(tmp_path / name), *map(str, options)]
        result = CliRunner(env={"FACEPERSONA_HOME": str(app.work.settings.home)}).invoke(facepersona, arguments)
        assert result.exit_code == 0, result.output
        return (tmp_path / name).read_bytes()

    return run


def click(page: Page, kind: str) -> bytes:
    """Press the button of ``kind``; returns the file that the browser saved."""
    with page.expect_download(timeout=WAIT) as download:
        page.locator(f"#fp-report button[formaction$='/{kind}']").click()
    assert download.value.suggested_filename == f"decision-report.{kind}"
    return Path(download.value.path()).read_bytes()


def test_the_html_button_saves_the_report_with_the_prices_that_were_given(
    page: Page, keep: Callable[[Page, str], None], command: Callable[..., bytes], tmp_path: Path
) -> None:
    page.get_by_role("tab", name="Results").click()
    expect(page.locator("#fp-summary .fp-tiles")).to_be_visible(timeout=WAIT)
    card = page.locator("#fp-report")
    card.locator("summary").click()
    card.locator("input[name=today_cost]").fill("7.5")
    card.locator("input[name=currency]").fill("JPY")
    keep(page, "results_report_card")
    saved = click(page, "html")
    text = saved.decode()
    assert text.startswith("<!doctype html>") and PLAN.title["en"] in text and "7.50 JPY" in text
    assert saved == command("same.html", "--lang", "en", "--today-cost", 7.5, "--currency", "JPY")

    (tmp_path / "saved.html").write_bytes(saved)
    opened = page.context.new_page()
    opened.goto((tmp_path / "saved.html").as_uri())
    expect(opened.locator("body")).to_contain_text(PLAN.title["en"])
    opened.screenshot(path=ARTEFACTS / "report_html.png")


def test_the_pdf_button_saves_the_report_in_the_language_of_the_page_with_the_prices_typed_before(
    page: Page, command: Callable[..., bytes]
) -> None:
    page.get_by_role("tab", name="Results").click()
    card = page.locator("#fp-report")
    card.locator("summary").click(timeout=WAIT)
    card.locator("input[name=today_cost]").fill("7.5")
    page.locator("#fp-language label", has_text="日本語").click()
    expect(card).to_contain_text("導入判断レポート", timeout=WAIT)
    expect(card.locator("input[name=today_cost]")).to_have_value("7.5")
    saved = click(page, "pdf")
    document = pypdfium2.PdfDocument(BytesIO(saved))
    first = document[0]
    assert PLAN.title["ja"] in "".join(first.get_textpage().get_text_bounded().split())
    ARTEFACTS.mkdir(exist_ok=True)
    first.render(scale=1.3).to_pil().save(ARTEFACTS / "report_pdf_ja.png")
    assert saved == command("same.pdf", "--lang", "ja", "--today-cost", 7.5)
