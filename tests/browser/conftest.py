"""A real Chromium and the whole app behind a real server on a free port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from rating_site import ARTEFACTS, Site, serve, site

from facepersona_core.composition import Workplace
from tests.ui.workplace import open_test_workplace
from ui.context import AppContext
from ui.server import build_server

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


expect.set_options(timeout=30_000)  # milliseconds: a busy core is no failure


@dataclass(frozen=True)
class App:
    """A running app and the stores behind it."""

    url: str
    work: Workplace


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with three sample people in a fresh home."""
    work = open_test_workplace(tmp_path_factory.mktemp("app"))
    context = AppContext(**vars(work))
    with serve(build_server(context)) as url:
        yield App(url, work)
    work.close()


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own for one test, where a study can be rated."""
    with site(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a module."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, app: App) -> Iterator[Page]:
    """The app's page, loaded; the test fails when the page reports an error or fetches from anywhere else."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", accept_downloads=True)
    context.set_default_timeout(90_000)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda request: _only_here(request.url, app.url, problems))
    opened.goto(app.url)
    opened.wait_for_selector(".fp-person[aria-pressed=true]")
    yield opened
    context.close()
    assert list(_but_for_leaving(problems)) == []


def _but_for_leaving(problems: list[str]) -> Iterator[str]:
    """All but what Gradio says when a page is left while an event runs: it aborts its stream and finds it broken."""
    left = False
    for problem in problems:
        if problem.startswith("AbortError: BodyStreamBuffer was aborted"):
            left = True
        elif not (left and problem.startswith("Unexpected error Connection errored out.")):
            left = False
            yield problem


def _only_here(url: str, home: str, problems: list[str]) -> None:
    if not url.startswith((home, "data:", "blob:")):
        problems.append(f"fetched {url}")


@pytest.fixture
def keep() -> Callable[[Page, str], None]:
    """Keep a screenshot of what is in sight, the page scrolled to its top, as an artefact."""

    def screenshot(page: Page, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        page.evaluate("window.scrollTo(0, 0)")
        page.screenshot(path=ARTEFACTS / f"{name}.png")

    return screenshot
