"""The web server: the page, stored pictures by content key, a picture with its recipe; all behind the guard."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from ui.door import RESULTS, Door
from ui.guard import FILE_LIMIT, Guard

if TYPE_CHECKING:
    from facepersona_core.stores import PictureLike
    from storage.files import FileStore
    from ui.context import AppContext

_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}


def build_server(context: AppContext) -> Guard:
    """The ASGI application."""
    from fastapi import FastAPI

    from storage.access import AccessKeys
    from ui import rater_page, results
    from ui.shell import TABS
    from ui.theme import build_theme

    api = FastAPI(title="FacePersona", docs_url=None, redoc_url=None, openapi_url=None)
    _add_routes(api, context)
    results.add_routes(api, context)
    rater_page.mount(api, context, theme=build_theme())
    if context.settings.needs_keys:
        results.add_routes(api, context, RESULTS)
        _mount(api, context, ("results",), RESULTS)
    app = _mount(api, context, tuple(TABS), "/")
    return Guard(Door(app, AccessKeys(context.database).role) if context.settings.needs_keys else app)


def _mount(api: Any, context: AppContext, tabs: tuple[str, ...], path: str) -> Any:
    import gradio as gr

    from ui.shell import build_page, page_look

    return gr.mount_gradio_app(
        api,
        build_page(context, tabs).queue(default_concurrency_limit=8),
        path=path,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        max_file_size=FILE_LIMIT,
        blocked_paths=[str(context.settings.home / "facepersona.db")],
        **page_look(),
    )


def _add_routes(api: Any, context: AppContext) -> None:
    from fastapi import HTTPException, Response
    from fastapi.responses import FileResponse

    @api.get("/files/{key}")
    def stored_file(key: str) -> FileResponse:
        path, kind = _stored(context.files, key)
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type=kind, headers={"cache-control": "private, max-age=31536000, immutable"})

    @api.get("/pictures/{recipe_hash}.zip")
    def picture_with_recipe(recipe_hash: str) -> Response:
        record = context.pictures.find(recipe_hash)
        if record is None:
            raise HTTPException(404)
        name = f"AI_{record.method}_seed{record.seed}_{record.recipe_hash[:8]}"
        headers = {"content-disposition": f'attachment; filename="{name}.zip"', "cache-control": "private, no-store"}
        return Response(_zip(context.files, record, name), media_type="application/zip", headers=headers)


def _stored(files: FileStore, key: str) -> tuple[Any, str]:
    try:
        path = files.path(key)
    except ValueError:
        return None, ""
    return (path, _TYPES[path.suffix]) if path.suffix in _TYPES and path.is_file() else (None, "")


def _zip(files: FileStore, record: PictureLike, name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"{name}.png", files.read(record.file_key))
        recipe = json.dumps(record.recipe, indent=2, ensure_ascii=False, sort_keys=True)
        archive.writestr(f"{name}.json", recipe + "\n")
    return buffer.getvalue()
