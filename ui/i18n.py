"""One catalogue for labels and server-made text, and the switch that changes a page's language in place.

Keys are dotted: ``create.generate``. The screens' own tables live in ``ui/strings/{en,ja}.toml``; the tables of
``facepersona_core.messages`` (``errors``, ``usability`` ...) are part of the same catalogue.

In a tab's ``build(context)``::

    live = context.live
    button = live.bind(gr.Button(), value="create.generate")           # property = key
    live.bind_with(radio, lambda language: {"choices": choices(language)})   # computed properties
    button.click(make, inputs=[prompt, live.language], outputs=...)    # handlers receive "en" or "ja"
    live.on_change(redraw, inputs=[state], outputs=[panel])            # redraw(language, state) -> panel
    live.on_load(fill, inputs=[], outputs=[panel])                     # the same when the page is opened
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from facepersona_core import messages

if TYPE_CHECKING:
    from gradio.blocks import Block, Blocks
    from gradio.components import Component

LANGUAGES = messages.LANGUAGES
LANGUAGE_NAMES = {"en": "English", "ja": "日本語"}


@cache
def catalogue(language: str) -> dict[str, Any]:
    """Every text of ``language`` ("en" or "ja") as nested tables: the core's and the screens'."""
    if language not in LANGUAGES:
        language = "en"
    own = tomllib.loads(files("ui").joinpath(f"strings/{language}.toml").read_text("utf-8"))
    return {**messages.catalogue(language), **own}


def text(key: str, language: str = "en", **fields: Any) -> str:
    """The text under the dotted ``key``, its braces filled from ``fields``. A missing key raises KeyError."""
    node: Any = catalogue(language)
    for part in key.split("."):
        node = node[part]
    return str(node).format(**fields)


Properties = Callable[[str], dict[str, Any]]


@dataclass
class LiveTexts:
    """The texts of one page that follow its language switch."""

    language: Component | None = None
    """The component that holds the page's language; set by the shell before any tab is built."""
    blocks: Blocks | None = None
    """The page; set by the shell before any tab is built."""
    first: str = "en"
    """Language the page is built in."""
    _bound: list[tuple[Block, Properties]] = field(default_factory=list)

    def bind(self, component: Any, **keys: str) -> Any:
        """Give ``component`` the texts under ``keys`` (property=key) now and after each switch; returns it."""
        return self.bind_with(component, lambda language: {name: text(key, language) for name, key in keys.items()})

    def bind_with(self, component: Any, properties: Properties) -> Any:
        """Like `bind`, with properties computed from the language; returns ``component``."""
        for name, value in properties(self.first).items():
            if name in getattr(component, "props", {}):  # the own properties of a gr.HTML
                component.props[name] = value
            else:
                setattr(component, name, value)
        self._bound.append((component, properties))
        return component

    def on_change(self, fn: Callable[..., Any], inputs: Sequence[Any] = (), outputs: Any = None) -> None:
        """Call ``fn(language, *inputs)`` after each switch: for text that a handler made earlier."""
        assert self.language is not None
        self.language.change(
            fn,
            inputs=[self.language, *inputs],
            outputs=outputs,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def on_load(self, fn: Callable[..., Any], inputs: Sequence[Any] = (), outputs: Any = None) -> None:
        """Call ``fn(language, *inputs)`` when the page is opened."""
        assert self.blocks is not None
        self.blocks.load(
            fn,
            inputs=[self.language, *inputs],
            outputs=outputs,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def connect(self) -> None:
        """Wire the switch to everything bound; the shell calls it once, after the last tab."""
        self.on_change(self.updates, outputs=[component for component, _ in self._bound])

    def updates(self, language: str) -> list[dict[str, Any]]:
        """What the switch to ``language`` changes, in the order of binding."""
        import gradio as gr

        updates: list[dict[str, Any]] = [gr.update(**properties(language)) for _, properties in self._bound]
        return updates
