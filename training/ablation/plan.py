"""What all variants share: work folder, frozen model, budgets, people, prompts, and where everything is kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from facepersona_core.bundle import Bundle
from facepersona_core.evaluation import run
from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.prompts import load_prompts
from facepersona_core.evaluation.report import OURS
from training.ablation.variants import Encoder, Variant
from training.embedded import latents
from training.embedded.identity import EncoderTraining
from training.embedded.mapping import MappingTraining
from training.embedded.recipe import Run
from training.embedded.sizes import Recipe
from training.synthetic.references import GALLERY

Trained = Literal["deep", "msid"]
"""The recognisers that are trained: ArcFace on the deep class token, ArcFace on all scales."""
Setting = Literal["paper", "recipe"]
"""``paper``: S* begins as "a person" for everybody, every sample shows the very picture that the identity comes from,
under the bare prompt: one picture a person, as the paper trains. ``recipe``: what the embedded bundle's recipe does,
which keeps pose, expression and place out of S* by other means as well: S* begins as the person's name, the identity
comes from another picture, and captions tell the rest."""


@dataclass(frozen=True)
class Ablation:
    """Everything that decides what comes out; the same for all variants."""

    work: Path
    """Folder that `training.embedded.recipe` trained in."""
    bundle: Path
    """Gives judges and defaults."""
    out: Path
    recipe: Recipe = field(default_factory=Recipe)
    setting: Setting = "paper"
    encoder_steps: int = 600
    mapping_steps: int = 240
    name_steps: int = 2000
    """Steps of the regression on names, in the setting ``recipe``."""
    people: int = 8
    """Held-out people that are measured."""
    steps: int = 12
    """Denoising steps of a picture."""
    prompts: Path = Path(__file__).parent / "prompts.toml"
    gallery: tuple[int, ...] = GALLERY
    workers: int = 2
    """Processes, one core each."""
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """What must be the same for networks and pictures in one folder to belong together."""
        training = {"encoder": asdict(self.encoder_training("msid")), "mapping": asdict(self.mapping_training())}
        facts: dict[str, Any] = json.loads(json.dumps(training))
        return {"format": 1, "setting": self.setting, "seed": self.seed, **facts}

    def encoder_training(self, trained: Trained) -> EncoderTraining:
        """Of a recogniser: the recipe's own, but for its scales and its budget."""
        shape = self.recipe.identity.shape
        shape = shape if trained == "msid" else replace(shape, taps=shape.taps[-1:])
        return replace(self.recipe.identity, shape=shape, steps=self.encoder_steps)

    def mapping_training(self, variant: Variant | None = None) -> MappingTraining:
        """Of the mapping network of ``variant``, by default of the whole method."""
        config = replace(
            self.recipe.mapping, steps=self.mapping_steps, name_steps=self.name_steps, read_expressions=False
        )
        if self.setting == "paper":
            config = replace(config, start="class", own_picture=True, bare_share=1.0)
        if variant is None:
            return config
        dropout = config.expression_dropout if variant.guided else 1.0
        return replace(config, objective=variant.objective, expression_dropout=dropout)

    def run(self) -> Run:
        """The recipe in the work folder, with as many people as its latents hold."""
        people = int(self.latents().person.max()) + 1
        return Run(replace(self.recipe, people=people), self.work, self.base)

    def latents(self) -> latents.Latents:
        """Those of the work folder."""
        return latents.load(self.work / "latents.pt")

    def evaluation(self, bundle: Bundle, judges: Judges) -> run.Plan:
        """What is measured on every variant."""
        prompts = load_prompts(self.prompts, judges.heads)
        guidance = float(bundle.info["defaults"]["guidance"])
        people = self.gallery[: self.people]
        return run.Plan(people, self.gallery, prompts, (OURS,), 1, self.steps, guidance, slot=frozenset())

    @property
    def base(self) -> Path:
        """The frozen model in diffusers format."""
        return self.out / "base"

    @property
    def photos(self) -> Path:
        """Photos of the held-out people."""
        return self.out / "people"

    def recogniser(self, trained: Trained) -> Path:
        """Folder of the training of a recogniser."""
        return self.out / "recognisers" / trained

    def encoder(self, encoder: Encoder) -> Path:
        """The finished encoder."""
        return self.out / "encoders" / encoder

    def network(self, key: str) -> Path:
        """Folder of the training of a mapping network; the finished one is in ``mapping`` there."""
        return self.out / "networks" / key

    def measured(self, key: str) -> Path:
        """Pictures of a variant and what was measured on them."""
        return self.out / "measured" / key
