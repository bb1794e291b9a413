"""What a request may ask for: checked before any work, and without torch."""

from __future__ import annotations

from collections.abc import Collection

from facepersona_core.errors import ExpressionInvalid, RequestInvalid
from facepersona_core.prompt import check_prompt
from facepersona_core.types import Request

RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "count": (1, 16),
    "steps": (1, 100),
    "guidance": (1, 20),
    "strength": (0, 1.5),
    "candidates": (1, 8),
}
"""Setting to its least and greatest value."""


def check_request(request: Request, expressions: Collection[str] | None = None) -> None:
    """Raise PromptInvalid, RequestInvalid or ExpressionInvalid for what cannot be made.

    ``expressions``: names that the model's expression slot knows; None leaves that, and how long a prompt it reads, to
    `Bundle.check`."""
    check_prompt(request.prompt)
    for name, (low, high) in RANGES.items():
        seen = getattr(request, name)
        if not low <= seen <= high:
            raise RequestInvalid(name=name, seen=seen, expected=f"{low} - {high}")
    if request.seed + request.count - 1 > RANGES["seed"][1]:
        raise RequestInvalid(name="seed + count", seen=request.seed + request.count, expected=f"<= {2**32}")
    if request.expression is not None and request.expression_vector is not None:
        raise ExpressionInvalid(problem="twice", name=request.expression)
    if request.expression is not None and expressions is not None and request.expression not in expressions:
        raise RequestInvalid(name="expression", seen=request.expression, expected=", ".join(expressions) or "-")
