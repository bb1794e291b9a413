"""What came of it: the figures of every variant, and what each part, taken out, does to the figures that it is for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.report import compared, judge_itself
from training.ablation.measure import bundle_of, rows
from training.ablation.plan import Ablation
from training.ablation.variants import PARTS, VARIANTS

Facts = dict[str, Any]
LOWERS, RAISES, NONE = "lowers it beyond its interval", "raises it beyond its interval", "no difference found"
UNKNOWN, UNMEASURED = "chance cannot be judged", "not measured"


def report(plan: Ablation, judges: Judges) -> Facts:
    """The whole report as JSON values; a figure that could not be measured is None."""
    found = compared(rows(plan, judges))
    bundle = bundle_of(plan, VARIANTS[0])
    asked = plan.evaluation(bundle, judges)
    networks = dict.fromkeys(each.network for each in VARIANTS)
    return {
        **plan.facts(),
        "model": {name: bundle.info[name] for name in ("name", "edition")},
        "judges": judges.sha256,
        "judge_itself": judge_itself(judges),
        "people": len(asked.people),
        "gallery": len(asked.gallery),
        "prompts": len(asked.prompts),
        "steps": asked.steps,
        "guidance": asked.guidance,
        "training_people": int(plan.latents().person.max()) + 1,
        "recognisers": {name: last(plan.recogniser(name), "identity") for name in ("msid", "deep")},
        "networks": {key: last(plan.network(key), "mapping") for key in networks},
        "figures": found["figures"],
        "differences": found["differences"],
        "contrasts": contrasts(found["differences"]),
    }


def contrasts(differences: Mapping[str, Mapping[str, Facts | None]]) -> list[Facts]:
    """For every variant and every figure that its part is for: the paired difference to Face2Diffusion, and what it
    says. ``differences``: variant -> figure -> value, low, high."""
    return [
        {"part": each.part, "variant": each.key, "figure": key, "difference": found, "verdict": verdict(found)}
        for each in VARIANTS
        if each.part
        for key in PARTS[each.part][1]
        for found in [differences[each.key][key]]
    ]


def verdict(found: Facts | None) -> str:
    """What a difference to the whole method says, for a figure that is better higher."""
    if found is None:
        return UNMEASURED
    if found["low"] is None:
        return UNKNOWN if found["value"] else NONE
    if found["high"] < 0:
        return LOWERS
    return RAISES if found["low"] > 0 else NONE


def last(folder: Path, stage: str) -> Facts:
    """The last line that the training in ``folder`` logged of ``stage``."""
    events: list[Facts] = [json.loads(line) for line in (folder / "log.jsonl").read_text("utf-8").splitlines()]
    return [event for event in events if event["stage"] == stage][-1]
