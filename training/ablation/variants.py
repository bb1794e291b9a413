"""The variants: Face2Diffusion, and Face2Diffusion with one of its three parts taken out or replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facepersona_core.evaluation.report import OURS
from facepersona_core.face2diffusion.cgdr import Objective

Part = Literal["identity", "expression", "objective"]
Encoder = Literal["arcface", "arcface_msf", "msid"]
"""ArcFace on the deep class token alone; all scales of that very recogniser; ArcFace on all scales together."""

DELAY = 0.3
"""Share of the steps under the class word in delayed subject conditioning: FastComposer (arXiv:2305.10431) has the
subject in 60 to 80 % of the steps."""


@dataclass(frozen=True)
class Variant:
    """One row of the tables. What is not said is as in Face2Diffusion."""

    key: str
    title: str
    part: Part | None = None
    """In which part it differs; None: in none."""
    encoder: Encoder = "msid"
    guided: bool = True
    """With expression guidance."""
    objective: Objective = "cgdr"
    delay: float = 0.0
    """Share of the steps, the first ones, under the class word."""

    @property
    def network(self) -> str:
        """Key of the variant whose mapping network it has: how pictures are drawn changes no training."""
        return next(each.key for each in VARIANTS if each.training == self.training)

    @property
    def training(self) -> tuple[str, bool, str]:
        """All that its mapping network's training depends on."""
        return self.encoder, self.guided, self.objective


VARIANTS = (
    Variant(OURS, "Face2Diffusion"),
    Variant("arcface", "ArcFace, deep token", "identity", encoder="arcface"),
    Variant("arcface_msf", "ArcFace, its scales", "identity", encoder="arcface_msf"),
    Variant("no_guidance", "no expression guidance", "expression", guided=False),
    Variant("rec", "plain reconstruction", "objective", objective="rec"),
    Variant("masked_rec", "masked reconstruction", "objective", objective="masked_rec"),
    Variant("rec_dsc", "reconstruction, delayed subject", "objective", objective="rec", delay=DELAY),
)
"""In the order of the tables; the whole method first."""

PARTS: dict[Part, tuple[str, tuple[str, ...]]] = {
    "identity": ("Multi-scale identity encoder", ("identity", "top1", "pose_diversity", "text")),
    "expression": ("Expression guidance", ("expression", "expression_diversity")),
    "objective": ("Class-guided denoising regularisation", ("scene", "text", "identity")),
}
"""The parts: name, and the figures (keys of `facepersona_core.evaluation.figures`) that each is for."""


def variant(key: str) -> Variant:
    """The variant called ``key``. Raises KeyError."""
    return {each.key: each for each in VARIANTS}[key]
