"""Which pictures the report shows: examples that nobody picked, and the worst ones with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from facepersona_core.metrics.cards import IDENTITY_SIMILARITY, TEXT_MATCH

if TYPE_CHECKING:
    import pandas as pd

    from facepersona_core.report.evidence import Evidence

Reason = Literal["no_face", "refused", "unlike", "text_missed"]
REASONS: tuple[Reason, ...] = ("no_face", "refused", "unlike", "text_missed")
"""In the order in which a picture with several is listed."""
UNLIKE = 0.5
"""Identity below this is nearer to a stranger than to the person."""
MISSED = 0.5
"""Text match below this: what was asked for is more likely absent than there."""
REFUSED = 0.5
"""Share of answers "not good enough" above this."""
ANSWERS = 2
"""Fewest answers about a picture before raters may be said to refuse it."""
EACH = 5
"""Most pictures shown for one reason."""
EXAMPLES = 4
"""Most rows of examples."""
CELL = ["person", "prompt", "seed", "method"]


@dataclass(frozen=True)
class Shown:
    """One picture of the report."""

    person: str
    prompt: str
    seed: int
    method: str
    sha256: str
    identity: float | None
    """Way from stranger (0) to same person (1); None: no face."""
    text: float | None
    """0 to 1; None: not measurable."""
    refused: float | None
    """Share of answers "not good enough"; None: fewer than `ANSWERS`."""

    @property
    def key(self) -> str:
        """Name of its thumbnail."""
        return self.sha256[:16]


@dataclass(frozen=True)
class Faults:
    """What is wrong with the pictures of one method."""

    method: str
    pictures: int
    counts: dict[Reason, int]
    """How many pictures have the fault; one may have several."""
    measured: dict[Reason, int]
    """How many pictures could be judged on it; a picture without a face cannot be unlike."""
    worst: dict[Reason, tuple[Shown, ...]]
    """At most `EACH` a reason, worst first; each picture once, under the first reason that it has."""


def table(evidence: Evidence) -> pd.DataFrame:
    """One row a picture: `CELL`, sha256, ``face`` (NA: not measured), ``identity``, ``text``, ``refused``."""
    scores = evidence.newest_scores
    rows = evidence.pictures[[*CELL, "sha256"]].copy()
    index = rows.set_index(CELL).index
    for column, metric in (("identity", IDENTITY_SIMILARITY.key), ("text", TEXT_MATCH.key)):
        known = scores[scores["metric"] == metric].set_index(CELL)["value"]
        rows[column] = known.reindex(index).to_numpy()
        if column == "identity":
            rows["face"] = known.notna().astype("boolean").reindex(index).to_numpy()
    rows["refused"] = _refused(evidence.votes).reindex(index).to_numpy()
    return rows


def faults(evidence: Evidence, method: str) -> Faults:
    """What is wrong with the pictures of ``method``."""
    rows = table(evidence)
    rows = rows[rows["method"] == method]
    found: dict[Reason, pd.DataFrame] = {
        "no_face": rows[(rows["face"] == False).fillna(False)],  # noqa: E712  NA is neither
        "refused": rows[rows["refused"] > REFUSED].sort_values("refused", ascending=False, kind="stable"),
        "unlike": rows[rows["identity"] < UNLIKE].sort_values("identity", kind="stable"),
        "text_missed": rows[rows["text"] < MISSED].sort_values("text", kind="stable"),
    }
    judged_by: dict[Reason, str] = {
        "no_face": "face",
        "refused": "refused",
        "unlike": "identity",
        "text_missed": "text",
    }
    counts = {reason: len(found[reason]) for reason in REASONS}
    measured = {reason: int(rows[judged_by[reason]].notna().sum()) for reason in REASONS}
    worst: dict[Reason, tuple[Shown, ...]] = {}
    taken: set[str] = set()
    for reason in REASONS:
        fresh = found[reason][~found[reason]["sha256"].isin(taken)].head(EACH)
        taken |= set(fresh["sha256"])
        worst[reason] = _shown(fresh)
    return Faults(method, len(rows), counts, measured, worst)


def examples(evidence: Evidence) -> list[tuple[str, str, tuple[Shown | None, ...]]]:
    """(person, prompt, one picture a method): the first person with the first prompt, the second with the second
    prompt axis, and so on, at the first seed. A rule, so that nobody chooses."""
    plan, rows = evidence.plan, table(evidence)
    axes = list(dict.fromkeys(item.axis for item in plan.prompts))
    firsts = [next(item.text for item in plan.prompts if item.axis == axis) for axis in axes]
    result = []
    for place, person in enumerate(plan.people[:EXAMPLES]):
        prompt = firsts[place % len(firsts)]
        same = rows[(rows["person"] == person) & (rows["prompt"] == prompt) & (rows["seed"] == plan.seeds[0])]
        found = {one.method: one for one in _shown(same)}
        result.append((person, prompt, tuple(found.get(method) for method in plan.methods)))
    return result


def shown(evidence: Evidence) -> list[Shown]:
    """Every picture that a report of this study may show, whichever method it is about."""
    board = [one for _, _, row in examples(evidence) for one in row if one]
    worst = [one for key in evidence.plan.methods for each in faults(evidence, key).worst.values() for one in each]
    return list({one.sha256: one for one in [*board, *worst]}.values())


def _refused(votes: pd.DataFrame) -> pd.Series:
    """By `CELL`: share of answers "not good enough", gold and repeats left out; only with `ANSWERS` answers."""
    import pandas as pd

    counted = votes[~votes["is_gold"].astype(bool) & ~votes["repeat"].astype(bool)].drop_duplicates("assignment")
    sides = [
        counted[["person", "prompt", "seed"]].assign(method=counted[side], no=~counted[f"{side}_ok"].astype(bool))
        for side in ("left", "right")
    ]
    answers = pd.concat(sides, ignore_index=True).groupby(CELL)["no"].agg(["mean", "count"])
    return answers.loc[answers["count"] >= ANSWERS, "mean"]


def _shown(rows: pd.DataFrame) -> tuple[Shown, ...]:
    return tuple(
        Shown(
            row["person"],
            row["prompt"],
            int(row["seed"]),
            row["method"],
            row["sha256"],
            *(_known(row[name]) for name in ("identity", "text", "refused")),
        )
        for row in rows.to_dict("records")
    )


def _known(value: float) -> float | None:
    return None if value != value else float(value)
