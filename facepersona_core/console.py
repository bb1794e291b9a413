"""How the command line speaks: in which language, as text or JSON, how far it is, and one line for an error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Any
from unicodedata import east_asian_width

from facepersona_core.errors import FacePersonaError
from facepersona_core.messages import text

BAR = 30
"""Characters of the progress bar."""


def language(environment: Mapping[str, str] = os.environ) -> str:
    """ "ja" or "en": FACEPERSONA_LANGUAGE, else the locale's LC_ALL, LC_MESSAGES or LANG; English for any other.

    >>> language({"LANG": "ja_JP.UTF-8"}), language({"LANG": "ja_JP.UTF-8", "FACEPERSONA_LANGUAGE": "en"})
    ('ja', 'en')
    """
    names = ("FACEPERSONA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environment[name] for name in names if environment.get(name)), "")
    return "ja" if chosen.lower().startswith("ja") else "en"


def say(key: str, **fields: Any) -> str:
    """The text under ``cli.<key>`` in the person's language."""
    return text(f"cli.{key}", language(), **fields)


def show(value: Any, lines: Sequence[str], as_json: bool) -> None:
    """Print the result of a command: ``value`` as JSON if asked, else ``lines``."""
    print(json.dumps(value, indent=2, ensure_ascii=False) if as_json else "\n".join(lines))


def show_error(error: FacePersonaError, as_json: bool) -> None:
    """Tell ``error`` on stderr in one line: the text, or a JSON object of code, text and fields."""
    told = error.text(language())
    value = {"code": error.code, "text": told, "fields": error.plain}
    print(json.dumps(value, ensure_ascii=False) if as_json else f"facepersona: {told}", file=sys.stderr)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table; Japanese characters count as two columns.

    >>> table(["name", "votes"], [["Aoi", "12"]])
    ['name  votes', 'Aoi   12']
    """
    widths = [max(_width(row[column]) for row in [head, *rows]) for column in range(len(head))]
    padded = [
        [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)] for row in [head, *rows]
    ]
    return ["  ".join(row).rstrip() for row in padded]


def _width(cell: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in cell)


class ProgressLine:
    """A line on a terminal's stderr that shows how far the work is; silent where nobody watches."""

    def __init__(self, what: str, stream: IO[str] | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr

    def __call__(self, fraction: float, stage: str) -> None:
        """See `facepersona_core.types.Progress`."""
        if self._stream.isatty():
            done = round(BAR * fraction)
            bar = "#" * done + "." * (BAR - done)
            self._stream.write(f"\r[{bar}] {fraction:4.0%} {self._what} {stage:12.12}")
            self._stream.flush()

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._stream.isatty():
            self._stream.write("\r\033[K")
            self._stream.flush()
