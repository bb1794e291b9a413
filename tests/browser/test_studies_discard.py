"""A started study is discarded in a real browser: asked first, kept on second thoughts, then gone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App

pytestmark = pytest.mark.browser


def test_a_study_is_discarded_after_a_question(page: Page, app: App, keep: Callable[[Page, str], None]) -> None:
    page.get_by_role("tab", name="Studies").click()
    expect(page.locator("#fp-study-start")).to_be_enabled()
    page.locator("#fp-study-start").click()
    panel = page.locator("#fp-study-panel .fp-run")
    expect(panel).to_have_attribute("data-phase", "waiting")
    question = page.locator("#fp-study-sure")
    expect(question).to_be_hidden()

    page.locator("#fp-study-discard").click()
    expect(question).to_contain_text("Pictures that were made stay")
    keep(page, "studies_discard")
    page.locator("#fp-study-discard_no").click()
    expect(question).to_be_hidden()
    assert [run.name for run in app.work.jobs.runs()] == ["study-1"]

    page.locator("#fp-study-discard").click()
    page.locator("#fp-study-discard_yes").click()
    expect(page.locator("#fp-study-message")).to_contain_text("is discarded")
    expect(question).to_be_hidden()
    expect(page.locator("#fp-study-panel")).to_contain_text("No study has been started here yet")
    expect(page.locator("#fp-study-discard")).to_be_hidden()
    assert app.work.jobs.runs() == []
