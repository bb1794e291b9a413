"""Votes from anywhere, as a CSV file: read with a typed error for whatever is wrong, and the row where it is.

Columns ``rater, prompt, left, right, axis, outcome`` (``left``, ``right`` or ``tie``) are needed. ``person`` and
``seed`` tell pictures of one prompt apart; ``sampled_with`` is the probability, above 0 up to 1, with which the pair
was sent to people; the other columns of `analysis.frame.OPTIONAL`, as ``facepersona rate-export`` writes them, are
understood, others are ignored. Machine scores come as ``score_left_<metric>`` and ``score_right_<metric>``, higher is
better, blank where not measurable. A row with neither rater nor outcome is a pair that nobody has rated: its scores
are what makes a hybrid estimate more precise than the votes alone. Row 1 is the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from facepersona_core.analysis.ballots import OUTCOMES
from facepersona_core.analysis.frame import REQUIRED
from facepersona_core.errors import VoteLogInvalid

if TYPE_CHECKING:
    import pandas as pd

SCORES = ("score_left_", "score_right_")
NUMBERS = ("seconds", "sampled_with")
TRUTHS = {"left_ok": None, "right_ok": None, "is_gold": False, "repeat": False}
"""Columns of true and false, and what blank means."""
ASSUMED: dict[str, Any] = {"person": "", "seed": "0", "is_gold": False}
WORDS = {"true": True, "false": False, "1": True, "0": False}
PICTURE = ["method", "person", "prompt", "seed", "metric"]


@dataclass(frozen=True)
class VoteLog:
    """What `analysis.summary.analyse` takes."""

    votes: pd.DataFrame
    scores: pd.DataFrame | None
    """None without score columns."""


def read_vote_log(path: Path) -> VoteLog:
    """The votes in the UTF-8 file ``path``. Raises VoteLogInvalid."""
    table = _table(path)
    _need(path, table, [name for name in REQUIRED if name not in table])
    metrics = _metrics(path, table)
    rated = (table["rater"] != "") | (table["outcome"] != "") | (not metrics)
    for name in ("prompt", "left", "right", "axis", "rater", "outcome"):
        wrong = table[name] == ""
        _check(path, table, wrong & rated if name in ("rater", "outcome") else wrong, "blank", name)
    _check(path, table, ~table["outcome"].isin(OUTCOMES) & rated, "outcome", "outcome")
    table = _typed(path, table, [side + metric for metric in metrics for side in SCORES])
    ordinary = ~table["is_gold"]
    _check(path, table, (table["left"] == table["right"]) & ordinary, "same", "left")
    if "sampled_with" in table:
        inside = (table["sampled_with"] > 0) & (table["sampled_with"] <= 1)
        _check(path, table, ~inside & rated, "probability", "sampled_with")
    if not rated.any():
        _refuse(path, "empty")
    return VoteLog(table[rated], _scores(path, table[ordinary], metrics) if metrics else None)


def _table(path: Path) -> pd.DataFrame:
    """Every cell as text."""
    import warnings

    import pandas as pd

    try:
        text = path.read_bytes().decode("utf-8-sig")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the head
            table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False, index_col=False)
    except UnicodeDecodeError as error:
        _refuse(path, "encoding", row=error.object[: error.start].count(b"\n") + 1)
    except pd.errors.EmptyDataError:
        _refuse(path, "empty")
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        _refuse(path, "broken", reason=str(error).strip())
    if table.empty:
        _refuse(path, "empty")
    return table.fillna("")


def _metrics(path: Path, table: pd.DataFrame) -> list[str]:
    """Names of the machine scores; each needs both columns."""
    left, right = ({name.removeprefix(side) for name in table if name.startswith(side)} for side in SCORES)
    _need(path, table, sorted([SCORES[1] + metric for metric in left - right] + [SCORES[0] + m for m in right - left]))
    return sorted(left)


def _typed(path: Path, table: pd.DataFrame, scores: list[str]) -> pd.DataFrame:
    """Numbers (NaN where blank), times and truths as such; person, seed and is_gold also where there was no column."""
    import pandas as pd

    typed: dict[str, Any] = {}
    for name in [*NUMBERS, *scores]:
        if name in table:
            typed[name] = pd.to_numeric(table[name], errors="coerce")
            _check(path, table, ~typed[name].abs().lt(float("inf")) & (table[name] != ""), "number", name)
    if "at" in table:
        typed["at"] = pd.to_datetime(table["at"], utc=True, format="ISO8601", errors="coerce")
        _check(path, table, typed["at"].isna() & (table["at"] != ""), "time", "at")
    for name, blank in TRUTHS.items():
        if name in table:
            meaning = {**WORDS, "": blank}
            said = table[name].str.lower()
            _check(path, table, ~said.isin(list(meaning)), "truth", name)
            typed[name] = said.map(meaning)
    assumed = {name: value for name, value in ASSUMED.items() if name not in table}
    return table.assign(**{**assumed, **typed})


def _scores(path: Path, table: pd.DataFrame, metrics: list[str]) -> pd.DataFrame:
    """One row a picture and metric: `PICTURE` and value."""
    import pandas as pd

    parts = [
        table[["person", "prompt", "seed"]].assign(method=table[side], metric=metric, value=table[prefix + metric])
        for metric in metrics
        for side, prefix in zip(("left", "right"), SCORES, strict=True)
    ]
    every = pd.concat(parts)
    known = every[every["value"].notna()]
    first = known.groupby(PICTURE)["value"].transform("first")
    for row in sorted(known.index[known["value"] != first])[:1]:
        seen = known[(known["value"] != first) & (known.index == row)].iloc[0]
        _refuse(path, "score", row=row + 2, **{name: seen[name] for name in ("method", "metric", "value")})
    return every.groupby(PICTURE, as_index=False)["value"].first()


def _need(path: Path, table: pd.DataFrame, missing: list[str]) -> None:
    """Refuse a table that lacks columns."""
    if missing:
        _refuse(path, "columns", missing=", ".join(missing), seen=", ".join(map(str, table.columns)))


def _check(path: Path, table: pd.DataFrame, wrong: pd.Series, problem: str, column: str) -> None:
    """Refuse the first row where ``wrong``."""
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        _refuse(path, problem, row=row + 2, column=column, seen=table[column].iloc[row])


def _refuse(path: Path, problem: str, **fields: Any) -> NoReturn:
    raise VoteLogInvalid(name=path.name, problem=problem, **fields)
