"""The numbered parts of the report, one file each; each function takes a `View` and gives blocks."""

from __future__ import annotations

from facepersona_core.report.blocks import Section
from facepersona_core.report.sections import (
    agreement,
    appendix,
    cost,
    errors,
    gates,
    hybrid,
    machine,
    methods,
    ranking,
    risks,
    roi,
    scenario,
    sensitivity,
    tradeoff,
)
from facepersona_core.report.view import View

ORDER = {
    "gates": gates.blocks,
    "scenario": scenario.scenario,
    "people": scenario.people,
    "methods": methods.blocks,
    "machine": machine.blocks,
    "ranking": ranking.blocks,
    "tradeoff": tradeoff.blocks,
    "agreement": agreement.blocks,
    "hybrid": hybrid.blocks,
    "sensitivity": sensitivity.blocks,
    "errors": errors.blocks,
    "cost": cost.blocks,
    "roi": roi.blocks,
    "risks": risks.blocks,
    "data": appendix.data,
    "definitions": appendix.definitions,
}


def sections(view: View) -> list[Section]:
    """Every section in order."""
    return [Section(key, view.words(f"{key}.title"), blocks(view)) for key, blocks in ORDER.items()]
