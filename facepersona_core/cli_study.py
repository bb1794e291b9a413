"""``facepersona study ...`` for what is made: preview, start, work, pause, resume, retry, discard, status."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facepersona_core import answers, answers_study
from facepersona_core.analysis.routing import LEAST_FLOOR
from facepersona_core.cli_types import AsJson, Study
from facepersona_core.console import ProgressLine, language, say, show
from facepersona_core.errors import UnknownStudy
from facepersona_core.messages import text
from facepersona_core.settings import MOST_WORKERS

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from facepersona_core.study.status import RunStatus

PlanFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)]
AnyStudy = Annotated[str | None, typer.Argument(metavar="STUDY")]
WorkerCount = Annotated[int, typer.Option(min=1, max=MOST_WORKERS)]
OpenWithGaps = Annotated[bool, typer.Option("--open-with-gaps")]

NOT_READY = 1
"""Exit status when the pictures of the study are not all there."""
_LOOK_SECONDS = 0.5


def add_commands(study: typer.Typer, workplace: Callable[..., AbstractContextManager[Workplace]]) -> None:
    """Add the commands to the group ``study``; ``workplace(samples=False)`` opens the stores as they are."""

    @study.command("plan")
    def plan_study(file: PlanFile, workers: WorkerCount = 1, as_json: AsJson = False) -> None:
        """What a plan costs and how precise its answer will be."""
        from facepersona_core.study.design import load_plan
        from facepersona_core.study.preview import preview
        from facepersona_core.study.start import check_plan

        plan = load_plan(file)
        with workplace() as opened:
            check_plan(opened.people, opened.studio.bundle, plan)
            seen = preview(plan, opened.jobs.pace(opened.studio.bundle.sha256), workers)
        show(answers_study.preview_facts(plan, seen), answers_study.preview_lines(plan, seen), as_json)

    @study.command("start")
    def start(file: PlanFile, as_json: AsJson = False) -> None:
        """Put the work of a plan where workers find it."""
        with workplace() as opened:
            status = _status(opened, _start(opened, file))
        show(answers_study.status_facts(status), answers_study.status_lines(status), as_json)

    @study.command("run")
    def run(
        file: PlanFile, workers: WorkerCount = 1, open_with_gaps: OpenWithGaps = False, as_json: AsJson = False
    ) -> None:
        """Start and work until the study can be rated; started again, it goes on."""
        with workplace() as opened:
            name = _start(opened, file)
            opened.jobs.resume(name)
            _work(opened, name, workers, open_with_gaps)
            status = _status(opened, name)
            facts = answers_study.status_facts(status)
            lines = answers_study.status_lines(status)
            if status.phase == "open":
                made = answers.study_facts(opened, opened.studies.get(name))
                pictures = len(opened.studies.pictures(opened.studies.get(name).id))
                facts = {**facts, **made, "pictures": pictures}
                lines = [say("study_ready", name=name, pictures=pictures, pairs=made["pairs"])]
        show(facts, lines, as_json)
        if status.phase != "open":
            raise typer.Exit(NOT_READY)

    @study.command("work")
    def work(
        study: Annotated[str | None, typer.Option()] = None,
        workers: WorkerCount = 1,
        open_with_gaps: OpenWithGaps = False,
        tied: Annotated[int, typer.Option(metavar="PID", min=0)] = 0,
        as_json: AsJson = False,
    ) -> None:
        """Make what is waiting, until nothing is left or somebody says stop."""
        with workplace(samples=False) as opened:
            worked_on = [run.name for run in opened.jobs.runs() if run.state != "open" and study in (None, run.name)]
            if study:
                opened.jobs.run(study)
            _work(opened, study, workers, open_with_gaps, tied)
            told = _statuses(opened, worked_on)
        _show_all(told, as_json)

    @study.command("status")
    def status(study: AnyStudy = None, as_json: AsJson = False) -> None:
        """How far the studies are, or one of them."""
        with workplace() as opened:
            names = [study] if study else [run.name for run in opened.jobs.runs()]
            told = [_status(opened, name) for name in names]
        if study:
            show(answers_study.status_facts(told[0]), answers_study.status_lines(told[0]), as_json)
        else:
            _show_all(told, as_json)

    @study.command("pause")
    def pause(study: Study, as_json: AsJson = False) -> None:
        """Let no further picture begin."""
        _act(study, as_json, lambda opened: opened.jobs.pause(study))

    @study.command("resume")
    def resume(study: Study, as_json: AsJson = False) -> None:
        """Go on after a pause."""
        _act(study, as_json, lambda opened: opened.jobs.resume(study))

    @study.command("retry")
    def retry(study: Study, as_json: AsJson = False) -> None:
        """Try again what failed."""
        _act(study, as_json, lambda opened: opened.jobs.retry(study))

    @study.command("discard")
    def discard(study: Study, yes: Annotated[bool, typer.Option("--yes")] = False, as_json: AsJson = False) -> None:
        """Do away with a study that nobody has voted in."""
        with workplace() as opened:
            opened.jobs.require_discardable(study)
            if not yes:
                typer.confirm(say("discard_sure", name=study), abort=True, err=True)
            opened.jobs.discard(study)
        show({"study": study, "discarded": True}, [say("discarded", name=study)], as_json)

    @study.command("route")
    def route(
        study: Study,
        clear: Annotated[float, typer.Option()] = 0.5,
        floor: Annotated[float, typer.Option()] = LEAST_FLOOR,
        as_json: AsJson = False,
    ) -> None:
        """Let the machine decide the clear pairs, before anybody rates."""
        from facepersona_core.study.routing import route_study

        with workplace() as opened:
            counts = route_study(opened.studies, opened.pictures, study, clear, floor)
        facts = [{"decision": who, "reason": why, "pairs": n} for (who, why), n in sorted(counts.items())]
        whys = [text(f"analysis_reasons.{one['reason']}", language()) for one in facts]
        lines = [say(f"routed_{o['decision']}", pairs=o["pairs"], why=why) for o, why in zip(facts, whys, strict=True)]
        show({"study": study, "routes": facts}, lines, as_json)

    def _act(name: str, as_json: bool, act: Callable[[Workplace], Any]) -> None:
        with workplace() as opened:
            act(opened)
            status = _status(opened, name)
        show(answers_study.status_facts(status), answers_study.status_lines(status), as_json)


def _start(opened: Workplace, file: Path) -> str:
    """Start the plan in ``file``; returns the name of the study."""
    from facepersona_core.study.design import load_plan
    from facepersona_core.study.start import start_study

    return start_study(opened.people, opened.jobs, opened.studio.bundle, load_plan(file)).name


def _status(opened: Workplace, name: str) -> RunStatus:
    from facepersona_core.study.status import status_of

    return status_of(opened.jobs, name)


def _statuses(opened: Workplace, names: Sequence[str]) -> list[RunStatus]:
    """How far the studies ``names`` are, without those that were discarded meanwhile."""
    told = []
    for name in names:
        with suppress(UnknownStudy):
            told.append(_status(opened, name))
    return told


def _show_all(told: Sequence[RunStatus], as_json: bool) -> None:
    lines = [line for status in told for line in answers_study.status_lines(status)]
    show([answers_study.status_facts(status) for status in told], lines or [say("nothing_to_make")], as_json)


def _work(opened: Workplace, study: str | None, workers: int, open_with_gaps: bool, parent: int = 0) -> None:
    """Work on ``study`` (None: on all) here or in ``workers`` processes, with a line that shows how far it is."""
    runs = [run.name for run in opened.jobs.runs() if run.state == "running" and study in (None, run.name)]
    with ProgressLine(study or "") as line:

        def progress() -> None:
            told = [status.pictures for status in _statuses(opened, runs)]
            total = sum(tally.total for tally in told)
            done = sum(tally.total - tally.left for tally in told)
            line(done / total if total else 1.0, f"{done} / {total}")

        if workers == 1:
            _here(opened, study, parent, progress)
        else:
            _side_by_side(opened, study, workers, progress)
    for status in _statuses(opened, runs) if open_with_gaps else []:
        if status.phase == "stuck":
            opened.jobs.open_with_gaps(status.run.name)


def _here(opened: Workplace, study: str | None, parent: int, progress: Callable[[], None]) -> None:
    from facepersona_core.study.worker import build_worker, stopped_by_signals
    from facepersona_core.study.workers import SINGLE_THREADED

    for name, value in SINGLE_THREADED.items():
        os.environ.setdefault(name, value)
    worker = build_worker(opened, study, parent)
    with stopped_by_signals(worker.stop):
        worker.run(progress)


def _side_by_side(opened: Workplace, study: str | None, count: int, progress: Callable[[], None]) -> None:
    from facepersona_core.study.worker import stopped_by_signals
    from facepersona_core.study.workers import Workers

    settings, stopped = opened.settings, list[bool]()
    bundle = opened.studio.bundle.sha256
    workers = Workers(opened.jobs, lambda: bundle, settings.home, count, study, environment=settings.to_environment())
    workers.start()
    with stopped_by_signals(lambda: stopped.append(True)):
        while not stopped and not workers.over:
            progress()
            time.sleep(_LOOK_SECONDS)
        workers.stop()
    if workers.problem:
        raise workers.problem.error
