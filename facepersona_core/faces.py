"""Photo -> detected, aligned, embedded face, through insightface's own FaceAnalysis."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facepersona_core.errors import FacePackMissing, NoFaceFound, SeveralFaces
from facepersona_core.settings import Settings
from facepersona_core.types import Face
from facepersona_core.usability import judge_face

if TYPE_CHECKING:
    from PIL.Image import Image

DETECTION_SIZES = (128, 256, 640)
"""Square sizes in pixels at which the detector may look at a photo."""
DETECTION_THRESHOLD = 0.5
"""Scores below are not faces (insightface's default)."""
SECOND_FACE_SHARE = 0.35
"""A second face narrower than this share of the widest one is a passer-by or a mistake and is ignored."""
SAME_FACE = 0.5
"""Candidates that overlap more than this are one face."""
CROP_SHARE = 1.7
"""Side of the crop shown to the person, in heights of the face box: hair and chin are inside."""


@dataclass(frozen=True)
class Detection:
    """One face as the detector reports it."""

    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 in pixels."""
    landmarks: np.ndarray
    """float32 [5, 2]."""
    score: float

    @property
    def width(self) -> float:
        """Width of the box in pixels."""
        return self.box[2] - self.box[0]


class FaceReader:
    """An insightface model pack. Reads photos from several threads at once."""

    def __init__(self, pack: str, root: Path) -> None:
        """Load ``root/models/<pack>/*.onnx``. Raises FacePackMissing; never downloads."""
        folder = root / "models" / pack
        if not any(folder.glob("*.onnx")):
            raise FacePackMissing(name=pack, folder=folder)
        from insightface.app import FaceAnalysis

        modules = ["detection", "recognition"]
        try:
            analysis = FaceAnalysis(
                name=pack, root=str(root), allowed_modules=modules, providers=["CPUExecutionProvider"]
            )
        except AssertionError as error:
            raise FacePackMissing(name=pack, folder=folder) from error
        analysis.prepare(ctx_id=-1, det_thresh=DETECTION_THRESHOLD, det_size=(640, 640))
        self._detector: Any = analysis.models["detection"]
        self._detector.nms_thresh = 1.0  # all candidates come back: `_merge` averages what suppression would drop
        self._recogniser: Any = analysis.models.get("recognition")
        self.folder = folder

    @cached_property
    def detector_sha256(self) -> str:
        """Hash of the network that finds faces."""
        return hashlib.sha256(Path(self._detector.model_file).read_bytes()).hexdigest()

    def detect(self, image: Image) -> list[Detection]:
        """Faces of an RGB ``image``, widest first."""
        found, points = self._detector.detect(_bgr(image), input_size=_sizes(image))
        return sorted(_merge(found, points), key=lambda detection: -detection.width)

    def embed(self, aligned: np.ndarray) -> np.ndarray:
        """float32 [D], L2-normalised, of an aligned face uint8 [112, 112, 3] RGB. Raises FacePackMissing."""
        if self._recogniser is None:
            raise FacePackMissing(name=self.folder.name, folder=self.folder)
        raw = self._recogniser.get_feat(np.ascontiguousarray(aligned[..., ::-1])).ravel()
        return np.asarray(raw / np.linalg.norm(raw), np.float32)

    def read_all(self, image: Image) -> list[Face]:
        """Every face of an RGB ``image``, widest first; an empty list when there is none."""
        pixels = np.asarray(image)
        return [self._face(pixels, detection) for detection in self.detect(image)]

    def read(self, image: Image, name: str) -> Face:
        """The one face of ``image``; ``name`` is used in messages. Raises NoFaceFound and SeveralFaces."""
        return self._face(np.asarray(image), self._meant(image, name))

    def aligned(self, image: Image, name: str) -> np.ndarray:
        """The one face of ``image`` as uint8 [112, 112, 3] and nothing else: who it is stays unread.

        Raises NoFaceFound and SeveralFaces."""
        return align(np.asarray(image), self._meant(image, name).landmarks)

    def _meant(self, image: Image, name: str) -> Detection:
        detections = self.detect(image)
        if not detections:
            raise NoFaceFound(name=name, sizes=", ".join(str(side) for side, _ in _sizes(image)))
        meant = [found for found in detections if found.width >= SECOND_FACE_SHARE * detections[0].width]
        if len(meant) > 1:
            raise SeveralFaces(name=name, count=len(meant))
        return meant[0]

    def _face(self, pixels: np.ndarray, found: Detection) -> Face:
        aligned = align(pixels, found.landmarks)
        return Face(
            aligned=aligned,
            crop=head_crop(pixels, found.box),
            landmarks=found.landmarks,
            box=found.box,
            detection_score=found.score,
            embedding=self.embed(aligned),
            usability=judge_face(aligned, found.landmarks, found.width, found.score),
        )


@lru_cache(maxsize=4)
def _cached_reader(pack: str, root: Path) -> FaceReader:
    return FaceReader(pack, root)


def open_face_reader(settings: Settings) -> FaceReader:
    """The reader of the pack in ``settings``, built once. Raises FacePackMissing."""
    return _cached_reader(settings.face_pack, settings.face_pack_root)


def bundled_face_reader(bundle: Path) -> FaceReader:
    """The reader of the pack that ships with the model bundle in the folder ``bundle``. Raises FacePackMissing."""
    return _cached_reader("synthetic", bundle / "face_pack")


def align(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """``pixels`` uint8 [H, W, 3] brought to the ArcFace template by ``landmarks`` [5, 2]: uint8 [112, 112, 3]."""
    from insightface.utils.face_align import norm_crop

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="insightface")
        return np.asarray(norm_crop(np.ascontiguousarray(pixels), landmarks, 112), np.uint8)


def head_crop(pixels: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """The square around ``box``, 1.7 times its height and shifted up for the hair, cut at the borders."""
    side = CROP_SHARE * (box[3] - box[1])
    centre_x, centre_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2 - 0.06 * side
    x0, y0 = max(0, round(centre_x - side / 2)), max(0, round(centre_y - side / 2))
    return pixels[y0 : round(centre_y + side / 2), x0 : round(centre_x + side / 2)].copy()


def _merge(found: np.ndarray, points: np.ndarray) -> list[Detection]:
    """One detection a face from candidates ``found`` [N, 5] (box and score) and their ``points`` [N, 5, 2].

    Surest first; each is the mean, weighted by score, of all candidates that overlap the surest one well: over cells
    and sizes it places landmarks a quarter more exactly than the surest alone. Candidates that share half of the
    smaller box with a surer face are dropped: at a size too large for a face its parts may look like faces."""
    order = np.argsort(-found[:, 4], kind="stable")
    found, points, merged = found[order], points[order], []
    while len(found):
        of_union, of_smaller = _overlaps(found[0], found)
        own, rest = of_union >= SAME_FACE, of_smaller < SAME_FACE
        own[0], rest[0] = True, False
        x0, y0, x1, y1 = (float(value) for value in np.average(found[own, :4], axis=0, weights=found[own, 4]))
        landmarks = np.average(points[own], axis=0, weights=found[own, 4]).astype(np.float32)
        merged.append(Detection((x0, y0, x1, y1), landmarks, float(found[0, 4])))
        found, points = found[rest], points[rest]
    return merged


def _overlaps(box: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Intersections of ``box`` with ``others`` [N, 4 or more] over the union and over the smaller of the two."""
    sides = np.minimum(box[2:4], others[:, 2:4]) - np.maximum(box[:2], others[:, :2])
    shared = np.maximum(sides, 0).prod(1)
    area, areas = (box[2:4] - box[:2]).prod(), (others[:, 2:4] - others[:, :2]).prod(1)
    return shared / np.maximum(area + areas - shared, 1e-6), shared / np.maximum(np.minimum(area, areas), 1e-6)


def _sizes(image: Image) -> list[tuple[int, int]]:
    """Detection sizes that suit ``image``: small pictures are not blown up more than twice."""
    return [(side, side) for side in DETECTION_SIZES if side <= max(2 * max(image.size), DETECTION_SIZES[0])]


def _bgr(image: Image) -> np.ndarray:
    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])
