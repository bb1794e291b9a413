"""The door: one ASGI guard in front of every request, and the routes that hand out pictures.

Adds what Gradio leaves open (TRUST: "Gradio and image decoding"): a cap on a whole request body, because Gradio's
own limit counts each file by itself, security headers on every answer, no fetching from other sites, and no files
for pages that ask for none, where Gradio would keep them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ui.door import RATERS, RESULTS, within
from ui.i18n import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

BODY_LIMIT = 100 * 1024 * 1024
"""Bytes of one request body: five photos of the largest accepted size."""
FILE_LIMIT = "25mb"
"""Largest single upload, as Gradio writes it: above what `read_photo` takes, so that its own message is seen."""

_POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio's front end compiles its templates in the page.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_OTHER_SITE = re.compile(r"/file[=/]https?:", re.IGNORECASE)
"""Gradio fetches what stands behind it from any site, for anybody, and answers with it as if it were ours."""


class _TooLargeError(Exception):
    """The body went over the limit while it was being read."""


class Guard:
    """ASGI middleware: 413 for bodies over ``limit`` bytes, 404 for what is shut, `HEADERS` on every answer."""

    def __init__(self, app: Any, limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; what is not HTTP passes untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if _shut(scope):
            await _answer(send, 404, b"")
            return
        seen, refused = _declared_length(scope), False

        async def counted_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.limit:
                raise _TooLargeError
            return message

        async def guarded_send(message: Message) -> None:
            """The app's own answer to the broken-off body, if it tries one, gives way to ours."""
            nonlocal refused
            if seen <= self.limit:
                await send(_with_headers(message))
            elif not refused:
                refused = True
                await _refuse(send, self.limit)

        if seen > self.limit:
            await _refuse(send, self.limit)
            return
        seen = 0
        try:
            await self.app(scope, counted_receive, guarded_send)
        except _TooLargeError:
            await guarded_send({})


def _with_headers(message: Message) -> Message:
    if message["type"] != "http.response.start":
        return message
    kept = [(name, value) for name, value in message.get("headers", []) if name.lower().decode() not in HEADERS]
    own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    return {**message, "headers": kept + own}


def _shut(scope: Scope) -> bool:
    """Does the request ask for what no page of ours needs, or bring a file where no page takes one?"""
    if _OTHER_SITE.search(scope["path"]):
        return True
    takes_none = within(scope["path"], RATERS) or within(scope["path"], RESULTS)
    return takes_none and any(
        name == b"content-type" and b"multipart" in value.lower() for name, value in scope["headers"]
    )


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


async def _refuse(send: Send, limit: int) -> None:
    megabytes = limit // 2**20
    body = " / ".join(text("common.body_too_large", language, limit=megabytes) for language in ("en", "ja")).encode()
    await _answer(send, 413, body)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send(_with_headers({"type": "http.response.start", "status": status, "headers": headers}))
    await send({"type": "http.response.body", "body": body})
