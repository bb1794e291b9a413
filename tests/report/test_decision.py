"""Gates and decision: every state of every gate, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from facepersona_core.report.decision import Facts, Gate, Thresholds, decide
from facepersona_core.report.spans import Span

LIMITS = Thresholds()
GOOD = Facts(
    commercial_use="yes",
    people=4,
    consenting=4,
    raters=6,
    prompts=10,
    likeness=Span(1.0, 0.6, 1.4),
    likeness_p=0.001,
    acceptable=Span(0.7, 0.6, 0.8),
    text=Span(0.0, -0.3, 0.3),
    similarity=Span(0.7, 0.6, 0.8),
    detected=0.98,
    cost=Span(0.2, 0.1, 0.4),
    today=2.0,
)


def gate(facts: Facts, key: str) -> Gate:
    return next(one for one in decide(facts, LIMITS).gates if one.key == key)


def test_all_gates_passed_is_a_purchase() -> None:
    found = decide(GOOD, LIMITS)
    assert found.outcome == "buy"
    assert {one.state for one in found.gates} == {"pass"}


@pytest.mark.parametrize(
    ("key", "change", "state"),
    [
        ("licence", {"commercial_use": "no"}, "fail"),
        ("licence", {"commercial_use": "ask"}, "open"),
        ("consent", {"consenting": 3}, "fail"),
        ("evidence", {"raters": 4}, "open"),
        ("evidence", {"prompts": 9}, "open"),
        ("likeness", {"likeness_p": 0.2}, "open"),
        ("likeness", {"likeness": None, "likeness_p": None}, "open"),
        ("likeness", {"likeness": Span(-1.0, -1.4, -0.6)}, "fail"),
        ("acceptable", {"acceptable": Span(0.55, 0.45, 0.65)}, "open"),
        ("acceptable", {"acceptable": Span(0.3, 0.2, 0.4)}, "fail"),
        ("text", {"text": Span(-0.8, -1.2, -0.4)}, "open"),
        ("text", {"text": Span(-2.0, -2.4, -1.6)}, "fail"),
        ("similarity", {"similarity": Span(0.6)}, "open"),
        ("similarity", {"similarity": Span(0.2, 0.1, 0.3)}, "fail"),
        ("detected", {"detected": None}, "open"),
        ("detected", {"detected": 0.9}, "fail"),
        ("cost", {"cost": Span(1.9, 1.0, 3.0)}, "open"),
        ("cost", {"cost": Span(3.0, 2.5, 4.0)}, "fail"),
        ("cost", {"today": None}, "open"),
        ("cost", {"cost": None}, "open"),
    ],
)
def test_each_state_of_each_gate(key: str, change: dict[str, Any], state: str) -> None:
    facts = replace(GOOD, **change)
    assert gate(facts, key).state == state
    others = [one for one in decide(facts, LIMITS).gates if one.key != key]
    assert {one.state for one in others} == {"pass"}
    must = gate(facts, key).must
    without = "undecided" if key == "evidence" else "pilot"
    assert decide(facts, LIMITS).outcome == ("reject" if must and state == "fail" else without)


def test_without_answers_of_raters_nothing_is_decided() -> None:
    assert decide(replace(GOOD, acceptable=None), LIMITS).outcome == "undecided"
    assert decide(replace(GOOD, acceptable=Span(0.9)), LIMITS).outcome == "undecided"
    assert decide(replace(GOOD, acceptable=None, commercial_use="no"), LIMITS).outcome == "reject"


def test_how_much_more_evidence_would_settle_an_open_gate() -> None:
    # half-width 0.1, distance 0.05: twice the root, four times the clusters
    assert gate(replace(GOOD, acceptable=Span(0.55, 0.45, 0.65)), "acceptable").more == pytest.approx(4.0)
    assert gate(replace(GOOD, acceptable=Span(0.48, 0.4, 0.56)), "acceptable").more is None


def test_limits_are_limits() -> None:
    strict = replace(LIMITS, acceptable=0.65)
    assert next(one for one in decide(GOOD, strict).gates if one.key == "acceptable").state == "open"
