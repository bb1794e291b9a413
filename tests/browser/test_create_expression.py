"""Taking the expression from a photo, in a real browser, with a bundle that has an expression encoder."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect
from rating_site import ARTEFACTS, serve

from facepersona_core.composition import open_workplace
from facepersona_core.settings import Settings
from tests.ui.workplace import photo, samples
from ui.context import AppContext
from ui.server import build_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def app(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The app on the tiny bundle."""
    folder = tmp_path_factory.mktemp("app")
    places = {"FACEPERSONA_BUNDLE": str(tiny_bundle), "FACEPERSONA_HOME": str(folder / "home")}
    work = open_workplace(Settings.from_environment(places), samples(folder / "samples"))
    with serve(build_server(AppContext(**vars(work)))) as url:
        yield SimpleNamespace(url=url)
    work.close()


def upload(page: Page, file: Path, data: bytes) -> None:
    file.write_bytes(data)
    with page.expect_file_chooser() as chooser:
        page.locator("#fp-expression-photo").click()
    chooser.value.set_files(file)


def test_the_expression_of_a_photo_is_read_chosen_drawn_and_left_again(page: Page, tmp_path: Path) -> None:
    chosen, said = page.locator("#fp-expression input"), page.locator("#fp-expression-said")
    upload(page, tmp_path / "note.png", b"only text")
    expect(said).to_contain_text("note.png was refused")
    upload(page, tmp_path / "face.png", photo(1))
    expect(said).to_contain_text("The photo is not kept")
    expect(chosen).to_have_value("As in the photo")
    said.scroll_into_view_if_needed()
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / "create_expression_photo.png")
    page.get_by_text("日本語").click()
    expect(chosen).to_have_value("写真の表情のとおり")
    expect(said).to_contain_text("写真は保存されません")
    page.get_by_text("English").click()
    expect(chosen).to_have_value("As in the photo")
    page.locator("#fp-advanced button").first.click()
    page.locator("#fp-steps input[type=number]").fill("4")
    page.locator("#fp-steps input[type=number]").blur()
    page.locator("#fp-generate").click()
    page.wait_for_selector('#fp-status [data-state="done"]', timeout=90_000)
    with page.expect_download() as download:
        page.locator(".fp-download").first.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        (recipe,) = (json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))
    assert recipe["request"]["expression"] is None
    assert len(recipe["request"]["expression_vector"]) == 20
    chosen.click()
    page.get_by_role("option", name="Smile", exact=True).click()
    expect(said).to_be_empty()
    expect(chosen).to_have_value("Smile")
