"""Canvases for the face detector: people at any size and place, several or none, and things that are no faces."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.embedded.data import Pictures

Random = np.random.Generator
_NO_FACES = np.zeros((0, 4), np.float32), np.zeros((0, 5, 2), np.float32)


@dataclass(frozen=True)
class Canvas:
    """One training picture of the detector."""

    pixels: np.ndarray
    """uint8 [S, S, 3] RGB."""
    boxes: np.ndarray
    """float32 [F, 4]: x0, y0, x1, y1."""
    landmarks: np.ndarray
    """float32 [F, 5, 2]."""


def draw_canvas(pictures: Pictures, size: int, random: Random) -> Canvas:
    """One canvas of ``size`` px: most often one person filling it, else pasted people, else none."""
    kind = random.random()
    if kind < 0.45:
        canvas = _whole_picture(pictures, size, random)
    elif kind < 0.80:
        canvas = _pasted_people(pictures, size, random)
    else:
        canvas = Canvas(_hard_negative(pictures, size, random), *_NO_FACES)
    return _degrade(canvas, random)


def _person(pictures: Pictures, random: Random) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pixels, mask, box and landmarks of a random picture, mirrored half the time; half of the draws take the more
    turned of two, since few pictures show a face turned far and its landmarks are the hardest."""
    drawn = random.integers(len(pictures.labels), size=int(random.integers(1, 3)))
    i = max((int(each) for each in drawn), key=lambda each: abs(pictures.labels[each]["yaw"]))
    pixels, mask = pictures.pixels[i], pictures.masks[i]
    box = np.array(pictures.labels[i]["face_box"], np.float32)
    points = np.array(pictures.labels[i]["landmarks5"], np.float32)
    if random.random() < 0.5:
        side = pixels.shape[1]
        pixels, mask = pixels[:, ::-1], mask[:, ::-1]
        box = np.array([side - box[2], box[1], side - box[0], box[3]], np.float32)
        points = (np.array([side, 0]) + points * np.array([-1, 1]))[[1, 0, 2, 4, 3]].astype(np.float32)
    return pixels, mask, box, points


def _place(person: tuple[np.ndarray, ...], matrix: np.ndarray, size: int, border: int) -> tuple[np.ndarray, ...]:
    """``person`` moved by the 2 x 3 ``matrix`` into a ``size`` px canvas: pixels, coverage, box, landmarks."""
    pixels, mask, box, points = person
    flags = cv2.INTER_AREA if abs(matrix[0, 0]) < 0.7 else cv2.INTER_LINEAR
    moved = cv2.warpAffine(np.ascontiguousarray(pixels), matrix, (size, size), flags=flags, borderMode=border)
    covered = cv2.warpAffine(mask.astype(np.float32), matrix, (size, size), flags=flags)
    box_centre = (box[:2] + box[2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    half = (box[2:] - box[:2]) / 2 * np.hypot(matrix[0, 0], matrix[0, 1])
    landmarks = points @ matrix[:, :2].T + matrix[:, 2]
    return moved, covered, np.concatenate([box_centre - half, box_centre + half]), landmarks


def _matrix(box: np.ndarray, face: float, centre: np.ndarray, degrees: float) -> np.ndarray:
    """Similarity that brings ``box`` to a width of ``face`` px around ``centre``."""
    middle = (box[:2] + box[2:]) / 2
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), degrees, face / float(box[2] - box[0]))
    matrix[:, 2] += centre - middle
    return np.asarray(matrix, np.float64)


def _whole_picture(pictures: Pictures, size: int, random: Random) -> Canvas:
    """A picture as the app sees it: the face 20 to 85 % of the width, the scene around it mirrored outwards."""
    person = _person(pictures, random)
    face = size * random.choice([random.uniform(0.45, 0.7), random.uniform(0.2, 0.85)])
    centre = size / 2 + random.uniform(-0.5, 0.5, 2) * max(size - face * 1.3, size * 0.1)
    matrix = _matrix(person[2], face, centre, random.normal() * 6)
    border = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    moved, _, box, points = _place(person, matrix, size, border)
    return Canvas(moved, box[None].astype(np.float32), points[None].astype(np.float32))


