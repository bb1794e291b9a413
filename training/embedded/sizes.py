"""What decides what the training makes: the recipe, at its sizes for two cores, for a trial, and for an accelerator."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from facepersona_core.face2diffusion.expression import ExpressionConfig
from facepersona_core.face2diffusion.identity import IdentityConfig
from facepersona_core.face2diffusion.likeness import LikenessConfig
from training.embedded import autoencoder, expression, identity, likeness, mapping, reward, text_to_image
from training.embedded.perception import PerceptionTraining

EXPRESSION_READER = PerceptionTraining(channels=(96, 192), minutes=24.0, noise=0.1, asked="expression")
"""Finer and with less noise: an eyelid is one cell, and hardly seen in half of the channels."""
CLOTHES_READER = PerceptionTraining(channels=(64, 128), minutes=7.0, noise=0.1, asked="clothes")
"""A model draws no colour more surely than its readers read it, and those of everything tell four of five."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out."""

    people: int = 3000
    per_person: int = 10
    size: int = 128
    seed: int = 0
    workers: int = 2
    """Processes that train the text-to-image model, one core each; rendering takes all cores."""
    autoencoder: autoencoder.AutoencoderConfig = field(default_factory=autoencoder.AutoencoderConfig)
    readers: tuple[PerceptionTraining, ...] = (
        PerceptionTraining(),
        PerceptionTraining(),
        EXPRESSION_READER,
        CLOTHES_READER,
    )
    """Of latents: what pleases two of them is less likely a fault of one. The first also takes part in stage 2."""
    text_to_image: text_to_image.TextToImageConfig = field(default_factory=text_to_image.TextToImageConfig)
    reward: reward.RewardTraining = field(default_factory=reward.RewardTraining)
    identity: identity.EncoderTraining = field(default_factory=identity.EncoderTraining)
    expression: expression.ExpressionTraining = field(default_factory=expression.ExpressionTraining)
    likeness: likeness.LikenessTraining = field(default_factory=likeness.LikenessTraining)
    mapping: mapping.MappingTraining = field(default_factory=mapping.MappingTraining)
    together: reward.RewardTraining = field(
        default_factory=lambda: reward.RewardTraining(steps=8, skipped=1, shown=7, reward_weight=0.021)
    )
    """At a weight of .04 and more skin and walls soon take on patterns that please none but the readers."""
    detector_minutes: float = 12.0
    recogniser_minutes: float = 10.0
    judge_minutes: float = 30.0
    """Processor minutes of the networks that judge."""
    decoder_minutes: float = 6.0
    edition: str = "1"
    steps: int = 8
    guidance: float = 3.0
    candidates: int = 5
    slot_people: int = 16
    slot_strengths: tuple[float, ...] = (1.0, 1.3, 1.6)
    """Training people who are drawn to find which of these strengths the slot has to be told each expression with."""
    evaluated_people: int = 20
    """Held-out people behind the card's figures; 0 writes no card."""


def toy() -> Recipe:
    """Every stage, in two minutes, at a size that teaches nothing."""
    own = reward.RewardTraining(minutes=0.1, drawn=2, steps=3, skipped=1, shown=2, batch=4, true_batch=4)
    return Recipe(
        people=8,
        per_person=4,
        workers=1,
        autoencoder=autoencoder.AutoencoderConfig(channels=(8, 8, 16, 16), minutes=0.1),
        text_to_image=text_to_image.TextToImageConfig(
            channels=(16, 32),
            groups=4,
            heads=2,
            text_width=32,
            text_layers=2,
            text_minutes=0.05,
            minutes=0.2,
            batch=8,
            compiled=False,
        ),
        readers=(
            PerceptionTraining(channels=(16, 32), width=32, minutes=0.05, batch=8),
            PerceptionTraining(channels=(16, 32), width=32, minutes=0.05, batch=8, asked="expression"),
            PerceptionTraining(channels=(16, 32), width=32, minutes=0.05, batch=8, asked="clothes"),
        ),
        reward=own,
        identity=identity.EncoderTraining(
            shape=IdentityConfig(patch_size=28, width=32, depth=2, heads=2, taps=(0, 1)), minutes=0.1, batch=16
        ),
        expression=expression.ExpressionTraining(
            shape=ExpressionConfig(channels=(8, 16), width=16), minutes=0.05, batch=16
        ),
        likeness=likeness.LikenessTraining(
            shape=LikenessConfig(channels=(8, 16), output_width=16), minutes=0.05, batch=16
        ),
        mapping=mapping.MappingTraining(hidden=32, name_minutes=0.05, minutes=0.1, batch=8, read_expressions=True),
        together=own,
        detector_minutes=0.1,
        recogniser_minutes=0.1,
        judge_minutes=0.1,
        decoder_minutes=0.05,
        edition="toy",
        steps=2,
        slot_people=1,
        slot_strengths=(1.0, 1.5),
        evaluated_people=0,
    )


def accelerator() -> Recipe:
    """The same stages for half an hour of one large accelerator and sixteen cores beside it."""
    base = Recipe()
    return replace(
        base,
        people=6000,
        per_person=12,
        workers=1,
        autoencoder=replace(base.autoencoder, minutes=2.0, batch=64, crop=128),
        readers=tuple(replace(reader, minutes=0.7, batch=512) for reader in base.readers),
        text_to_image=replace(base.text_to_image, text_minutes=0.5, minutes=10.0, batch=512, rate=1.5e-3),
        reward=replace(base.reward, minutes=4.0, drawn=256, batch=320, true_batch=192),
        identity=replace(base.identity, minutes=3.0, batch=512, truth_weight=0.3),
        expression=replace(base.expression, minutes=1.0, batch=512),
        likeness=replace(base.likeness, minutes=1.0, batch=512),
        mapping=replace(base.mapping, name_minutes=0.3, minutes=3.0, batch=256, rate=6e-4),
        together=replace(base.together, minutes=4.0, drawn=256, batch=320, true_batch=192),
        edition="2",
    )
