"""``facepersona ...``: the screens' functions for a terminal and for scripts, over the same use cases.

A FacePersonaError becomes one line on stderr (with --json an object of code and text) and exit status 2. Help texts
are in the catalogue under ``cli.commands`` and ``cli.options``, in both languages.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from facepersona_core import answers, cli_access, cli_evaluate, cli_raters, cli_report
from facepersona_core.cli_study import add_commands
from facepersona_core.cli_types import AsJson, Person, Study
from facepersona_core.console import ProgressLine, language, say, show, show_error
from facepersona_core.errors import FacePersonaError, PackageMissing, RequestInvalid
from facepersona_core.settings import Settings

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace

REFUSED = 2
"""Exit status when what was asked cannot be done; a failed check of ``doctor`` is 1."""


class _Root(TyperGroup):
    """The whole program: help in the person's language, errors in one line."""

    def main(self, *positional: Any, **named: Any) -> Any:
        """Run it; see typer."""
        _translate(self, "facepersona")
        return super().main(*positional, **named)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note how errors are to be told before anything can fail."""
        ctx.meta["json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except FacePersonaError as error:
            show_error(error, ctx.meta["json"])
            raise typer.Exit(REFUSED) from error


def _translate(command: Any, key: str) -> None:
    """Put the help texts of the catalogue into ``command`` and the commands under it."""
    command.help = say(f"commands.{key}")
    for parameter in command.params:
        parameter.help = say(f"options.{parameter.name}")
    for name, inner in getattr(command, "commands", {}).items():
        _translate(inner, f"{key}_{name}".removeprefix("facepersona_").replace("-", "_"))


_PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False}
app = typer.Typer(cls=_Root, no_args_is_help=True, pretty_exceptions_enable=False, **_PLAIN)
people = typer.Typer(invoke_without_command=True, **_PLAIN)
study = typer.Typer(no_args_is_help=True, **_PLAIN)
app.add_typer(people, name="people")
app.add_typer(study, name="study")
raters = typer.Typer(no_args_is_help=True, **_PLAIN)
app.add_typer(raters, name="raters")
access = typer.Typer(no_args_is_help=True, **_PLAIN)
app.add_typer(access, name="access")

Photos = Annotated[list[Path], typer.Argument(metavar="PHOTO...", exists=True, dir_okay=False, readable=True)]
VotesFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script; ``arguments`` in the place of those that the process was given."""
    app(arguments, prog_name="facepersona")


@contextmanager
def _quiet() -> Iterator[None]:
    """Libraries look for nothing on a network, and what they print does not mix with the answer on stdout."""
    from app import offline

    offline()
    with redirect_stdout(StringIO()):
        yield


@contextmanager
def _workplace(samples: bool = True) -> Iterator[Workplace]:
    """The stores and the studio.

    ``samples``: see that the samples are there, unless whoever started this process did."""
    from facepersona_core.composition import open_workplace

    logging.getLogger("storage").setLevel(logging.ERROR)  # the note about SQLite is for the doctor and the server
    with _quiet():
        settings = Settings.from_environment()
        workplace = open_workplace(settings) if samples else open_workplace(settings, samples=None)
        try:
            yield workplace
        finally:
            workplace.close()


@people.callback()
def people_or_list(context: typer.Context, as_json: AsJson = False) -> None:
    """``facepersona people`` alone lists."""
    if context.invoked_subcommand is None:
        list_people(as_json)


@people.command("list")
def list_people(as_json: AsJson = False) -> None:
    """Everybody who is enrolled."""
    with _workplace() as workplace:
        found = [answers.person_facts(person) for person in workplace.people.list()]
    show(found, answers.people_lines(found), as_json)


@people.command("add")
def add_person(
    name: Person,
    photos: Photos,
    consent_by: str = "",
    synthetic: Annotated[bool, typer.Option("--synthetic")] = False,
    as_json: AsJson = False,
) -> None:
    """Enrol a person with the usable ones of the photos."""
    from facepersona_core.composition import consent_form

    consent = consent_form(consent_by, language()) if consent_by else None
    files = [(path.name, path.read_bytes()) for path in photos]
    with _workplace() as workplace:
        person, readings = workplace.studio.enrol(name, files, consent, synthetic)
    seen = [answers.reading_facts(reading) for reading in readings]
    lines = [say("added", name=person.name), *(f"{one['file']}: {one['text']}" for one in seen)]
    show({"name": person.name, "photos": seen}, lines, as_json)


@app.command()
def generate(
    person: Annotated[str, typer.Option()],
    prompt: Annotated[str, typer.Option()],
    method: Annotated[list[str], typer.Option()] = ["face2diffusion"],  # noqa: B006  typer copies it
    seed: int = 0,
    count: Annotated[int, typer.Option("--count", "-n")] = 1,
    steps: int | None = None,
    guidance: float | None = None,
    strength: float = 1.0,
    candidates: int | None = None,
    expression: str | None = None,
    expression_photo: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, readable=True)] = None,
    out: Path = Path("pictures"),
    as_json: AsJson = False,
) -> None:
    """Make pictures and write each as PNG with its recipe beside it."""
    from facepersona_core.composition import check_writable
    from facepersona_core.types import Request

    check_writable(out)
    written = []
    with _workplace() as workplace:
        someone, defaults = workplace.people.get(person), workplace.studio.bundle.info["defaults"]
        request = Request(
            prompt,
            seed=seed,
            count=count,
            steps=defaults["steps"] if steps is None else steps,
            guidance=defaults["guidance"] if guidance is None else guidance,
            strength=strength,
            candidates=defaults["candidates"] if candidates is None else candidates,
            expression=expression,
            expression_vector=_expression_of(workplace, expression_photo),
        )
        for key in method:
            with ProgressLine(key) as progress:
                made = workplace.studio.generate(someone, key, request, progress)
                written += [answers.keep_picture(picture, someone.name, out) for picture in made]
    show({"pictures": written}, [answers.picture_line(facts) for facts in written], as_json)