def _pasted_people(pictures: Pictures, size: int, random: Random) -> Canvas:
    """One to three people on a background, as photos in the photo or as cut-out heads, not overlapping."""
    canvas = background(pictures, size, random).astype(np.float32)
    faces: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(int(random.choice([1, 2, 2, 3]))):
        pixels, mask, face_box, marks = _person(pictures, random)
        face = float(np.exp(random.uniform(np.log(18), np.log(size * 0.5))))
        centre = random.uniform(face * 0.7, size - face * 0.7, 2)
        matrix = _matrix(face_box, face, centre, random.normal() * 8)
        reach = np.concatenate([centre - face * 0.9, centre + face * 0.9])
        if any(_touch(reach, box) for box, _ in faces):
            continue
        cut_out = random.random() < 0.5
        person = pixels, mask if cut_out else np.ones_like(mask), face_box, marks
        moved, covered, box, points = _place(person, matrix, size, cv2.BORDER_REPLICATE)
        canvas += (moved - canvas) * covered[..., None]
        if not cut_out:
            faces = [(other, own) for other, own in faces if not _touch(_extent(matrix), other)]
        faces.append((box, points))
    if not faces:
        return Canvas(canvas.astype(np.uint8), *_NO_FACES)
    boxes, landmarks = (np.stack(part).astype(np.float32) for part in zip(*faces, strict=True))
    return Canvas(canvas.astype(np.uint8), boxes, landmarks)


def _extent(matrix: np.ndarray, side: int = 128) -> np.ndarray:
    corners = np.array([[0, 0], [side, 0], [0, side], [side, side]]) @ matrix[:, :2].T + matrix[:, 2]
    return np.concatenate([corners.min(0), corners.max(0)])


def _touch(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a[:2] < b[2:]).all() and (b[:2] < a[2:]).all())


def background(pictures: Pictures, size: int, random: Random) -> np.ndarray:
    """uint8 [size, size, 3] without a face: scenery beside a person, noise, flat shapes, or a page of text."""
    kind = random.random()
    if kind < 0.45:
        return _scenery(pictures, size, random)
    if kind < 0.62:
        return _cloud(size, random)
    if kind < 0.74:
        return _shapes(size, random)
    return _page(size, random)


