"""One photo in, figures out: what the app reads off it, and how near two networks see it to the person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facepersona_core.bundle import open_bundle
from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.faces import FaceReader, bundled_face_reader
from facepersona_core.methods.face2diffusion import Face2Diffusion
from facepersona_core.types import Face
from training.robustness.photos import Photo

NETWORKS = ("recogniser", "encoder")
"""The face pack's recogniser, which scores pictures, and Face2Diffusion's identity encoder, which makes them."""
Row = dict[str, Any]


class Gauge:
    """The networks of one bundle."""

    def __init__(self, bundle: Path) -> None:
        """Of the bundle in the folder ``bundle``. Raises WeightsMissing and FacePackMissing."""
        self._method = Face2Diffusion(open_bundle(bundle))
        self._reader: FaceReader = bundled_face_reader(bundle)
        parts = [*sorted(self._reader.folder.glob("*.onnx")), *sorted((bundle / "identity_encoder").glob("*"))]
        self.weights = hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()
        """SHA-256 of detector, recogniser and encoder."""

    def read(self, photo: Photo) -> Face | str:
        """The face as the app reads it, or "none" or "several"."""
        try:
            return self._reader.read(Image.fromarray(photo.pixels), "photo")
        except NoFaceFound:
            return "none"
        except SeveralFaces:
            return "several"

    def vectors(self, faces: Sequence[Face]) -> dict[str, np.ndarray]:
        """Unit vectors of one person from ``faces``: the recogniser's mean, and what the method keeps."""
        found = {
            "recogniser": np.mean([face.embedding for face in faces], 0),
            "encoder": self._method.enrol(faces).tensors["identity"],
        }
        return {name: vector / np.linalg.norm(vector) for name, vector in found.items()}


class Gallery:
    """The clean photos of everybody: who is nearest, and how near are strangers."""

    def __init__(self, vectors: Mapping[int, Mapping[str, np.ndarray]]) -> None:
        """``vectors``: identity -> network -> unit vector."""
        self.identities = list(vectors)
        self._table = {name: np.stack([each[name] for each in vectors.values()]) for name in NETWORKS}

    def compare(self, vectors: Mapping[str, np.ndarray], identity: int) -> Row:
        """For each network the cosine to the person's own clean photo, the mean to the others', and whether the own
        is the nearest of all."""
        own, row = self.identities.index(identity), {}
        for name in NETWORKS:
            cosines = self._table[name] @ vectors[name]
            strangers = (cosines.sum() - cosines[own]) / (len(cosines) - 1)
            row[name] = {
                "own": round(float(cosines[own]), 4),
                "strangers": round(float(strangers), 4),
                "top1": int(cosines.argmax() == own),
            }
        return row


def face_facts(face: Face) -> Row:
    """What the app measures on a face."""
    facts = {**asdict(face.usability), "detection_score": face.detection_score}
    return {name: round(float(value), 4) for name, value in facts.items() if name not in ("level", "reasons")}


def photo_row(gauge: Gauge, gallery: Gallery, photo: Photo, identity: int) -> Row:
    """Everything measured on one ``photo`` of the person."""
    face = gauge.read(photo)
    if isinstance(face, str):
        return {"outcome": face, "truth": photo.truth}
    eyes = float(np.linalg.norm(photo.landmarks[1] - photo.landmarks[0]))
    off = float(np.linalg.norm(face.landmarks - photo.landmarks, axis=1).mean()) / max(eyes, 1.0)
    compared = gallery.compare(gauge.vectors([face]), identity)
    return {"outcome": "face", "truth": photo.truth, "off": round(off, 4), "measures": face_facts(face), **compared}


def group_row(gauge: Gauge, gallery: Gallery, faces: Iterable[Face | str], identity: int) -> Row:
    """What one person enrolled with several photos is worth; photos without a face are left out, as in the app."""
    found = [face for face in faces if not isinstance(face, str)]
    if not found:
        return {"outcome": "none"}
    return {"outcome": "face", "used": len(found), **gallery.compare(gauge.vectors(found), identity)}
