"""Small helpers for the HTML that the screens write themselves."""

from __future__ import annotations

import html

_PATHS = {
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8h.01"/>',
    "warning": '<path d="M12 4 2.8 20h18.4L12 4z"/><path d="M12 10v4M12 17h.01"/>',
    "check": '<circle cx="12" cy="12" r="9"/><path d="m8.5 12.2 2.4 2.4 4.8-5"/>',
    "face": '<circle cx="12" cy="9" r="4"/><path d="M4.5 20c1-4 4-6 7.5-6s6.5 2 7.5 6"/>',
    "download": '<path d="M12 4v11m0 0 4-4m-4 4-4-4M5 20h14"/>',
    "pictures": '<rect x="3" y="5" width="14" height="14" rx="2"/><path d="m3 16 4-4 4 4 2.5-2.5L17 17"/>'
    '<circle cx="12.5" cy="9.5" r="1.3"/><path d="M20.5 8v11a3 3 0 0 1-3 3H8"/>',
}


def escape(value: object) -> str:
    """``value`` as text that is safe inside an element or a quoted attribute."""
    return html.escape(str(value), quote=True)


def icon(name: str) -> str:
    """A line icon in the colour of the text around it; hidden from screen readers."""
    return (
        '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" '
        f'stroke-linejoin="round" aria-hidden="true">{_PATHS[name]}</svg>'
    )


def badge(words: str, tone: str = "") -> str:
    """A small label; ``tone`` is "", "good", "fair" or "poor"."""
    return f'<span class="fp-badge{f" fp-{tone}" if tone else ""}">{escape(words)}</span>'


def note(words: str, tone: str, picture: str = "info") -> str:
    """A one-line message panel."""
    return f'<div class="fp-note fp-{tone}" role="status">{icon(picture)}<span>{escape(words)}</span></div>'


def step(number: int, words: str) -> str:
    """The heading of a numbered card."""
    return f'<h3 class="fp-step"><i>{number}</i>{escape(words)}</h3>'


def hint(words: str) -> str:
    """A quiet line of explanation."""
    return f'<p class="fp-hint">{escape(words)}</p>'
