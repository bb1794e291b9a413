"""Figures of the face pack on people it never saw, measured through the same reader that the app uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facepersona_core.faces import Detection, FaceReader
from training.embedded.data import Pictures
from training.embedded.face_canvas import Canvas, background, draw_canvas
from training.embedded.face_crops import aligned_crops
from training.embedded.face_data import landmarks_of

MOST_CANVASES = 150


def measure_detector(root: Path, held_out: Pictures, seed: int) -> dict[str, Any]:
    """Detection on plain pictures, on composed canvases of 256 to 768 px and on pictures without a face.

    ``one_face``: share of plain pictures with exactly one detection. ``landmark_error``: mean distance to the true
    landmarks in eye distances. ``recall`` and ``precision``: faces of composed canvases. ``false_alarms``: share of
    faceless pictures with any detection."""
    reader = FaceReader("synthetic", root)
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(held_out))[: MOST_CANVASES * 2]
    canvases = min(MOST_CANVASES, 2 * len(held_out))
    found = [reader.detect(Image.fromarray(held_out.pixels[i])) for i in chosen]
    truth = landmarks_of(held_out)
    errors = [_landmark_error(faces, truth[i]) for faces, i in zip(found, chosen, strict=True) if faces]
    return {
        "one_face": float(np.mean([len(faces) == 1 for faces in found])),
        "any_face": float(np.mean([len(faces) > 0 for faces in found])),
        "landmark_error": float(np.mean(errors)) if errors else None,
        "landmark_error_95": float(np.percentile(errors, 95)) if errors else None,
        **_composed(reader, held_out, random, canvases),
        "false_alarms": float(np.mean([bool(reader.detect(_faceless(held_out, random))) for _ in range(canvases)])),
    }


def _landmark_error(faces: list[Detection], truth: np.ndarray) -> float:
    eyes = float(np.linalg.norm(truth[1] - truth[0]))
    return float(np.linalg.norm(faces[0].landmarks - truth, axis=1).mean()) / eyes


def _faceless(pictures: Pictures, random: np.random.Generator) -> Image.Image:
    return Image.fromarray(background(pictures, int(random.choice([128, 256, 512])), random))


def _composed(reader: FaceReader, pictures: Pictures, random: np.random.Generator, canvases: int) -> dict[str, float]:
    true, hits, answers = 0, 0, 0
    for _ in range(canvases):
        canvas = draw_canvas(pictures, int(random.choice([256, 512, 768])), random)
        found = reader.detect(Image.fromarray(canvas.pixels))
        hits += _matches(canvas, found)
        true += len(canvas.boxes)
        answers += len(found)
    return {"recall": hits / max(1, true), "precision": hits / max(1, answers)}


def _matches(canvas: Canvas, found: list[Detection]) -> int:
    """Faces of ``canvas`` that a detection overlaps by half."""
    return sum(any(_overlap(box, np.array(face.box)) > 0.5 for face in found) for box in canvas.boxes)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two boxes."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = max(0.0, float(width)) * max(0.0, float(height))
    areas = [float((box[2] - box[0]) * (box[3] - box[1])) for box in (a, b)]
    return shared / (sum(areas) - shared)


def measure_recogniser(root: Path, held_out: Pictures) -> dict[str, Any]:
    """Verification and identification of held-out people through the exported pack.

    ``auc``: same-person pairs above strangers. ``rank1``: pictures nearest to another picture of the same person.
    ``rank1_single``: identified among all held-out people with one gallery picture each. ``floor``, ``ceiling``: mean
    cosine of strangers and of same-person pairs. A picture in which no face is found is aligned by its true
    landmarks."""
    reader = FaceReader("synthetic", root)
    vectors, identities = _embed(reader, held_out)
    return {"people": len(np.unique(identities)), "pictures": len(vectors), **verification(vectors, identities)}


def _embed(reader: FaceReader, held_out: Pictures) -> tuple[np.ndarray, np.ndarray]:
    vectors, identities = [], []
    for pixels, crop, identity in zip(held_out.pixels, aligned_crops(held_out), held_out.identities, strict=True):
        faces = reader.read_all(Image.fromarray(pixels))
        vectors.append(faces[0].embedding if faces else reader.embed(crop))
        identities.append(identity)
    return np.stack(vectors), np.array(identities)


def verification(vectors: np.ndarray, identities: np.ndarray) -> dict[str, float]:
    """``auc``, ``rank1``, ``rank1_single``, ``floor`` and ``ceiling`` of unit ``vectors`` [N, D]."""
    cosine = vectors @ vectors.T
    upper = np.triu_indices(len(vectors), 1)
    same = (identities[:, None] == identities[None])[upper]
    values = cosine[upper]
    ranks = np.empty(len(values))
    ranks[np.argsort(values)] = np.arange(len(values))
    auc = (ranks[same].mean() - (same.sum() - 1) / 2) / (~same).sum()
    others = cosine - 2 * np.eye(len(vectors))
    people, gallery = np.unique(identities, return_index=True)
    queries = np.setdiff1d(np.arange(len(vectors)), gallery)
    named = people[(vectors[queries] @ vectors[gallery].T).argmax(1)]
    return {
        "auc": float(auc),
        "rank1": float((identities[others.argmax(1)] == identities).mean()),
        "rank1_single": float((named == identities[queries]).mean()),
        "floor": float(values[~same].mean()),
        "ceiling": float(values[same].mean()),
    }
