"""The page `docs/ablation.md` from the facts of `report.py`; its words are in `page.md`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

from facepersona_core.evaluation.figures import figure
from facepersona_core.evaluation.pages import gap, pipes, written
from facepersona_core.messages import text
from training.ablation.report import LOWERS, NONE, RAISES
from training.ablation.variants import DELAY, PARTS, VARIANTS, Part, variant

Facts = Mapping[str, Any]
LANGUAGE = "en"
LINE = 120
SHOWN = (
    "hmean", "identity", "top1", "text", "scene", "clothes", "cloth_colour", "glasses", "expression", "detected",
    "pose_diversity", "expression_diversity", "copy_paste", "copy_paste_setting",
)  # fmt: skip
"""Figures of the second table."""
SETTINGS = {
    "paper": 'S\\* begins as "a person" for everybody, every training sample shows the very picture that the identity '
    'comes from, and the prompt is always "a photo of S\\*". The embedded bundle\'s recipe keeps pose, expression and '
    "place out of S\\* by other means as well (a start from the people's names, another picture of the same person, "
    "captions that say what the picture shows), and with these the three parts would have little left to do. "
    "`--setting recipe` measures that instead.",
    "recipe": "S\\* begins as the person's name, by regression, the identity comes from another picture of the same "
    "person, and half of the prompts are captions that say what the picture shows, as in the embedded bundle's recipe. "
    "All of this keeps pose, expression and place out of S\\* as well, so the three parts have little left to do; "
    "`--setting paper`, the default, takes it away.",
}


def page(facts: Facts) -> str:
    """The page, from what `report` gave."""
    encoder, mapping = facts["encoder"], facts["mapping"]
    template = (Path(__file__).parent / "page.md").read_text("utf-8")
    return template.format(
        setting=fill(f"**What the mapping network learns from.** {SETTINGS[facts['setting']]}", LINE),
        truth="on" if encoder["truth_weight"] else "off",
        encoder_steps=encoder["steps"],
        encoder_batch=encoder["batch"],
        mapping_steps=mapping["steps"],
        mapping_batch=mapping["batch"],
        delay=f"{DELAY:.0%}".replace("%", " %"),
        **{name: facts[name] for name in ("people", "gallery", "prompts", "steps", "training_people", "seed")},
        guidance=f"{facts['guidance']:g}",
        edition=facts["model"]["edition"],
        findings="\n".join(_finding(part, facts) for part in PARTS),
        contrasts=pipes(_contrast_table(facts)),
        figures=pipes(_figure_table(facts)),
        recognisers=pipes(_recogniser_table(facts)),
    )


def _finding(part: Part, facts: Facts) -> str:
    """What taking out ``part`` does, in one line."""
    own = [each for each in facts["contrasts"] if each["part"] == part]
    lowered = [each for each in own if each["verdict"] == LOWERS]
    shown = "shown here" if lowered else "not shown here"
    details = "; ".join(f"{variant(key).title}: {_said(own, key)}" for key in dict.fromkeys(c["variant"] for c in own))
    return f"- **{PARTS[part][0]}**: {shown}, {len(lowered)} of {len(own)} differences. {details}."


def _said(own: list[Facts], key: str) -> str:
    """What the variant ``key`` does to each figure, grouped by verdict."""
    words = {LOWERS: "lowers", RAISES: "raises", NONE: "no difference found in"}
    parts = []
    for verdict in dict.fromkeys(each["verdict"] for each in own if each["variant"] == key):
        named = [_name(each["figure"]) for each in own if (each["variant"], each["verdict"]) == (key, verdict)]
        parts.append(f"{words.get(verdict, f'{verdict}:')} {', '.join(named)}")
    return ", ".join(parts)


def _contrast_table(facts: Facts) -> list[list[str]]:
    rows = [
        [
            PARTS[each["part"]][0],
            variant(each["variant"]).title,
            _name(each["figure"]),
            gap(each["difference"], figure(each["figure"]), LANGUAGE),
            each["verdict"],
        ]
        for each in facts["contrasts"]
    ]
    return [["part taken out or replaced", "by", "figure that it is for", "difference", "verdict"], *rows]


def _figure_table(facts: Facts) -> list[list[str]]:
    """A variant a row."""
    head = ["variant", *(f"{_name(key)} {'↑' if figure(key).better == 'higher' else '↓'}" for key in SHOWN)]
    judge = [facts["judge_itself"].get(key) for key in SHOWN]
    last = ["*the judge itself*", *("" if share is None else f"{share:.0%}".replace("%", " %") for share in judge)]
    rows = [
        [each.title, *(written(facts["figures"][each.key][key], figure(key).unit, LANGUAGE) for key in SHOWN)]
        for each in VARIANTS
    ]
    return [head, *rows, last]


def _recogniser_table(facts: Facts) -> list[list[str]]:
    names = {"msid": "ArcFace on all scales together", "deep": "ArcFace on the deep class token"}
    rows = [
        [names[key], str(found["step"]), f"{found['auc']:.3f}", f"{found['rank1']:.2f} of {found['gallery']:.0f}"]
        for key, found in facts["recognisers"].items()
    ]
    return [["recogniser", "steps", "AUC on unseen people", "rank-1"], *rows]


def _name(key: str) -> str:
    """The figure's name without its explanation."""
    return text(f"evaluation.names.{key}", LANGUAGE).partition(":")[0]
