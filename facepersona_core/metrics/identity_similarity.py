"""Identity similarity: how far the face pack's recogniser sees the picture from a stranger towards the person."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facepersona_core.errors import WeightsMissing
from facepersona_core.faces import FaceReader, bundled_face_reader
from facepersona_core.metrics.base import Context
from facepersona_core.metrics.cards import IDENTITY_SIMILARITY
from facepersona_core.types import Score

if TYPE_CHECKING:
    from PIL.Image import Image

    from facepersona_core.bundle import Bundle


class IdentitySimilarity:
    """(cosine - floor) / (ceiling - floor): 0 is a stranger, 1 another photo of the same person.

    The recogniser belongs to the bundle whatever pack reads the photos, so that figures stay comparable; it
    conditions no method. Floor and ceiling are the mean cosines of strangers and of same-person pairs among people
    held out from the recogniser, stored with the pack in ``calibration.json``."""

    card = IDENTITY_SIMILARITY

    def __init__(self, bundle: Bundle) -> None:
        """The pack in ``bundle``'s ``face_pack``. Raises FacePackMissing and WeightsMissing."""
        self._reader: FaceReader = bundled_face_reader(bundle.path)
        self._floor, self._ceiling = read_calibration(self._reader.folder)
        self._sha256 = pack_digest(self._reader.folder)

    def score(self, picture: Image, context: Context) -> Score:
        """Against the mean cosine to ``context.references``; None when the picture shows no face.

        With several faces the widest counts. Details: ``cosine``, ``floor``, ``ceiling``, ``faces``."""
        if not context.references:
            raise ValueError("identity_similarity needs at least one reference face in the context")
        faces = self._reader.read_all(picture)
        if not faces:
            return self._score(None, {"faces": 0})
        references = np.stack([self._reader.embed(face.aligned) for face in context.references])
        cosine = float((references @ faces[0].embedding).mean())
        value = (cosine - self._floor) / (self._ceiling - self._floor)
        return self._score(
            value, {"cosine": cosine, "floor": self._floor, "ceiling": self._ceiling, "faces": len(faces)}
        )

    def _score(self, value: float | None, details: dict[str, float]) -> Score:
        return Score(self.card.key, self.card.version, self._sha256, value, details)


def read_calibration(folder: Path) -> tuple[float, float]:
    """Mean cosine of strangers and of two photos of one person, by the pack in ``folder``. Raises WeightsMissing."""
    path = folder / "calibration.json"
    if not path.is_file():
        raise WeightsMissing(path=folder, missing=path.name)
    stored = json.loads(path.read_text("utf-8"))
    return float(stored["floor"]), float(stored["ceiling"])


def pack_digest(folder: Path) -> str:
    """SHA-256 over the networks and the calibration of the pack in ``folder``."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.onnx"), folder / "calibration.json"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
