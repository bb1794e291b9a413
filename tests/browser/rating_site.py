"""A small study of synthetic people behind a real server: the rating page, and the Rate and Results tabs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, cast

from PIL import Image, ImageEnhance, PngImagePlugin
from sqlalchemy import select
from tiny_store import Store, open_store

from facepersona_core.settings import Settings
from facepersona_core.study.design import PromptItem, StudyPlan, cells
from facepersona_core.types import Picture, Score
from storage import Rater, StudyRecord, Vote
from storage.tables import PictureRow, RaterFileRow

if TYPE_CHECKING:
    from fastapi import FastAPI

PHOTOS = Path(__file__).parents[1] / "data" / "people"
ARTEFACTS = Path(__file__).parents[2] / "artefacts"
SECRET = "secret-source-of-a-method"
"""Stands in a PNG text chunk of every photo and in every recipe; no rater may ever receive it."""
PLAN = StudyPlan(
    name="small",
    title={"en": "Sample study", "ja": "サンプルスタディ"},
    people=("Aoi", "Ben", "Chidi"),
    prompts=(
        PromptItem("context", "a photo of S* at the beach"),
        PromptItem("expression", "a photo of S* smiling"),
        PromptItem("light", "a photo of S* at sunset"),
    ),
    methods=("face2diffusion", "textual_inversion", "dreambooth", "class_word"),
    seeds=(7,),
    overlap=2,
    raters=4,
    gold_every=10,
    repeat_every=12,
)
QUALITY = {"face2diffusion": 0.8, "textual_inversion": 0.4, "dreambooth": 0.6, "class_word": 0.05}


@dataclass
class Site:
    """A running server and the store behind it."""

    url: str
    store: Store
    study: StudyRecord

    def join(self, name: str, language: str = "en") -> Rater:
        """A rater of the study."""
        return self.store.ratings.join(self.study.id, name, language)

    def rating_page(self, rater: Rater) -> str:
        """Address of a rater's page."""
        return f"{self.url}/rate/?rater={rater.token}"


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Serve a fresh study whose files are in ``folder``."""
    store = open_store(folder)
    study = fill(store)
    with serve(_application(store)) as url:
        yield Site(url, store, study)
    store.db.close()


def fill(store: Store) -> StudyRecord:
    """The people, the pictures with scores, and the study."""
    sources = sorted(folder for folder in PHOTOS.iterdir() if folder.is_dir())
    people = {
        name: store.people.add(name, [_photo(folder / "00.png")], None, synthetic=True, sample=True).id
        for name, folder in zip(PLAN.people, sources, strict=False)
    }
    ids = {}
    for number, cell in enumerate(cells(PLAN)):
        folder = sources[PLAN.people.index(cell.person)]
        if cell.method == "class_word":
            folder = sources[-1]
        image = Image.open(folder / f"0{1 + number % 2}.png").convert("RGB")
        image = ImageEnhance.Brightness(image).enhance(0.8 + 0.1 * (number % 5))
        request = {"prompt": cell.prompt, "seed": cell.seed}
        bundle = {"name": SECRET, "edition": "1", "sha256": SECRET}
        recipe = {"method": cell.method, "person": cell.person, "request": request, "persona": SECRET, "bundle": bundle}
        wobble = 0.02 * (number % 4)
        identity, words = QUALITY[cell.method] + wobble, 0.9 - 0.5 * QUALITY[cell.method] + wobble
        face = {"faces": 1, "cosine": 0.01 + 0.62 * identity, "floor": 0.01, "ceiling": 0.63}
        scores = [
            Score("identity_similarity", "1", "0" * 64, identity, face),
            Score("text_match", "1", "0" * 64, words, {"scene": words}),
        ]
        ids[cell] = store.pictures.save(Picture(image, recipe), people[cell.person], scores, 1.0).id
    return store.studies.create(PLAN, ids)


def rate_all(site: Site, names: tuple[str, ...], limit: int = 1000) -> None:
    """Votes of raters who mostly see what the methods are worth; the better at identity, the worse at the text."""
    for name in names:
        rater, random = site.join(name), Random(name)
        for _ in range(limit):
            assignment = site.store.ratings.next(rater.id)
            if assignment is None:
                break
            left, right = methods_behind(site, (assignment.left_key, assignment.right_key))
            gap = QUALITY[left] - QUALITY[right]

            def better(by: float, random: Random = random) -> str:
                noisy = by + random.gauss(0, 0.12)
                return "tie" if abs(noisy) < 0.06 else "left" if noisy > 0 else "right"

            fine = [random.random() < QUALITY[method] for method in (left, right)]
            vote = Vote(better(gap), better(-0.6 * gap), *fine, random.uniform(3, 8))  # type: ignore[arg-type]
            site.store.ratings.vote(rater.id, assignment.id, vote)


def methods_behind(site: Site, keys: tuple[str, str]) -> tuple[str, str]:
    """What no rater can look up: the methods whose pictures two rater keys show."""
    with site.store.db.read() as session:
        first, second = (
            session.scalars(
                select(PictureRow.method)
                .join(RaterFileRow, RaterFileRow.file_key == PictureRow.file_key)
                .where(RaterFileRow.key == key)
            ).first()
            for key in keys
        )
    return str(first), str(second)


@contextmanager
def serve(application: Any) -> Iterator[str]:
    """Run ``application`` on a free port of this machine; gives its address."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(application, "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.05)
        assert thread.is_alive(), "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def _application(store: Store) -> FastAPI:
    """As the app composes it, without the Create tab, which needs the model's weights."""
    import gradio as gr
    from fastapi import FastAPI

    from ui import rate, rater_page, results
    from ui.context import AppContext
    from ui.i18n import LANGUAGE_NAMES, LiveTexts
    from ui.shell import page_look
    from ui.theme import build_theme

    settings = Settings.from_environment({"FACEPERSONA_HOME": str(store.folder)})
    stores = (store.db, store.files, store.people, store.pictures, store.studies, store.ratings)
    context = AppContext(settings, *stores, studio=cast(Any, None))
    with gr.Blocks(analytics_enabled=False) as page:
        live = LiveTexts(blocks=page)
        context = AppContext(settings, *stores, studio=cast(Any, None), live=live)
        choices = [(name, code) for code, name in LANGUAGE_NAMES.items()]
        live.language = gr.Radio(choices, value="en", show_label=False, container=False, elem_id="fp-language")
        with gr.Tabs(elem_id="fp-tabs"):
            for name, tab in (("rate", rate), ("results", results)):
                with gr.Tab(id=name) as holder:
                    tab.build(context)
                live.bind(holder, label=f"common.tab_{name}")
        live.connect()
    api = FastAPI()
    results.add_routes(api, context)
    rater_page.mount(api, context, theme=build_theme())
    return gr.mount_gradio_app(api, page, path="/", footer_links=[], ssr_mode=False, **page_look())


def _photo(path: Path) -> bytes:
    """The file as a camera program might have left it: with a comment."""
    info, buffer = PngImagePlugin.PngInfo(), BytesIO()
    info.add_text("Comment", SECRET)
    Image.open(path).convert("RGB").save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()
