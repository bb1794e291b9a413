"""The Create tab in a real browser, as a person uses it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.ui.workplace import photo

pytestmark = pytest.mark.browser
Keep = Callable[[Page, str], None]
WAIT = 90_000
"""Milliseconds a run may take, loading the models on one busy core included."""


def set_steps(page: Page, steps: int = 4, count: int = 2) -> None:
    """Few steps: these tests are about the page, not about the pictures."""
    page.locator("#fp-advanced button").first.click()
    page.locator("#fp-steps input[type=number]").fill(str(steps))
    page.locator("#fp-count input[type=number]").fill(str(count))
    page.locator("#fp-count input[type=number]").blur()


def generate(page: Page) -> None:
    page.locator("#fp-generate").click()
    page.wait_for_selector('#fp-status [data-state="done"]', timeout=WAIT)


def test_a_sample_person_two_methods_same_seeds(page: Page, keep: Keep) -> None:
    expect(page.locator(".fp-person")).to_have_count(3)
    expect(page.locator("#fp-saw img")).to_have_count(1)
    expect(page.locator(".fp-banner")).to_contain_text("synthetic people")
    keep(page, "create_empty")
    page.locator(".fp-person", has_text="Ben").click()
    set_steps(page)
    generate(page)
    board = page.locator(".fp-board")
    expect(board.locator(".fp-col")).to_have_text(["Face2Diffusion", "Class word only"])
    expect(board.locator(".fp-row")).to_have_text([re.compile("7"), re.compile("8")])
    expect(board.locator(".fp-picture img")).to_have_count(4)
    expect(board.locator(".fp-scores")).to_have_count(4)
    expect(board.locator(".fp-board-head")).to_contain_text("Ben")
    assert board.locator("img").first.evaluate("image => image.naturalWidth") == 128
    keep(page, "create_done")
    check_download(page)


def check_download(page: Page) -> None:
    """The picture comes with the recipe that makes it again."""
    with page.expect_download() as download:
        page.locator(".fp-download").first.click()
    name = download.value.suggested_filename
    assert name.startswith("AI_")
    with zipfile.ZipFile(download.value.path()) as archive:
        picture, recipe = sorted(archive.namelist(), key=lambda entry: entry.endswith(".json"))
        assert Image.open(io.BytesIO(archive.read(picture))).size == (128, 128)
        made = json.loads(archive.read(recipe))
    assert made["method"] == "face2diffusion"
    assert made["request"]["prompt"] == page.locator("#fp-prompt textarea").input_value()
    assert made["request"]["seed"] == 7


def test_generate_waits_until_the_page_has_chosen_a_person(page: Page) -> None:
    """On a busy machine the page stands for seconds before the server answers what it asks when it opens."""
    held: list[Route] = []
    page.route("**/gradio_api/run/**", lambda route: held.append(route))
    page.reload()
    expect(page.locator("#fp-generate")).to_be_visible()
    expect(page.locator("#fp-generate")).to_be_disabled()
    assert held
    page.unroute("**/gradio_api/run/**")  # lets the held ones go on, too
    expect(page.locator("#fp-generate")).to_be_enabled()
    expect(page.locator(".fp-person").first).to_have_attribute("aria-pressed", "true")


def test_chips_write_the_prompt_and_replace_their_neighbours(page: Page) -> None:
    prompt = page.locator("#fp-prompt textarea")
    expect(prompt).to_have_value("a photo of S* laughing wearing a red turtleneck at the beach")
    page.locator('.fp-chip[data-words="in a forest"]').click()
    expect(prompt).to_have_value("a photo of S* laughing wearing a red turtleneck in a forest")
    page.locator('.fp-chip[data-words="laughing"]').click()
    expect(prompt).to_have_value("a photo of S* wearing a red turtleneck in a forest")
    page.locator('.fp-chip[data-words="a pencil drawing"]').click()
    expect(prompt).to_have_value("a pencil drawing of S* wearing a red turtleneck in a forest")
    expect(page.locator('.fp-chip[data-words="in a forest"]')).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#fp-words")).to_contain_text("Every word is known")


def test_what_cannot_be_used_is_explained_without_a_traceback(page: Page) -> None:
    prompt, alert = page.locator("#fp-prompt textarea"), page.locator("#fp-status [role=alert]")
    for words, says in (("", "it is empty"), ("a beach", "does not contain S*"), ("S* and S*", "contains S* 2 times")):
        prompt.fill(words)
        page.locator("#fp-generate").click()
        expect(alert).to_contain_text(says)
        expect(page.locator("#fp-generate")).to_be_enabled()
    prompt.fill("a photo of S* riding a zeppelin")
    expect(page.locator("#fp-words")).to_contain_text("zeppelin")
    page.locator(".fp-method", has_text="Face2Diffusion").click()
    page.locator(".fp-method", has_text="Class word").click()
    page.locator("#fp-generate").click()
    expect(alert).to_contain_text("Choose at least one method")
    expect(page.locator("body")).not_to_contain_text("Traceback")


def open_add_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name="Add a person").click()
    expect(page.locator("#fp-photos")).to_be_disabled()
    page.locator("#fp-name input, #fp-name textarea").fill(name)
    page.locator("#fp-consent input").check()
    expect(page.locator("#fp-photos")).to_be_enabled()


def upload(page: Page, files: dict[str, bytes], folder: Path) -> None:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with page.expect_file_chooser() as chooser:
        page.locator("#fp-photos").click()
    chooser.value.set_files([folder / name for name in files])


def test_an_uploaded_person_is_read_added_chosen_and_drawn(page: Page, keep: Keep, tmp_path: Path) -> None:
    open_add_tab(page, "Visitor")
    damaged = photo(3)[:2000]
    upload(page, {"one.png": photo(3), "note.png": b"only text", "cut.png": damaged}, tmp_path)
    readings = page.locator("#fp-readings .fp-reading")
    expect(readings).to_have_count(3)
    expect(readings.nth(0).locator("img")).to_have_count(1)
    expect(readings.nth(1)).to_contain_text("it is not a JPEG, PNG or WebP picture")
    expect(readings.nth(2)).to_contain_text("skipped")
    expect(page.locator("#fp-upload-hint")).to_contain_text("1 of 3 photos can be used")
    keep(page, "create_upload")
    page.locator("#fp-consent input").uncheck()  # taking the consent back closes the gate
    expect(page.locator("#fp-save")).to_be_disabled()
    expect(page.locator("#fp-photos")).to_be_disabled()
    page.locator("#fp-consent input").check()
    expect(page.locator("#fp-save")).to_be_enabled()
    page.locator("#fp-save").click()
    expect(page.locator(".fp-person[aria-pressed=true]")).to_contain_text("Visitor")
    expect(page.locator("#fp-added")).to_contain_text("Visitor has been added")
    set_steps(page, count=1)
    generate(page)
    expect(page.locator(".fp-board-head")).to_contain_text("Visitor")


def test_a_long_run_can_be_stopped_and_keeps_what_is_made(page: Page) -> None:
    set_steps(page, steps=60, count=8)
    page.locator("#fp-generate").click()
    page.wait_for_selector(".fp-picture img", timeout=WAIT)
    expect(page.locator("#fp-status .fp-bar")).to_be_visible()
    page.locator("#fp-stop").click()
    page.wait_for_selector('#fp-status [data-state="stopped"]', timeout=WAIT)
    assert page.locator(".fp-picture img").count() >= 1
    expect(page.locator("#fp-generate")).to_be_enabled()


def test_a_page_left_in_the_middle_of_a_run_comes_back_ready(page: Page) -> None:
    set_steps(page, steps=60, count=8)
    page.locator("#fp-generate").click()
    page.wait_for_selector(".fp-picture img", timeout=WAIT)
    page.reload()
    set_steps(page, count=1)
    generate(page)
    expect(page.locator(".fp-board .fp-picture img")).to_have_count(2)


def test_the_page_speaks_japanese_at_once_and_remembers_it(page: Page, keep: Keep) -> None:
    set_steps(page, count=1)
    generate(page)
    page.get_by_text("日本語").click()
    expect(page.locator("#fp-generate")).to_have_text("画像を作成")
    expect(page.get_by_role("tab", name="作成")).to_be_visible()
    expect(page.locator("#fp-status")).to_contain_text("完了")
    expect(page.locator(".fp-person").first).to_contain_text("Aoiさん")
    expect(page.locator(".fp-picture").first).to_contain_text("人物の一致")
    expect(page.locator("#fp-prompt")).to_contain_text("画像の説明")
    keep(page, "create_ja")
    page.reload()
    expect(page.locator("#fp-generate")).to_have_text("画像を作成")
    page.locator("#fp-prompt textarea").fill("a photo of a beach")
    page.locator("#fp-generate").click()
    expect(page.locator("#fp-status [role=alert]")).to_contain_text("人物を表す S*")


def test_everything_fits_on_a_tablet_and_nothing_says_gradio(page: Page, keep: Keep) -> None:
    page.set_viewport_size({"width": 820, "height": 1180})
    page.locator(".fp-method", has_text="DreamBooth").scroll_into_view_if_needed()
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    keep(page, "create_tablet")
    expect(page.locator("footer")).not_to_be_visible()
    assert "gradio" not in page.locator("body").inner_text().lower()
