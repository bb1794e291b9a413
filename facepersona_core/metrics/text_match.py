"""Text match: does an independent judge see what the prompt names?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from facepersona_core.judge import open_judge
from facepersona_core.metrics.base import Context
from facepersona_core.metrics.cards import TEXT_MATCH
from facepersona_core.types import Score
from facepersona_core.world import named_attributes

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


class TextMatch:
    """Mean probability that the judge gives to the attributes named in the prompt, 0 to 1."""

    card = TEXT_MATCH

    def __init__(self, bundle: Bundle) -> None:
        """The judge in ``bundle``'s ``judges/attributes``. Raises WeightsMissing."""
        self._judge = open_judge(bundle.path / "judges" / "attributes")

    def score(self, picture: Image, context: Context) -> Score:
        """None when the prompt names nothing that the judge knows. Details: attribute -> probability."""
        verdict = self._judge.judge(picture)
        named = named_attributes(context.request.prompt) if context.request else []
        chances = {f"{head}.{key}": verdict[head][key] for head, key in named if key in verdict.get(head, {})}
        return Score(
            metric=self.card.key,
            version=f"{self.card.version}.{self._judge.version}",
            weights_sha256=self._judge.sha256,
            value=sum(chances.values()) / len(chances) if chances else None,
            details=chances,
        )
