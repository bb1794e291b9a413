"""``facepersona evaluate``: methods measured on held-out people, in a folder that a stopped run goes on from."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facepersona_core.answers import write
from facepersona_core.cli_types import AsJson
from facepersona_core.console import ProgressLine, language, say, show, table
from facepersona_core.errors import PackageMissing, RequestInvalid
from facepersona_core.limits import RANGES
from facepersona_core.settings import Settings

if TYPE_CHECKING:
    from facepersona_core.bundle import Bundle
    from facepersona_core.evaluation.judges import Judges
    from facepersona_core.evaluation.run import Plan

ALL = "all"
"""The prompts that ship."""


def add_command(app: typer.Typer, quiet: Callable[[], AbstractContextManager[None]]) -> None:
    """Add ``evaluate`` to ``app``; ``quiet()`` keeps what libraries print off stdout."""

    @app.command()
    def evaluate(
        people: Annotated[int, typer.Option()] = 20,
        prompts: Annotated[str, typer.Option(metavar="FILE|all")] = ALL,
        seeds: Annotated[int, typer.Option(min=1, max=100)] = 1,
        methods: Annotated[str, typer.Option(metavar="KEY,KEY")] = "face2diffusion",
        out: Path = Path("data/evaluation"),
        bundle: Annotated[Path | None, typer.Option(exists=True, file_okay=False)] = None,
        steps: int | None = None,
        guidance: float | None = None,
        candidates: int = 1,
        sheet: Annotated[bool, typer.Option("--sheet")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Measure methods on held-out people."""
        with quiet():
            from facepersona_core.bundle import open_bundle
            from facepersona_core.evaluation.judges import Judges
            from facepersona_core.evaluation.pages import figure_table, markdown, summary
            from facepersona_core.evaluation.records import RunFolder
            from facepersona_core.evaluation.report import report
            from facepersona_core.evaluation.run import run
            from facepersona_core.evaluation.sheet import run_sheet

            opened = open_bundle(bundle or Settings.from_environment().bundle)
            judges = Judges(opened.path)
            plan = _plan(opened, judges, people, prompts, seeds, methods, steps, guidance, candidates)
            folder = RunFolder(out, plan.facts(opened, judges))
            with ProgressLine("evaluate") as progress:
                _render(plan, folder.people, progress)
                run(opened, judges, plan, folder, progress)
            facts = report(opened, judges, plan, folder)
            write(out / "report.json", (json.dumps(facts, indent=1, allow_nan=False) + "\n").encode())
            write(out / "report.md", markdown(facts, language()).encode())
            if sheet:
                run_sheet(plan, folder, out / "sheet.png")
        head, *rows = figure_table(facts, language())
        lines = [summary(facts, language()), "", *table(head, rows), "", say("evaluated", file=out / "report.md")]
        show(facts, lines, as_json)


def _plan(
    bundle: Bundle,
    judges: Judges,
    people: int,
    prompts: str,
    seeds: int,
    methods: str,
    steps: int | None,
    guidance: float | None,
    candidates: int,
) -> Plan:
    """What is asked for, checked.

    Raises RequestInvalid, UnknownMethod, EvaluationInvalid, PromptInvalid, PackageMissing."""
    from facepersona_core.evaluation.prompts import load_prompts
    from facepersona_core.evaluation.run import Plan
    from facepersona_core.methods import method_card
    from facepersona_core.types import Request

    gallery = _references().GALLERY
    file = None if prompts == ALL else Path(prompts)
    if file and not file.is_file():
        raise RequestInvalid(name="--prompts", seen=f'"{prompts}"', expected=f"{ALL}, *.toml")
    keys = tuple(dict.fromkeys(key.strip() for key in methods.split(",")))
    for key in keys:
        method_card(key)
    defaults = bundle.info["defaults"]
    chosen: dict[str, Any] = {
        "steps": defaults["steps"] if steps is None else steps,
        "guidance": defaults["guidance"] if guidance is None else guidance,
        "candidates": candidates,
    }
    limits = {**{name: RANGES[name] for name in chosen}, "people": (1, len(gallery))}
    for name, seen in {**chosen, "people": people}.items():
        if not limits[name][0] <= seen <= limits[name][1]:
            raise RequestInvalid(name=f"--{name}", seen=seen, expected=f"{limits[name][0]} - {limits[name][1]}")
    asked = load_prompts(file, judges.heads)
    for line in (line for prompt in asked for line in (prompt.text, prompt.plain) if line):
        bundle.check(Request(line))
    return Plan(
        gallery[:people],
        gallery,
        asked,
        keys,
        seeds,
        slot=frozenset(bundle.expressions),
        **chosen,
    )


def _render(plan: Plan, photos: Path, progress: ProgressLine) -> None:
    """The photos of everybody, into ``photos``; those that are there stay."""
    _references().render_references(plan.gallery, plan.people, photos, progress)


def _references() -> Any:
    try:
        from training.synthetic import references
    except ModuleNotFoundError as error:
        raise PackageMissing(package=error.name, extra="train") from error
    return references
