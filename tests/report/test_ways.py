"""The ways to a report: command line and Results tab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from facepersona_core.cli_report import add_commands
from facepersona_core.errors import RequestInvalid
from facepersona_core.report.make import KINDS
from ui import report


@pytest.fixture
def run(workplace: Any) -> Any:
    @contextmanager
    def opened() -> Iterator[Any]:
        yield workplace

    app, study = typer.Typer(), typer.Typer()
    app.add_typer(study, name="study")
    add_commands(app, study, opened)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_export_then_report_without_a_database(run: Any, tmp_path: Path) -> None:
    exported = run("study", "export", "small", "--out", tmp_path / "small", "--json")
    assert exported.exit_code == 0, exported.output
    assert json.loads(exported.stdout)["files"] == len([p for p in (tmp_path / "small").rglob("*") if p.is_file()])
    made = [tmp_path / name for name in ("database.html", "export.html")]
    for source, out in zip(("small", tmp_path / "small"), made, strict=True):
        result = run("report", source, "--out", out, "--lang", "ja", "--today-cost", 900, "--currency", "JPY", "--json")
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["decision"] == "reject"
    assert made[0].read_bytes() == made[1].read_bytes()
    assert "900 円" in made[0].read_text("utf-8")


@pytest.mark.parametrize(
    "arguments",
    [("--out", "report.docx"), ("--out", "x.html", "--lang", "fr"), ("--out", "x.html", "--setup-cost", -1)],
)
def test_what_cannot_be_done_is_refused(run: Any, arguments: tuple[Any, ...]) -> None:
    assert isinstance(run("report", "small", *arguments).exception, RequestInvalid)


def test_the_results_tab_serves_the_same_report(
    workplace: Any, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, ".pdf", lambda data, language: f"{data.method} {language}".encode())
    api = FastAPI()
    report.add_routes(api, workplace, "/results")
    client = TestClient(api)
    answer = client.get("/results/reports/small/html", params={"lang": "en", "today_cost": "7.5", "setup_cost": ""})
    run("report", "small", "--out", tmp_path / "same.html", "--lang", "en", "--today-cost", 7.5)
    assert answer.content == (tmp_path / "same.html").read_bytes()
    assert answer.headers["content-disposition"] == 'attachment; filename="decision-report.html"'
    pdf = client.get("/results/reports/small/pdf?lang=ja")
    assert (pdf.content, pdf.headers["content-type"]) == (b"face2diffusion ja", "application/pdf")
    for address in (
        "/results/reports/nothing/html",
        "/results/reports/small/docx",
        "/results/reports/small/html?lang=x",
    ):
        assert client.get(address).status_code == 404
    refused = client.get("/results/reports/small/html", params={"lang": "ja", "today_cost": "cheap"})
    assert refused.status_code == 422 and "でなければなりません" in refused.text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_card_has_two_buttons_and_every_price(language: str) -> None:
    card = report.form('a "b"/c', language)
    assert 'formaction="reports/a%20%22b%22%2Fc/html"' in card and "/pdf" in card
    for name in (*report.NUMBERS, "currency"):
        assert f'name="{name}"' in card
