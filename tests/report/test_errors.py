"""The table of faults: shares are of the pictures that could be judged, and what nobody judged is no 0."""

from __future__ import annotations

from dataclasses import replace

from facepersona_core.report import gallery
from facepersona_core.report.blocks import Table
from facepersona_core.report.data import ReportData
from facepersona_core.report.gallery import REASONS
from facepersona_core.report.sections import errors
from facepersona_core.report.view import View
from facepersona_core.report.words import Words


def cells(data: ReportData, language: str) -> dict[str, str]:
    """What the table says of the first method of the plan, by reason."""
    blocks = errors.blocks(View(data, Words(language)))
    table = next(block for block in blocks if isinstance(block, Table))
    return {reason: str(row[1]) for reason, row in zip(REASONS, table.rows, strict=True)}


def test_a_share_is_of_the_pictures_that_raters_have_judged(data: ReportData) -> None:
    votes = data.evidence.votes
    some = votes["prompt"].isin(["a photo of S* at the beach", "a photo of S* up"])
    refused = votes[some].assign(left_ok=votes["prompt"] == "a photo of S* up")
    refused["right_ok"] = refused["left_ok"]
    part = replace(data, evidence=replace(data.evidence, votes=refused))
    found = gallery.faults(part.evidence, "face2diffusion")
    assert (found.counts["refused"], found.measured["refused"], found.pictures) == (3, 6, 12)
    assert cells(part, "en")["refused"] == "3 of 6 (50%)"
    assert cells(part, "ja")["refused"] == "6 枚中 3 枚（50%）"


def test_a_share_is_of_the_pictures_that_machines_could_score(data: ReportData) -> None:
    found = cells(data, "en")
    assert found["no_face"] == "1 (8%)", "looked for in all 12"
    assert found["unlike"] == "0 of 11 (0%)", "one has no face"
    scores = data.evidence.scores
    blind = scores["metric"].eq("text_match") & scores["prompt"].ne("a photo of S* up")
    unread = replace(data.evidence, scores=scores.assign(value=scores["value"].mask(blind)))
    assert cells(replace(data, evidence=unread), "en")["text_missed"] == "0 of 3 (0%)"
    nothing = replace(data.evidence, scores=scores.head(0), votes=data.evidence.votes.head(0))
    assert set(cells(replace(data, evidence=nothing), "en").values()) == {"not measured"}
