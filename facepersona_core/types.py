"""The few frozen dataclasses that travel between the rooms, and the progress contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

Level = Literal["good", "fair", "poor"]


class Progress(Protocol):
    """Called by long work. ``fraction`` is in [0, 1]; ``stage`` is a short key such as ``"denoise"``.

    May raise to stop the work; whatever it raises reaches the caller.
    """

    def __call__(self, fraction: float, stage: str) -> None: ...


def no_progress(fraction: float, stage: str) -> None:
    """The progress of somebody who does not look."""


def progress_part(progress: Progress, start: float, share: float) -> Progress:
    """Progress of a part of the work that begins at ``start`` and fills ``share`` of the whole."""
    return lambda fraction, stage: progress(start + fraction * share, stage)


@dataclass(frozen=True)
class Usability:
    """How usable a reference photo is, in words the screen translates."""

    level: Level
    reasons: tuple[str, ...]
    """Message keys under ``usability.`` in the catalogue, worst first; empty when ``level`` is good."""
    face_px: float
    """Width of the face box in pixels of the photo."""
    sharpness: float
    """Fine detail of the aligned face over coarse detail; about 4.5 in focus, near 1 when blurred."""
    brightness: float
    """Luma of the whites of the eyes or the brightest skin, 0 to 255."""
    overexposed: float
    """Share of the face's pixels that are burnt out."""
    colour_cast: float
    """How far the face's colour is from skin in white light: 1 is one channel doubled against the next."""
    yaw_degrees: float
    """Head yaw estimated from the five landmarks; positive when the person looks to the picture's right."""
    pitch_degrees: float
    """Head pitch estimated likewise; positive downwards."""
    eye_contrast: float
    """Structure of the less visible eye in units of the skin's luma; near 0 behind sunglasses."""
    mouth_cover: float
    """How little the mouth's surroundings look like skin with lips; above 0 something covers them."""


@dataclass(frozen=True)
class Face:
    """One detected, aligned, embedded face of a photo."""

    aligned: np.ndarray
    """uint8 [112, 112, 3] RGB, aligned to the ArcFace template (METHOD: alignment)."""
    crop: np.ndarray
    """uint8 [H, W, 3] RGB: the head as the app shows it to the person who gave the photo."""
    landmarks: np.ndarray
    """float32 [5, 2], pixels of the photo: eye centres (picture's left first), nose tip, mouth corners."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels of the photo."""
    detection_score: float
    """Confidence of the detector, 0 to 1."""
    embedding: np.ndarray
    """float32 [D], L2-normalised, by the face pack's recogniser; used to score, never to condition a method."""
    usability: Usability

    @property
    def digest(self) -> str:
        """SHA-256 of the aligned pixels: the same face, the same digest."""
        return hashlib.sha256(self.aligned.tobytes()).hexdigest()


@dataclass(frozen=True)
class Persona:
    """What a method keeps of a person: enough to generate, nothing else."""

    method: str
    """Key of the method that enrolled it."""
    key: str
    """Content hash: same faces, method, weights and settings give the same key."""
    tensors: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Named arrays the method needs (word vectors, fine-tuned weights)."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able facts about the enrolment, such as seconds and steps."""


@dataclass(frozen=True)
class Request:
    """Pictures to make. Picture ``i`` of ``count`` uses ``seed + i`` and depends on nothing else."""

    prompt: str
    """One line of text that contains the placeholder ``S*`` exactly once."""
    seed: int = 0
    """0 to 2**32 - 1."""
    count: int = 1
    """1 to 16."""
    steps: int = 20
    """Denoising steps, 1 to 100."""
    guidance: float = 3.0
    """Classifier-free guidance scale, 1 to 20; 1 switches guidance off."""
    strength: float = 1.0
    """How much of the persona's word vectors to use, 0 (class word) to 1.5; 1 is the method as published."""
    expression: str | None = None
    """Name of an expression for methods with an expression slot; None leaves expression to the text."""
    negative_prompt: str = ""
    expression_vector: tuple[float, ...] | None = None
    """Coefficients for the expression slot in place of a name, such as those read from a photo
    (`Studio.read_expression`): the recipe needs no photo."""
    candidates: int = 1
    """Drawings of each picture, 1 to 8, of which the one that shows the person best is kept (`candidates.draw_best`);
    1 is the method as published."""

    def to_json(self) -> dict[str, Any]:
        """The request as plain JSON values; without coefficients, and drawn once, it reads, and so hashes, as before
        there were these."""
        values = asdict(self)
        if self.expression_vector is None:
            del values["expression_vector"]
        if self.candidates == 1:
            del values["candidates"]
        return values


@dataclass(frozen=True)
class Picture:
    """One generated picture with the full recipe that makes it again."""

    image: Image
    """RGB."""
    recipe: Mapping[str, Any]
    """JSON-able: request with this picture's own seed, method, persona key, bundle name and hash, versions."""

    @property
    def recipe_hash(self) -> str:
        """SHA-256 of the canonical JSON of the recipe: the picture's idempotency key."""
        return json_digest(self.recipe)


@dataclass(frozen=True)
class Score:
    """One metric's verdict on one picture."""

    metric: str
    version: str
    weights_sha256: str
    value: float | None
    """None when the metric cannot be measured on this picture (no face found, say); never 0 for that."""
    details: Mapping[str, Any] = field(default_factory=dict)


def json_digest(value: Any) -> str:
    """SHA-256 of ``value`` as canonical JSON (sorted keys, no spaces, UTF-8)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Route:
    """Who decides one pair of a study."""

    rated: bool
    """People; else the machine."""
    probability: float
    """With which it was sent to people, in (0, 1]."""
    reason: str
    """A reason of `analysis.routing`."""
