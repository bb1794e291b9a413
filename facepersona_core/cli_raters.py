"""``facepersona raters ...``: invite them, see how far they are, pause the rating, give it an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from facepersona_core.cli_types import AsJson, Person, Study
from facepersona_core.console import language, say, show, table
from facepersona_core.errors import RequestInvalid
from facepersona_core.messages import text

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from storage import PanelMember, RatingWindow

Facts = dict[str, Any]


def add_commands(raters: typer.Typer, workplace: Callable[..., AbstractContextManager[Workplace]]) -> None:
    """Add the commands to the group ``raters``; ``workplace()`` opens the stores."""

    @raters.command("list")
    def list_raters(study: Study, as_json: AsJson = False) -> None:
        """Who rates, how far they are, and whether votes are taken."""
        with workplace() as opened:
            facts = _facts(opened, study)
        show(facts, _lines(facts), as_json)

    @raters.command("invite")
    def invite(study: Study, name: Person, as_json: AsJson = False) -> None:
        """The personal link of a rater, new or known."""
        with workplace() as opened:
            rater = opened.ratings.join(opened.studies.get(study).id, name, language())
            link = _link(opened, rater.token)
        show({"study": study, "rater": rater.name, "link": link}, [link], as_json)

    @raters.command("pause")
    def pause(study: Study, as_json: AsJson = False) -> None:
        """Take no votes until ``raters open``."""
        with workplace() as opened:
            opened.ratings.pause(opened.studies.get(study).id, True)
            facts = _facts(opened, study)
        show(facts, [facts["text"]], as_json)

    @raters.command("open")
    def open_rating(study: Study, until: str | None = None, as_json: AsJson = False) -> None:
        """Take votes again, until a time if one is given."""
        deadline = _time(until) if until else None
        with workplace() as opened:
            study_id = opened.studies.get(study).id
            opened.ratings.pause(study_id, False)
            opened.ratings.close_at(study_id, deadline)
            facts = _facts(opened, study)
        show(facts, [facts["text"]], as_json)


def _time(written: str) -> datetime:
    """ISO 8601; without a zone it is this machine's time. Raises RequestInvalid when it is none or over."""
    try:
        given = datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:
        raise RequestInvalid(name="--until", seen=f'"{written}"', expected="2026-12-31T18:00") from None
    if given <= datetime.now(UTC):
        raise RequestInvalid(name="--until", seen=written, expected=f"> {datetime.now().astimezone():%Y-%m-%dT%H:%M}")
    return given


def _link(opened: Workplace, token: str) -> str:
    settings = opened.settings
    return f"http://{settings.host}:{settings.port}/rate/?rater={token}"


def _facts(opened: Workplace, study: str) -> Facts:
    study_id = opened.studies.get(study).id
    window, members = opened.ratings.window(study_id), opened.ratings.panel(study_id)
    state = window.closed(datetime.now(UTC)) or "open"
    return {
        "study": study,
        "state": state,
        "closes_at": window.closes_at.isoformat() if window.closes_at else None,
        "text": _told(state, window),
        "raters": [_member(opened, member) for member in members],
    }


def _told(state: str, window: RatingWindow) -> str:
    """Whether votes are taken, in words."""
    if state != "open":
        return text(f"rating_states.{state}_owner", language())
    if window.closes_at is None:
        return text("rating_states.open", language())
    until = f"{window.closes_at.astimezone():%Y-%m-%d %H:%M}"
    return text("rating_states.open_until", language(), until=until)


def _member(opened: Workplace, member: PanelMember) -> Facts:
    right, asked = member.rater.practice or (None, None)
    return {
        "name": member.rater.name,
        "done": member.done,
        "total": member.total,
        "last_vote": member.last_at.isoformat() if member.last_at else None,
        "practice_right": right,
        "practice_asked": asked,
        "link": _link(opened, member.rater.token),
    }


def _lines(facts: Facts) -> list[str]:
    heads = [say(f"head.{name}") for name in ("rater", "done", "practice", "last_vote", "link")]
    return [facts["text"], *table(heads, [_row(one) for one in facts["raters"]])]


def _row(one: Facts) -> Sequence[str]:
    if one["practice_asked"] is None:
        practice = "-"
    else:
        practice = f"{one['practice_right']} / {one['practice_asked']}" if one["practice_asked"] else say("left_out")
    last = one["last_vote"]
    told = f"{datetime.fromisoformat(last).astimezone():%Y-%m-%d %H:%M}" if last else "-"
    return [one["name"], f"{one['done']} / {one['total']}", practice, told, one["link"]]
