"""``facepersona report`` and ``facepersona study export``: the decision report, from the database or an export."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facepersona_core.answers import write
from facepersona_core.cli_types import AsJson, Study
from facepersona_core.console import language, say, show
from facepersona_core.errors import RequestInvalid
from facepersona_core.messages import LANGUAGES

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from facepersona_core.report.evidence import Evidence

StudyOrFolder = Annotated[str, typer.Argument(metavar="STUDY|FOLDER")]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE")]
Parameters = Annotated[Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, readable=True)]
Language = Annotated[str | None, typer.Option("--lang", metavar="en|ja")]


def add_commands(
    app: typer.Typer, study: typer.Typer, workplace: Callable[..., AbstractContextManager[Workplace]]
) -> None:
    """Add ``report`` to ``app`` and ``export`` to the group ``study``; ``workplace()`` opens the stores."""

    @study.command("export")
    def export(name: Study, out: Annotated[Path, typer.Option(metavar="FOLDER")], as_json: AsJson = False) -> None:
        """Write everything that the report needs into a folder."""
        from facepersona_core.report.export import study_files, write_files

        with workplace() as opened:
            files = study_files(opened, name)
        write_files(files, out)
        facts = {"study": name, "folder": str(out), "files": len(files), "bytes": sum(map(len, files.values()))}
        show(facts, [say("study_exported", **facts)], as_json)

    @app.command()
    def report(
        study_or_folder: StudyOrFolder,
        out_file: OutFile,
        lang: Language = None,
        parameters: Parameters = None,
        price_per_hour: float | None = None,
        review_per_hour: float | None = None,
        review_seconds: float | None = None,
        today_cost: float | None = None,
        pictures_per_month: float | None = None,
        setup_cost: float | None = None,
        currency: str | None = None,
        as_json: AsJson = False,
    ) -> None:
        """Write the decision report as HTML or PDF."""
        from facepersona_core.report.data import gather
        from facepersona_core.report.make import KINDS
        from facepersona_core.report.parameters import load_parameters

        chosen = lang or language()
        if chosen not in LANGUAGES:
            raise RequestInvalid(name="--lang", seen=chosen, expected=", ".join(LANGUAGES))
        if out_file.suffix not in KINDS:
            raise RequestInvalid(name="--out", seen=out_file.name, expected=", ".join(f"*{kind}" for kind in KINDS))
        prices = {"price_per_hour": price_per_hour, "review_per_hour": review_per_hour, "setup_cost": setup_cost}
        volumes = {"review_seconds": review_seconds, "pictures_per_month": pictures_per_month}
        given = {**prices, **volumes, "today_cost": today_cost, "currency": currency}
        data = gather(_evidence(study_or_folder, workplace), load_parameters(parameters, given))
        write(out_file, KINDS[out_file.suffix](data, chosen))
        states = {gate.key: gate.state for gate in data.decision.gates}
        facts = {"file": str(out_file), "method": data.method, "decision": data.decision.outcome, "gates": states}
        passed = list(states.values()).count("pass")
        show(facts, [say("report_written", file=out_file, passed=passed, gates=len(states))], as_json)


def _evidence(name: str, workplace: Callable[..., AbstractContextManager[Workplace]]) -> Evidence:
    """An export in the folder ``name`` if it is one, else the study of that name."""
    from facepersona_core.report.evidence import read, read_folder
    from facepersona_core.report.export import study_files

    if Path(name).is_dir():
        return read_folder(Path(name))
    with workplace() as opened:
        return read(study_files(opened, name))
