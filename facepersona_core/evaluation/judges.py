"""The judges of a bundle, the photos of a held-out person, and what is measured on one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.evaluation.copying import Look, copy_paste, face_angle, setting_angle
from facepersona_core.faces import FaceReader, bundled_face_reader
from facepersona_core.judge import open_judge
from facepersona_core.metrics.identity_similarity import pack_digest, read_calibration
from facepersona_core.types import Face, json_digest

REFERENCE = "reference.png"
"""The photo that a method is given; the others, ``1.png`` onwards, are only measured against."""


@dataclass(frozen=True)
class Subject:
    """A held-out person as the judges see them."""

    number: int
    reference: Face
    reference_look: Look
    others: tuple[np.ndarray, ...]
    """Embeddings [D] of the faces in the other photos; a photo in which none is found has none here."""
    other_looks: tuple[Look, ...]


class Judges:
    """Detector, recogniser and attribute judge of the bundle; none of them conditions a method."""

    def __init__(self, bundle: Path) -> None:
        """Those in the folder ``bundle``. Raises FacePackMissing and WeightsMissing."""
        self.reader: FaceReader = bundled_face_reader(bundle)
        self.attributes = open_judge(bundle / "judges" / "attributes")
        self.floor, self.ceiling = read_calibration(self.reader.folder)

    @property
    def heads(self) -> dict[str, list[str]]:
        """What a prompt can ask for: head -> classes."""
        return {**self.attributes.heads, "pose": ["left", "right", "front"]}

    @property
    def sha256(self) -> str:
        """Hash of all that judges."""
        return json_digest([self.attributes.sha256, pack_digest(self.reader.folder)])

    def subject(self, photos: Path, number: int) -> Subject:
        """Person ``number`` from the photos in ``photos/<number>``. Raises NoFaceFound and SeveralFaces when the
        reference does not show one face."""
        folder = photos / str(number)
        reference, others = _open(folder / REFERENCE), [_open(path) for path in sorted(folder.glob("[0-9]*.png"))]
        found = [self.face(photo) for photo in others]
        return Subject(
            number,
            self.reader.read(reference, f"{number}/{REFERENCE}"),
            self.attributes.judge(reference),
            tuple(face.embedding for face in found if face),
            tuple(self.attributes.judge(photo) for photo in others),
        )

    def gallery(self, photos: Path, numbers: Sequence[int]) -> dict[int, np.ndarray]:
        """Number -> embedding [D] of the reference photo, for everybody whom a picture may be mistaken for."""
        read = ((n, self.reader.read(_open(photos / str(n) / REFERENCE), f"{n}/{REFERENCE}")) for n in numbers)
        return {number: face.embedding for number, face in read}

    def way(self, cosine: float) -> float:
        """``cosine`` as a share of the way from stranger floor (0) to same-person ceiling (1), both of the pack."""
        return (cosine - self.floor) / (self.ceiling - self.floor)

    def face(self, picture: Image.Image) -> Face | None:
        """The only face of ``picture``; None when there is none, or several."""
        try:
            return self.reader.read(picture, "picture")
        except (NoFaceFound, SeveralFaces):
            return None

    def measure(self, picture: Image.Image, subject: Subject, gallery: Mapping[int, np.ndarray]) -> dict[str, Any]:
        """Everything that is measured on a picture of ``subject``, as JSON values. Keys:

        ``face``: whether it shows exactly one. ``cosine`` to the reference; ``identity``: that as a share of the way
        from stranger floor to same-person ceiling. ``nearer``: who of the gallery is nearer than the person.
        ``judged``: head -> likeliest class. ``yaw``: degrees. ``copied_face``, ``copied_setting``: see `copying`.
        What takes a face is None without one."""
        (look, yaw), face = self.attributes.read(picture), self.face(picture)
        return {
            "face": face is not None,
            **(self._identity(face.embedding, subject, gallery) if face else dict.fromkeys(_OF_A_FACE)),
            "judged": {head: max(chances, key=chances.__getitem__) for head, chances in look.items()},
            "yaw": round(yaw, 2),
            "copied_setting": _copied_setting(look, subject),
        }

    def _identity(self, face: np.ndarray, subject: Subject, gallery: Mapping[int, np.ndarray]) -> dict[str, Any]:
        own = float(face @ subject.reference.embedding)
        return {
            "cosine": own,
            "identity": self.way(own),
            "nearer": nearer(face, subject, gallery),
            "copied_face": _copied_face(face, subject),
        }


def nearer(face: np.ndarray, subject: Subject, gallery: Mapping[int, np.ndarray]) -> list[int]:
    """Who of ``gallery`` is nearer to the embedding ``face`` [D] than the reference photo of ``subject`` is."""
    own = float(face @ subject.reference.embedding)
    return [number for number, other in gallery.items() if number != subject.number and float(face @ other) > own]


_OF_A_FACE = ("cosine", "identity", "nearer", "copied_face")


def _copied_face(face: np.ndarray, subject: Subject) -> float | None:
    reference = subject.reference.embedding
    to_others = [face_angle(face, other) for other in subject.others]
    return copy_paste(face_angle(face, reference), to_others, [face_angle(reference, o) for o in subject.others])


def _copied_setting(look: Look, subject: Subject) -> float | None:
    reference = subject.reference_look
    to_others = [setting_angle(look, other) for other in subject.other_looks]
    between = [setting_angle(reference, other) for other in subject.other_looks]
    return copy_paste(setting_angle(look, reference), to_others, between)


def _open(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")
