"""What the reader of a report may set: prices and volumes, the limits of the gates, the method to decide on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facepersona_core.errors import RequestInvalid
from facepersona_core.report.decision import Thresholds, thresholds
from facepersona_core.report.roi import Assumptions, assumptions

TABLES = ("roi", "gates", "method")


@dataclass(frozen=True)
class Parameters:
    """Everything a report needs besides the study."""

    roi: Assumptions = field(default_factory=Assumptions)
    gates: Thresholds = field(default_factory=Thresholds)
    method: str | None = None
    """Key of the method to decide on; None: the first of the plan, the one under study."""


def parameters(table: Mapping[str, Any]) -> Parameters:
    """From the plain values of a TOML document: ``[roi]``, ``[gates]``, ``method``. Raises RequestInvalid."""
    if unknown := sorted(set(table) - set(TABLES)):
        raise RequestInvalid(name="report.toml", seen=", ".join(unknown), expected=", ".join(TABLES))
    parts: dict[str, Mapping[str, Any]] = {}
    for name in ("roi", "gates"):
        parts[name] = table.get(name, {})
        if not isinstance(parts[name], Mapping):
            raise RequestInvalid(name=name, seen=repr(parts[name]), expected=f"[{name}]")
    return Parameters(assumptions(parts["roi"]), thresholds(parts["gates"]), table.get("method"))


def load_parameters(path: Path | None, roi: Mapping[str, Any]) -> Parameters:
    """The TOML file ``path``, if there is one, with the ``roi`` values that are not None over it.

    Raises RequestInvalid."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RequestInvalid(name=path.name, seen=str(error), expected="TOML") from error
    given = {name: value for name, value in roi.items() if value is not None}
    return parameters({**table, "roi": {**table.get("roi", {}), **given}} if given else table)
