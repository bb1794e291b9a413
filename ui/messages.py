"""What a person is told when something fails: our own errors in their language, anything else by reference."""

from __future__ import annotations

import logging
import secrets

from facepersona_core.errors import FacePersonaError
from ui.i18n import text

log = logging.getLogger("facepersona")


def explain(error: BaseException, language: str) -> str:
    """The text to show for ``error``; an unexpected error is logged with its traceback under the shown reference."""
    if isinstance(error, FacePersonaError):
        return error.text(language)
    reference = secrets.token_hex(4)
    log.error("unexpected error, reference %s", reference, exc_info=error)
    return text("common.unexpected", language, reference=reference)
