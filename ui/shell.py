"""The page around the tabs: header, language switch, banner, tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ui import create, rate, results, studies
from ui.html import escape, icon
from ui.i18n import LANGUAGE_NAMES, LANGUAGES, LiveTexts, text
from ui.theme import asset, build_theme

if TYPE_CHECKING:
    import gradio as gr

    from ui.context import AppContext

TABS = {"create": create.build, "studies": studies.build, "rate": rate.build, "results": results.build}
"""In the order of the page."""
STYLES = ("app.css", "rate/tab.css", "results.css", "studies.css")
_MARK = (
    '<svg viewBox="0 0 40 40" aria-hidden="true" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round">'
    '<rect width="40" height="40" rx="10" fill="#1f5a86" stroke="none"/><circle cx="16" cy="17" r="6.5"/>'
    '<circle cx="24" cy="17" r="6.5" stroke="#f2b56b"/>'
    '<path d="M8.5 31c1.5-4.5 6-6.5 11.5-6.5s10 2 11.5 6.5"/></svg>'
)


def page_look() -> dict[str, Any]:
    """What `gradio.mount_gradio_app` needs to make the page look as it should."""
    return {"theme": build_theme(), "css": "\n".join(map(asset, STYLES)), "js": asset("app.js")}


def build_page(context: AppContext, shown: Sequence[str] = tuple(TABS)) -> gr.Blocks:
    """The page with the tabs ``shown``. Every call builds one of its own over the same stores."""
    import gradio as gr

    with gr.Blocks(title=text("common.title"), analytics_enabled=False, delete_cache=(600, 3600)) as page:
        live = LiveTexts(blocks=page)
        context = replace(context, live=live)
        with gr.Row(elem_id="fp-header"):
            live.bind_with(gr.HTML(scale=1), lambda language: {"value": _brand(language)})
            live.language = gr.Radio(
                choices=[(LANGUAGE_NAMES[code], code) for code in LANGUAGES],
                value=live.first,
                show_label=False,
                container=False,
                elem_id="fp-language",
            )
        live.bind_with(gr.HTML(), lambda language: {"value": _banner(language)})
        parts: dict[str, Any] = {}
        with gr.Tabs(elem_id="fp-tabs") as tabs:
            for name in shown:
                with gr.Tab(id=name, elem_id=f"fp-tab-{name}") as holder:
                    parts[name] = TABS[name](context)
                live.bind(holder, label=f"common.tab_{name}")
        if {"studies", "rate"} <= parts.keys():
            studies.link_to_rating(context, parts["studies"], tabs, parts["rate"])
        live.connect()
        _remember_language(page, live)
    return page


def _brand(language: str) -> str:
    title, tagline = (escape(text(f"common.{key}", language)) for key in ("title", "tagline"))
    return f'<div class="fp-brand">{_MARK}<div><b>{title}</b><span>{tagline}</span></div></div>'


def _banner(language: str) -> str:
    title, words = (escape(text(f"common.{key}", language)) for key in ("banner_title", "banner"))
    return f'<div class="fp-banner">{icon("info")}<div><b>{title}</b> {words}</div></div>'


def _remember_language(page: gr.Blocks, live: LiveTexts) -> None:
    """Open in the language chosen last time in this browser, at first in the browser's own."""
    assert live.language is not None
    private: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    page.load(None, None, live.language, js=_FIRST_LANGUAGE, **private)
    live.language.change(None, live.language, None, js=_KEEP_LANGUAGE, **private)


_FIRST_LANGUAGE = """() => {
    const kept = localStorage.getItem("facepersona-language");
    const language = kept ?? (navigator.language.startsWith("ja") ? "ja" : "en");
    document.documentElement.lang = language;
    return language;
}"""
_KEEP_LANGUAGE = """(language) => {
    localStorage.setItem("facepersona-language", language);
    document.documentElement.lang = language;
}"""
