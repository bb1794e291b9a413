"""The report of a run: every figure of every method with its interval, and the paired difference to Face2Diffusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from facepersona_core.bundle import Bundle
from facepersona_core.evaluation.estimate import Estimate, difference, jackknife, ratio, share
from facepersona_core.evaluation.figures import FIGURES, Figure, Row, figure, sums_of
from facepersona_core.evaluation.judges import Judges, Subject, nearer
from facepersona_core.evaluation.records import RunFolder
from facepersona_core.evaluation.run import Plan
from facepersona_core.types import json_digest

OURS = "face2diffusion"
"""The method that the others are compared with."""
Rows = Mapping[int, Sequence[Row]]
Facts = dict[str, Any]


def report(bundle: Bundle, judges: Judges, plan: Plan, folder: RunFolder) -> Facts:
    """The whole report as JSON values; a figure that could not be measured is None."""
    rows = {method: folder.rows(method, plan.cells) for method in plan.methods}
    subjects = [judges.subject(folder.people, number) for number in plan.people]
    photos = own_photos(subjects, judges, judges.gallery(folder.people, plan.gallery))
    return {
        "bundle": {name: bundle.info[name] for name in ("name", "edition")} | {"sha256": bundle.sha256},
        "judges": {"sha256": judges.sha256, "floor": judges.floor, "ceiling": judges.ceiling},
        "judge_itself": judge_itself(judges),
        "own_photos": {key: _json(found) for key, found in photos.items()},
        "people": len(plan.people),
        "gallery": len(plan.gallery),
        "prompts": len(plan.prompts),
        "seeds": plan.seeds,
        "steps": plan.steps,
        "guidance": plan.guidance,
        "candidates": plan.candidates,
        "machines": _machines(rows),
        "pictures": {method: sum("face" in row for own in rows[method].values() for row in own) for method in rows},
        **compared(rows),
    }


def compared(rows: Mapping[str, Rows]) -> Facts:
    """``figures`` of every method; ``differences``: each less Face2Diffusion, on the same people, prompts and seeds;
    ``enrol_ratio``: how many times as long a method takes to learn a person. The last two are empty without it."""
    figures = {method: {each.key: _json(estimate(each, own)) for each in FIGURES} for method, own in rows.items()}
    others = [method for method in rows if method != OURS] if OURS in rows else []
    return {
        "figures": figures,
        "differences": {method: _differences(rows[method], rows[OURS]) for method in others},
        "enrol_ratio": {method: _enrol_ratio(rows[method], rows[OURS]) for method in others},
    }


def estimate(of: Figure, people: Rows) -> Estimate | None:
    """The figure with its interval; None where it cannot be measured."""
    found = (share if of.unit == "share" else jackknife)(of.value, sums_of(of, people))
    return found.within(*of.bounds) if found else None


def own_photos(
    subjects: Sequence[Subject], judges: Judges, gallery: Mapping[int, np.ndarray]
) -> dict[str, Estimate | None]:
    """The figures "identity" and "top1" of the people's own other photos: what a picture can be expected to reach at
    most, since the recogniser takes some of them for somebody else's."""
    ways, hits = [], []
    for each in subjects:
        reference, count = each.reference.embedding, len(each.others)
        ways.append([sum(judges.way(float(other @ reference)) for other in each.others), count])
        hits.append([sum(not nearer(other, each, gallery) for other in each.others), count])
    return {
        "identity": jackknife(figure("identity").value, np.array(ways, np.float64)),
        "top1": share(figure("top1").value, np.array(hits, np.float64)),
    }


def judge_itself(judges: Judges) -> dict[str, float]:
    """How often the attribute judge is right on rendered pictures it never saw: no figure of a head can be more."""
    known: dict[str, float] = judges.attributes.config["figures"].get("sharp", {})
    also = {"expression_slot": known["expression"]} if "expression" in known else {}
    return {key: known[key] for key in (each.key for each in FIGURES) if key in known} | also


def _differences(theirs: Rows, ours: Rows) -> Facts:
    same = [person for person in theirs if person in ours]
    pairs = [({person: rows[person] for person in same}) for rows in (theirs, ours)]
    return {each.key: _json(difference(each.value, *(sums_of(each, rows) for rows in pairs))) for each in FIGURES}


def _enrol_ratio(theirs: Rows, ours: Rows) -> Facts | None:
    of = figure("enrol_seconds")
    return _json(ratio(of.value, sums_of(of, theirs), sums_of(of, ours)))


def _json(found: Estimate | None) -> Facts | None:
    return asdict(found) if found else None


def _machines(rows: Mapping[str, Rows]) -> list[Facts]:
    """Each machine on which something was timed, in the order of the rows."""
    found = [row["machine"] for people in rows.values() for own in people.values() for row in own]
    return list({json_digest(one): one for one in found}.values())
