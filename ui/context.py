"""What every screen is given: the workplace, the page's live texts, and the app's worker processes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from facepersona_core.composition import Workplace
from ui.i18n import LiveTexts

if TYPE_CHECKING:
    from facepersona_core.study.workers import Workers


@dataclass(frozen=True)
class AppContext(Workplace):
    """One object a process; `live` is replaced by `ui.shell` for each page that is built."""

    live: LiveTexts = field(default_factory=LiveTexts)
    """Texts that follow the language switch; see `ui.i18n.LiveTexts`. Its ``language`` component gives
    handlers the language ("en" or "ja") as an input."""
    workers: Workers | None = None
    """The worker processes that the app keeps for studies; None where it keeps none."""
