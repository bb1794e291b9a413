"""The table of what machines would sort out: counts of what was looked for, and why the rest was not."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from facepersona_core.report.blocks import Table
from facepersona_core.report.data import ReportData
from facepersona_core.report.sections import machine
from facepersona_core.report.view import View
from facepersona_core.report.words import Words

METHODS = ["face2diffusion", "dreambooth", "class_word"]
ROWS = ("unsafe", "no_face", "several_faces", "too_unlike", "seal")


def sorted_out(data: ReportData, language: str = "en") -> tuple[dict[str, list[str]], str]:
    """The cells of each row, by method in the order of the plan, and the note."""
    words = Words(language)
    found = machine.blocks(View(data, words))
    table = next(block for block in found if isinstance(block, Table) and block.title == words("machine.gates"))
    rows = {str(name): [str(cell) for cell in cells] for name, *cells in table.rows}
    return {key: rows[words(f"machine.gate.{key}")] for key in ROWS}, table.note


def checked(data: ReportData, methods: dict[str, list[float]]) -> ReportData:
    """``data`` with safety flags of the first pictures of each of ``methods``."""
    scores = data.evidence.scores
    rows = scores[scores["metric"] == "text_match"]
    added = [
        rows[rows["method"] == method].head(len(values)).assign(metric="safety_flag", value=values)
        for method, values in methods.items()
    ]
    evidence = replace(data.evidence, scores=pd.concat([scores, *added], ignore_index=True))
    return replace(data, evidence=evidence)


@pytest.mark.parametrize(("language", "said"), [("en", "not checked"), ("ja", "未検査")])
def test_what_nobody_looked_for_is_said_and_why(data: ReportData, language: str, said: str) -> None:
    rows, note = sorted_out(data, language)
    assert rows["unsafe"] == rows["seal"] == [said] * 3
    assert rows["no_face"] == ["1", "0", "0"] and rows["several_faces"] == ["0"] * 3
    words = Words(language)
    assert words("machine.no_checker") in note and words("machine.checker") not in note
    assert {"en": "carry no seal yet", "ja": "まだ付いていない"}[language] in note


def test_flagged_pictures_are_counted_where_they_were_checked(data: ReportData) -> None:
    flagged = checked(data, {"face2diffusion": [1.0] * 12, "dreambooth": [1.0, 0.0, 0.0]})
    rows, note = sorted_out(flagged)
    assert rows["unsafe"] == ["12", "1 of 3 checked", "not checked"]
    assert rows["no_face"] == ["0", "0", "0"], "the flag comes first"
    assert Words("en")("machine.checker") in note and Words("en")("machine.no_checker") not in note


def test_a_flag_is_no_column_of_the_scores(data: ReportData) -> None:
    flagged = checked(data, {method: [0.0] * 12 for method in METHODS})
    assert flagged.metrics == data.metrics
    assert sorted_out(flagged)[0]["unsafe"] == ["0"] * 3
