"""``facepersona access ...``: keys for owners and analysts, for an app that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facepersona_core.cli_types import AsJson, Person
from facepersona_core.console import say, show, table

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from storage import AccessKey

KeyNumber = Annotated[int, typer.Argument(metavar="NUMBER", min=1)]


def add_commands(access: typer.Typer, workplace: Callable[..., AbstractContextManager[Workplace]]) -> None:
    """Add the commands to the group ``access``; ``workplace()`` opens the stores."""

    @access.command("add")
    def add(name: Person, role: Annotated[str, typer.Option()] = "analyst", as_json: AsJson = False) -> None:
        """A link with a new key; it is shown this once."""
        with workplace() as opened:
            key = opened.access.add(name, role)  # type: ignore[arg-type]  # add checks the word itself
            link = f"http://{opened.settings.host}:{opened.settings.port}/?key={key}"
        show({"name": name, "role": role, "link": link}, [link], as_json)

    @access.command("list")
    def list_keys(as_json: AsJson = False) -> None:
        """Who has a key, and since when."""
        with workplace() as opened:
            found = [_facts(key) for key in opened.access.list()]
        _show(found, as_json)

    @access.command("revoke")
    def revoke(number: KeyNumber, as_json: AsJson = False) -> None:
        """Let a key open nothing any more."""
        with workplace() as opened:
            found = _facts(opened.access.revoke(number))
        _show([found], as_json)


def _facts(key: AccessKey) -> dict[str, Any]:
    revoked = key.revoked_at.isoformat() if key.revoked_at else None
    return {"number": key.id, "name": key.name, "role": key.role, "given": key.created_at.isoformat()} | {
        "revoked": revoked
    }


def _show(found: Sequence[dict[str, Any]], as_json: bool) -> None:
    heads = [say(f"head.{name}") for name in ("number", "name", "role", "given", "revoked")]
    rows = [
        [str(one["number"]), one["name"], say(f"role.{one['role']}"), one["given"][:10], (one["revoked"] or "-")[:10]]
        for one in found
    ]
    show(list(found), table(heads, rows), as_json)
