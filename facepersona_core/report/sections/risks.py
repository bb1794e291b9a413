"""Risks, consent and provenance: what exists today, and what does not."""

from __future__ import annotations

from facepersona_core.report.blocks import Block, Points, Table, Text
from facepersona_core.report.view import View

RISKS = ("likeness", "consent", "provenance", "licence", "bias", "sample", "withdrawal", "assumptions")


def blocks(view: View) -> list[Block]:
    """One row a risk; then what is recorded of every picture."""
    words, evidence = view.words, view.data.evidence
    head = [words(f"risks.head.{key}") for key in ("risk", "today", "open")]
    rows = [[words(f"risks.{key}.risk"), words(f"risks.{key}.today"), words(f"risks.{key}.open")] for key in RISKS]
    agreeing = sum(person.agrees(evidence.as_of) for person in evidence.people)
    synthetic = sum(person.synthetic for person in evidence.people)
    counts = {"people": len(evidence.people), "synthetic": synthetic, "agreeing": agreeing - synthetic}
    return [
        Text(words("risks.consent_state", **counts), "lead"),
        Table(words("risks.table"), head, rows, look="words long"),
        Text(words("risks.recorded")),
        Points([words(f"risks.record.{key}") for key in ("recipe", "hash", "consent", "audit")]),
        Text(words("risks.seal"), "warn"),
    ]