def _scenery(pictures: Pictures, size: int, random: Random) -> np.ndarray:
    """The wider strip beside a head, mirrored and enlarged."""
    i = int(random.integers(len(pictures.labels)))
    columns = pictures.masks[i].any(0)
    left = int(columns.argmax())
    right = len(columns) - int(columns[::-1].argmax())
    strip = pictures.pixels[i][:, :left] if left > len(columns) - right else pictures.pixels[i][:, right:]
    if strip.shape[1] < 6:
        return _cloud(size, random)
    tile = np.concatenate([strip, strip[:, ::-1]], 1)
    tile = np.concatenate([tile] * (128 // tile.shape[1] + 1), 1)
    height = int(random.integers(40, 128))
    top = int(random.integers(0, 129 - height))
    return np.asarray(cv2.resize(tile[top : top + height, :height], (size, size), interpolation=cv2.INTER_LINEAR))


def _cloud(size: int, random: Random) -> np.ndarray:
    """Smooth or white noise in one to three octaves around a random colour."""
    canvas = np.full((size, size, 3), random.uniform(20, 235, 3), np.float32)
    for _ in range(int(random.integers(1, 4))):
        cells = int(random.choice([2, 4, 8, 16, 48, size]))
        grain = random.normal(size=(cells, cells, 3 if random.random() < 0.5 else 1)) * random.uniform(5, 60)
        enlarged = cv2.resize(grain.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
        canvas += enlarged.reshape(size, size, -1)
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _colour(random: Random) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue


def _shapes(size: int, random: Random) -> np.ndarray:
    """Rectangles, ellipses, lines and writing."""
    canvas = np.full((size, size, 3), _colour(random), np.uint8)
    for _ in range(int(random.integers(2, 14))):
        a, b = (tuple(int(value) for value in random.integers(0, size, 2)) for _ in range(2))
        kind = int(random.integers(4))
        if kind == 0:
            cv2.rectangle(canvas, a, b, _colour(random), -1)
        elif kind == 1:
            axes = tuple(int(value) for value in random.integers(4, size // 2, 2))
            cv2.ellipse(canvas, a, axes, float(random.uniform(0, 180)), 0, 360, _colour(random), -1)
        elif kind == 2:
            cv2.line(canvas, a, b, _colour(random), int(random.integers(1, 8)))
        else:
            word = "".join(chr(int(c)) for c in random.integers(65, 122, 12))
            height = float(random.uniform(0.3, 1.2))
            cv2.putText(canvas, word, a, 0, height, _colour(random), int(random.integers(1, 3)))
    return canvas


def _page(size: int, random: Random) -> np.ndarray:
    """Lines of writing, from a headline to a whole page from afar, dark on light or the reverse.

    A page is written large and made smaller, smoothly or with the aliasing of insightface's own bilinear resize, which
    turns small print into a texture."""
    paper, ink = (int(value) for value in random.permutation([random.integers(170, 256), random.integers(0, 90)]))
    side, points = int(size * random.uniform(1, 4)), int(random.integers(8, 40))
    page, font = Image.new("L", (side, side), paper), ImageFont.load_default(points)
    draw, left = ImageDraw.Draw(page), int(random.integers(-9, 40))
    columns = int(side / points * 2.2) + 1
    for y in range(int(random.integers(0, 60)), side, int(points * random.uniform(1.1, 2.4))):
        letters = "".join(chr(int(code)) for code in random.choice([32, 32, 32, *range(97, 123)], columns))
        draw.text((left, y), letters, ink, font)
    interpolation = cv2.INTER_AREA if random.random() < 0.5 else cv2.INTER_LINEAR
    small = cv2.resize(np.asarray(page), (size, size), interpolation=interpolation)
    if random.random() < 0.3:
        small[int(size * random.uniform(0.5, 0.95)) :] = 0  # the bar below a wide photo
    return np.repeat(small[..., None], 3, 2)


def _hard_negative(pictures: Pictures, size: int, random: Random) -> np.ndarray:
    """A background, or a person whose head is filled with something else, sometimes skin-coloured."""
    if random.random() < 0.6:
        return background(pictures, size, random)
    person = _person(pictures, random)
    matrix = _matrix(person[2], size * random.uniform(0.2, 0.7), random.uniform(0.3, 0.7, 2) * size, 0)
    moved, covered, _, _ = _place(person, matrix, size, cv2.BORDER_REPLICATE)
    covered = cv2.dilate(covered, np.ones((5, 5)))[..., None]
    fill = background(pictures, size, random).astype(np.float32)
    if random.random() < 0.6:
        fill = fill * 0.15 + person[0][person[1]].mean(0) * 0.85
    return np.asarray(moved + (fill - moved) * covered).astype(np.uint8)


def _degrade(canvas: Canvas, random: Random) -> Canvas:
    """Blur or smear, noise, brightness and colour, grey, JPEG, black bars: none of it moves the faces."""
    pixels = canvas.pixels
    size = pixels.shape[0]
    if random.random() < 0.35:
        factor = random.uniform(1.3, 3.0)
        small = cv2.resize(pixels, (int(size / factor), int(size / factor)), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC))
    elif random.random() < 0.2:
        pixels = cv2.GaussianBlur(pixels, (0, 0), random.uniform(0.5, 2.0))
    elif random.random() < 0.2:
        pixels = cv2.medianBlur(np.ascontiguousarray(pixels), int(random.choice([3, 5])))
    if random.random() < 0.7:
        gains = random.uniform(0.6, 1.4) * random.uniform(0.85, 1.15, 3)
        lifted = pixels * gains + random.uniform(-25, 25) + random.normal(size=pixels.shape) * random.uniform(0, 9)
        pixels = np.clip(lifted, 0, 255).astype(np.uint8)
    if random.random() < 0.12:
        pixels = np.repeat(pixels.mean(2, keepdims=True), 3, 2).astype(np.uint8)
    if random.random() < 0.3:
        quality = int(random.integers(25, 90))
        coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        pixels = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1]
    return Canvas(np.ascontiguousarray(pixels), canvas.boxes, canvas.landmarks)
