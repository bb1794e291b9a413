"""Who may open what, when the app asks for keys: owners everything, analysts the results, raters their own page.

An ASGI middleware in front of everything. A key arrives once in a link (``/?key=...``), becomes a cookie that scripts
cannot read, and leaves the address bar; raters need none, because each rater's link carries a token of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from ui.html import escape
from ui.i18n import LANGUAGES, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COOKIE = "facepersona_key"
KEPT_SECONDS = 30 * 24 * 3600
RESULTS = "/results"
"""Where the results alone are, for analysts; see `ui.server`."""
RATERS = "/rate"
"""Open to all: what it shows, the rater's own token decides."""

RoleOf = Callable[[str], str | None]


class Door:
    """ASGI middleware. ``role_of`` gives the role of a key, None for a key that opens nothing."""

    def __init__(self, app: Any, role_of: RoleOf) -> None:
        self.app, self.role_of = app, role_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, send it to where its role may go, or ask for a key."""
        if scope["type"] not in ("http", "websocket") or within(scope["path"], RATERS):
            await self.app(scope, receive, send)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        if scope["type"] == "http" and "key" in query:
            key = query.pop("key")
            role = self.role_of(key)
            await (_keep(send, scope, key, query) if role else _ask(send, wrong=True))
            return
        role = self.role_of(_cookie(scope)) if _cookie(scope) else None
        if role == "owner" or (role == "analyst" and within(scope["path"], RESULTS)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        elif role == "analyst" and scope["path"] == "/":
            await _answer(send, 303, b"", [(b"location", f"{scope.get('root_path', '')}{RESULTS}/".encode())])
        else:
            await _ask(send, wrong=False)


def within(path: str, folder: str) -> bool:
    """Is ``path`` the folder itself or below it?"""
    return path == folder or path.startswith(f"{folder}/")


def _cookie(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                key, _, content = part.strip().partition("=")
                if key == COOKIE:
                    return str(content)
    return ""


async def _keep(send: Send, scope: Scope, key: str, query: dict[str, str]) -> None:
    """Put the key into a cookie and open the same address without it."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    cookie = f"{COOKIE}={key}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    path = "/" + scope["path"].lstrip("/")  # "//host" would lead to another site
    target = path + (f"?{urlencode(query)}" if query else "")
    headers = [(b"location", target.encode("latin-1", "ignore")), (b"set-cookie", cookie.encode("latin-1", "ignore"))]
    await _answer(send, 303, b"", headers)


async def _ask(send: Send, *, wrong: bool) -> None:
    """A page with one field for the key, in both languages: nobody has chosen one yet."""
    parts = []
    for language in LANGUAGES:
        words = {name: escape(text(f"door.{name}", language)) for name in ("title", "lead", "wrong", "field", "enter")}
        problem = f'<p class="wrong" role="alert">{words["wrong"]}</p>' if wrong else ""
        parts.append(
            f'<section lang="{language}"><h1>{words["title"]}</h1>{problem}<p>{words["lead"]}</p>'
            f'<form method="get"><label>{words["field"]} <input name="key" type="password" autocomplete="off" required>'
            f"</label> <button>{words['enter']}</button></form></section>"
        )
    page = f'<!doctype html><meta charset="utf-8"><title>FacePersona</title><style>{_STYLE}</style>{"".join(parts)}'
    await _answer(send, 401, page.encode(), [(b"content-type", b"text/html; charset=utf-8")])


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    always = [(b"cache-control", b"no-store"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *always]})
    await send({"type": "http.response.body", "body": body})


_STYLE = (
    "body{font:16px/1.6 system-ui,sans-serif;color:#12304a;background:#eef2f5;display:grid;place-content:center;"
    "min-height:100vh;margin:0;gap:16px}section{background:#fff;border-radius:14px;padding:24px 32px;max-width:560px}"
    "h1{font-size:20px;margin:0 0 8px}input{font:inherit;padding:8px;border:1px solid #b7c4ce;border-radius:8px}"
    "button{font:inherit;padding:8px 18px;border:0;border-radius:8px;background:#1f5a86;color:#fff}"
    ".wrong{color:#b4340a}"
)
