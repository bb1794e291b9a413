"""``facepersona raters``: links, progress, pause and deadline, on the sample study."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from facepersona_core.cli import app

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs ``facepersona raters`` with arguments in a home of its own."""
    home = str(tmp_path_factory.mktemp("raters"))
    environment = {"FACEPERSONA_HOME": home, "FACEPERSONA_BUNDLE": str(tiny_bundle), "FACEPERSONA_LANGUAGE": "en"}
    return lambda *arguments: CliRunner(env=environment).invoke(app, ["raters", *arguments])


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_invited_rater_is_listed_with_their_link(run: Run) -> None:
    invited = answer(run("invite", "sample", "Aiko", "--json"))
    assert invited["link"].startswith("http://127.0.0.1:") and "/rate/?rater=" in invited["link"]
    assert len(invited["link"].partition("rater=")[2]) >= 32  # nobody guesses it
    assert answer(run("invite", "sample", "Aiko", "--json")) == invited
    facts = answer(run("list", "sample", "--json"))
    assert facts["state"] == "open" and facts["closes_at"] is None
    (member,) = facts["raters"]
    assert (member["name"], member["done"], member["practice_asked"]) == ("Aiko", 0, None)
    assert member["link"] == invited["link"] and member["total"] > 0
    assert "Aiko" in run("list", "sample").stdout


def test_rating_is_paused_and_opened_until_a_time(run: Run) -> None:
    assert answer(run("pause", "sample", "--json"))["state"] == "paused"
    until = (datetime.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    opened = answer(run("open", "sample", "--until", until, "--json"))
    assert opened["state"] == "open"
    assert datetime.fromisoformat(opened["closes_at"]).astimezone().strftime("%Y-%m-%dT%H:%M") == until
    assert answer(run("open", "sample", "--json"))["closes_at"] is None


@pytest.mark.parametrize("until", ["tomorrow", "2001-01-01"])
def test_an_impossible_time_is_refused(run: Run, until: str) -> None:
    refused = run("open", "sample", "--until", until)
    assert refused.exit_code == 2 and "--until" in refused.stderr and "Traceback" not in refused.output
