"""Where a line of the PDF may not break: inside an interval, an amount or a katakana word, or before the last letters.

A browser knows such rules itself (``text-wrap: pretty``, ``word-break: auto-phrase``); the PDF writer does not.
"""

from __future__ import annotations

import re

_TEXT = re.compile(r"<(style|title|svg|code)\b.*?</\1>|(?<=>)([^<]+)(?=<(/?\w+))", re.DOTALL)
_ENDS = {"/p", "/td", "/th", "/li", "/h1", "/h2", "/h3", "/small", "/b", "br"}
"""Tags before which a paragraph or a line ends."""
_JAPANESE = r"\u3040-\u30ff\u3400-\u9fff"
_NEVER_FIRST = "ぁぃぅぇぉっゃゅょァィゥェォッャュョー・、。）」"
_AFTER = re.compile(rf"[{_JAPANESE}、。）」]")
"""What a line may end with in Japanese."""
_KEPT = (
    r"\([^()]{1,24}\)",  # (0.12–0.17)
    r"[−\d][\d,.]*%?–[−\d][\d,.]*%?",
    r"（[^（）]{1,12}）",
    r"[\d,.]+ [A-Z]{3}\b",  # 20.00 USD
    r"[\d,.%–]+ (?:[件枚人組回秒票種個位倍](?:以[上下])?|以[上下]|区間)",  # 10 件以上
    r"[\u30a1-\u30fa\u30fc]{2,12}",  # one katakana word
)
_LAST = (rf"(?![{_NEVER_FIRST}])[{_JAPANESE}]{{1,5}}[。、）」]*\s*$", r"(?<=\s)(?=.{3,12}$)[^\s()]+ [^\s()]+\s*$")
_INSIDE = re.compile("|".join(_KEPT))
_CLOSING = re.compile("|".join([*_KEPT, *_LAST]))
_BETWEEN = re.compile(r"(?<=[^\x00-\x7f])(?=\S)|(?<=\S)(?=[^\x00-\x7f])")
"""Where a line could break without a space."""
_JOINER, _BREAK = "\u2060", "\u200b"
"""Neither has a width; lines never break at the one, and may at the other."""


def kept(page: str) -> str:
    """``page`` (HTML) with invisible joiners, and spaces that do not break, in all that must stay on one line."""
    return _TEXT.sub(_keep, page)


def _keep(found: re.Match[str]) -> str:
    words, following = found[2], found[3]
    if words is None or not words.strip():
        return found[0]
    return (_CLOSING if following in _ENDS else _INSIDE).sub(_join, words)


def _join(found: re.Match[str]) -> str:
    """Pango looks for a place to break no further back than the last change of font, and a joiner is one; so the place
    before the first joiner is marked."""
    joined = _BETWEEN.sub(_JOINER, found[0]).replace(" ", "\u00a0")
    before = found.string[: found.start()][-1:]
    return _BREAK + joined if _AFTER.match(before) and _JOINER in joined else joined
