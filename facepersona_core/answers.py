"""What the commands answer: the same facts as JSON values for programs and as lines for people."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facepersona_core.console import language, say, table
from facepersona_core.errors import FolderNotWritable
from facepersona_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from facepersona_core.analysis.results import Analysis, AxisResult, Standing
    from facepersona_core.composition import Workplace
    from facepersona_core.doctor import Check
    from facepersona_core.studio import Made, Reading
    from storage import PersonRecord, StudyRecord

Facts = dict[str, Any]


def person_facts(person: PersonRecord) -> Facts:
    """A person, without photos."""
    kind = "sample" if person.sample else "synthetic" if person.synthetic else "consented"
    facts = {"name": person.name, "class_word": person.class_word, "kind": kind, "photos": len(person.photo_keys)}
    return facts | {"enrolled": person.created_at.isoformat()}


def people_lines(found: Sequence[Facts]) -> list[str]:
    """A table of `person_facts`."""
    rows = [[one["name"], one["class_word"], say(f"kind.{one['kind']}"), str(one["photos"])] for one in found]
    return _table(("name", "class_word", "kind", "photos"), rows)


def reading_facts(reading: Reading) -> Facts:
    """What was seen in one reference photo, and why it is skipped if it is."""
    level = reading.face.usability.level if reading.face else None
    error = reading.error.code if reading.error else None
    seen = reading.error.text(language()) if reading.error else _usability(reading)
    return {"file": reading.name, "used": error is None, "level": level, "error": error, "text": seen}


def _usability(reading: Reading) -> str:
    assert reading.face is not None
    usability = reading.face.usability
    facts = {**asdict(usability), "detection_score": reading.face.detection_score}
    return " ".join(text(f"usability.{key}", language(), **facts) for key in usability.reasons or ("good",))


def keep_picture(made: Made, person: str, folder: Path) -> Facts:
    """Write the PNG file and its recipe into ``folder``; only the same picture has the same name.

    Raises FolderNotWritable."""
    record = made.record
    stem = re.sub(r"[^\w-]+", "_", person) + f"_{record.method}_{record.seed}_{record.recipe_hash[:8]}"
    recipe = json.dumps(record.recipe, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    write(folder / f"{stem}.png", made.path.read_bytes())
    write(folder / f"{stem}.json", recipe.encode())
    files = {"file": str(folder / f"{stem}.png"), "recipe": str(folder / f"{stem}.json")}
    facts = {"method": record.method, "seed": record.seed, "recipe_hash": record.recipe_hash}
    scores = {score.metric: score.value for score in made.scores}
    return files | facts | {"seconds": round(record.seconds, 2), "reused": made.reused, "scores": scores}


def picture_line(facts: Facts) -> str:
    """One line for `keep_picture`'s facts."""
    values = ((name, say("unmeasured") if value is None else f"{value:.2f}") for name, value in facts["scores"].items())
    return say("written", **{**facts, "scores": ", ".join(f"{name} {value}" for name, value in values)})


def write(path: Path, data: bytes) -> None:
    """Write ``path``, its folder made if needed. Raises FolderNotWritable."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise FolderNotWritable(path=path.parent, reason=error.strerror) from error


def study_facts(workplace: Workplace, record: StudyRecord) -> Facts:
    """A study and how far its rating is."""
    plan, votes = record.plan, workplace.ratings.votes(record.id)
    counts = {name: len(getattr(plan, name)) for name in ("people", "prompts", "methods", "seeds")}
    done = {"pairs": len(workplace.studies.pairs(record.id)), "votes": int(votes["assignment"].nunique())}
    return {"name": plan.name, "title": plan.title, "created": record.created_at.isoformat()} | counts | done


def studies_lines(found: Sequence[Facts]) -> list[str]:
    """A table of `study_facts`."""
    counted = ("people", "prompts", "methods", "pairs", "votes")
    return _table(("study", *counted), [[facts["name"], *(str(facts[name]) for name in counted)] for facts in found])


def study_lines(record: StudyRecord, facts: Facts) -> list[str]:
    """One study in full."""
    plan = record.plan
    lines = [f"{plan.name}: {plan.title[language()]}", say("study_counts", **facts)]
    lines += [f"{say('head.people')}: {', '.join(plan.people)}", f"{say('head.methods')}: {', '.join(plan.methods)}"]
    return [*lines, f"{say('head.prompts')}:", *(f"  [{item.axis}] {item.text}" for item in plan.prompts)]


def ranking_lines(analysis: Analysis) -> list[str]:
    """The standings for each question."""
    counts = {"comparisons": analysis.comparisons, "raters": analysis.raters, "prompts": analysis.prompts}
    lines = [say("rank_counts", **counts)]
    for axis, result in analysis.axes.items():
        lines += ["", _question(axis), *_axis(result)]
    return lines


def analysis_json(analysis: Analysis) -> bytes:
    """The whole analysis as a file."""
    return (json.dumps(analysis.to_json(), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _question(axis: str) -> str:
    """What was asked; votes from elsewhere may ask anything."""
    return say(f"axis.{axis}") if axis in ("identity", "text") else axis


def _axis(result: AxisResult) -> list[str]:
    if result.standings is None:
        return [text(f"analysis_reasons.{result.reasons['standings']}", language())]
    head = ("rank", "method", "strength", "interval", "votes")
    lines = _table(head, [_standing(standing) for standing in result.standings])
    reason = result.reasons.get("intervals")
    return [*lines, text(f"analysis_reasons.{reason}", language())] if reason else lines


def _standing(standing: Standing) -> list[str]:
    low, high = standing.strength_low, standing.strength_high
    interval = "-" if low is None or high is None else f"{low:.0%} - {high:.0%}"
    return [str(standing.rank), standing.method, f"{standing.strength:.0%}", interval, str(standing.votes)]


def check_lines(checks: Sequence[Check]) -> list[str]:
    """A table of what the doctor saw."""
    rows = [[say(f"state.{check.state}"), say(f"check.{check.name}"), check.details[language()]] for check in checks]
    return _table(("state", "check", "details"), rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return table([say(f"head.{name}") for name in head], rows)