def _expression_of(workplace: Workplace, photo: Path | None) -> tuple[float, ...] | None:
    return workplace.studio.read_expression(photo.name, photo.read_bytes()) if photo else None


@study.command("list")
def list_studies(as_json: AsJson = False) -> None:
    """Every study, oldest first."""
    with _workplace() as workplace:
        found = [answers.study_facts(workplace, record) for record in workplace.studies.list()]
    show(found, answers.studies_lines(found), as_json)


@study.command("show")
def show_study(name: Study, as_json: AsJson = False) -> None:
    """The plan of a study and how far its rating is."""
    with _workplace() as workplace:
        record = workplace.studies.get(name)
        facts = answers.study_facts(workplace, record)
    show({**facts, "plan": asdict(record.plan)}, answers.study_lines(record, facts), as_json)


add_commands(study, _workplace)
cli_raters.add_commands(raters, _workplace)
cli_access.add_commands(access, _workplace)
cli_report.add_commands(app, study, _workplace)
cli_evaluate.add_command(app, _quiet)


@app.command()
def rate_export(name: Study, out: Annotated[Path, typer.Option()], as_json: AsJson = False) -> None:
    """Write the votes of a study as CSV or Parquet."""
    from facepersona_core.export import FORMATS

    if out.suffix not in FORMATS:
        raise RequestInvalid(name="--out", seen=out.name, expected=", ".join(f"*{suffix}" for suffix in FORMATS))
    with _workplace() as workplace:
        votes = workplace.ratings.votes(workplace.studies.get(name).id)
    answers.write(out, FORMATS[out.suffix](votes))
    facts = {"study": name, "file": str(out), "rows": len(votes), "votes": int(votes["assignment"].nunique())}
    show(facts, [say("exported", **facts)], as_json)


@app.command()
def rank(name: Study, as_json: AsJson = False) -> None:
    """Which method wins, for each question, with honest intervals."""
    from facepersona_core.analysis.summary import analyse

    with _workplace() as workplace:
        record = workplace.studies.get(name)
        scores = workplace.pictures.scores(workplace.studies.pictures(record.id).values())
        analysis = analyse(workplace.ratings.votes(record.id), scores=scores)
    show({"study": name, **analysis.to_json()}, answers.ranking_lines(analysis), as_json)


@app.command()
def analyse(votes: VotesFile, out: Path | None = None, as_json: AsJson = False) -> None:
    """Rank the methods of any vote log; the whole analysis as JSON."""
    from facepersona_core.analysis.summary import analyse as analyse_votes
    from facepersona_core.vote_log import read_vote_log

    if out and out.suffix != ".json":
        raise RequestInvalid(name="--out", seen=out.name, expected="*.json")
    log = read_vote_log(votes)
    analysis = analyse_votes(log.votes, scores=log.scores, deep=as_json or out is not None)
    lines = answers.ranking_lines(analysis)
    if out:
        answers.write(out, answers.analysis_json(analysis))
        lines += ["", say("analysed", file=out)]
    show(analysis.to_json(), lines, as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check everything that the app needs; exit status 1 when something fails."""
    from app import check_port
    from facepersona_core.doctor import examine
    from storage.database import sqlite_note

    checks = examine(Settings.from_environment(), check_port, sqlite_note() is not None)
    healthy = all(check.state != "fail" for check in checks)
    found = [{"check": check.name, "state": check.state, "text": check.details[language()]} for check in checks]
    show({"ok": healthy, "checks": found}, answers.check_lines(checks), as_json)
    if not healthy:
        raise typer.Exit(1)


@app.command()
def serve(host: str | None = None, port: int | None = None, as_json: AsJson = False) -> None:
    """Serve the app until interrupted."""
    from app import log_to_stderr
    from app import serve as serve_app

    settings = Settings.from_environment()
    log_to_stderr()
    serve_app(replace(settings, host=host or settings.host, port=settings.port if port is None else port))


@app.command()
def synth(
    identities: Annotated[int, typer.Option(min=1)],
    per_identity: Annotated[int, typer.Option(min=1)] = 10,
    size: Annotated[int, typer.Option(min=32)] = 128,
    out: Path = Path("synthetic"),
    first: Annotated[int, typer.Option(min=0)] = 0,
    workers: Annotated[int, typer.Option(min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Render synthetic people with labels; started again, it goes on."""
    try:
        from training.synthetic.dataset import render_dataset
    except ModuleNotFoundError as error:
        raise PackageMissing(package=error.name, extra="train") from error
    with redirect_stdout(sys.stderr):
        render_dataset(identities, per_identity, size, out, workers, first)
    facts = {"people": identities, "pictures": identities * per_identity, "folder": str(out)}
    show(facts, [say("rendered", **facts)], as_json)


if __name__ == "__main__":
    main()
