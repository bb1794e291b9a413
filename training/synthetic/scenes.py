"""The 23 scenes: what is behind the person and the light that it throws on them; exposure and grain of the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from training.synthetic import backdrops
from training.synthetic.fields import Floats
from training.synthetic.painting import Canvas, Rgb
from training.synthetic.palette import STUDIO_COLOURS


@dataclass(frozen=True)
class Scene:
    """A place."""

    paint: backdrops.Painter
    blur: float
    """Out-of-focus blur as a share of the picture's side."""
    sky: Rgb
    """Light from above, linear RGB."""
    ground: Rgb
    """Light from below."""
    key: Rgb
    """Tint of the directed lights."""
    outdoors: bool = False
    night: bool = False
    clothes: tuple[str, ...] = ()
    """What people wear there when nothing else is asked for; empty: anything."""


def _studio(rgb: Rgb) -> Scene:
    r, g, b = rgb
    sky, ground = (
        (0.36 + 0.25 * r, 0.36 + 0.25 * g, 0.36 + 0.25 * b),
        (0.16 + 0.25 * r, 0.16 + 0.25 * g, 0.16 + 0.25 * b),
    )
    return Scene(backdrops.studio(rgb), 0, sky, ground, (1, 0.98, 0.95))


SCENES: dict[str, Scene] = {
    "beach": Scene(
        backdrops.beach, 0.006, (0.55, 0.66, 0.85), (0.42, 0.34, 0.24), (1.0, 0.95, 0.85), outdoors=True,
        clothes=("tshirt", "tank", "shirt"),
    ),
    "forest": Scene(backdrops.forest, 0.010, (0.34, 0.42, 0.30), (0.12, 0.14, 0.07), (1.0, 0.98, 0.80), outdoors=True),
    "office": Scene(
        backdrops.office, 0.012, (0.50, 0.51, 0.52), (0.22, 0.20, 0.18), (1.0, 0.97, 0.93),
        clothes=("shirt", "suit", "sweater", "turtleneck"),
    ),
    "city_night": Scene(
        backdrops.city_night, 0.004, (0.15, 0.15, 0.22), (0.15, 0.11, 0.10), (1.0, 0.78, 0.50), night=True,
        clothes=("hoodie", "coat", "suit", "turtleneck"),
    ),
    "snow": Scene(
        backdrops.snow, 0.006, (0.62, 0.68, 0.80), (0.55, 0.58, 0.65), (0.95, 0.97, 1.0), outdoors=True,
        clothes=("coat", "turtleneck", "sweater", "hoodie"),
    ),
    "desert": Scene(
        backdrops.desert, 0.006, (0.50, 0.56, 0.66), (0.50, 0.34, 0.20), (1.0, 0.90, 0.72), outdoors=True,
        clothes=("tshirt", "shirt", "tank"),
    ),
    "mountains": Scene(
        backdrops.mountains, 0.005, (0.48, 0.56, 0.72), (0.22, 0.24, 0.20), (1.0, 0.96, 0.88), outdoors=True,
        clothes=("coat", "hoodie", "sweater", "tshirt"),
    ),
    "sunset": Scene(backdrops.sunset, 0.005, (0.28, 0.22, 0.30), (0.26, 0.14, 0.10), (1.0, 0.62, 0.32), outdoors=True),
    "library": Scene(
        backdrops.library, 0.010, (0.36, 0.31, 0.26), (0.18, 0.13, 0.09), (1.0, 0.86, 0.66),
        clothes=("shirt", "sweater", "turtleneck", "suit"),
    ),
    "kitchen": Scene(backdrops.kitchen, 0.012, (0.50, 0.48, 0.45), (0.25, 0.22, 0.19), (1.0, 0.93, 0.82)),
    "park": Scene(backdrops.park, 0.008, (0.48, 0.58, 0.70), (0.22, 0.28, 0.13), (1.0, 0.96, 0.85), outdoors=True),
    "street": Scene(backdrops.street, 0.012, (0.50, 0.55, 0.62), (0.24, 0.23, 0.22), (1.0, 0.97, 0.92), outdoors=True),
    "cafe": Scene(backdrops.cafe, 0.010, (0.32, 0.26, 0.21), (0.18, 0.12, 0.08), (1.0, 0.82, 0.60)),
} | {f"studio_{name}": _studio(rgb) for name, rgb in STUDIO_COLOURS.items()}  # fmt: skip


def background(scene: Scene, size: int, rng: np.random.Generator) -> Floats:
    """[size, size, 3] linear RGB, painted at half the resolution, mirrored in half of the draws."""
    factor = 2 if size >= 128 and size % 2 == 0 else 1
    side = size // factor
    picture = np.clip(scene.paint(Canvas(side, rng)), 0, 4).astype(np.float32)
    if rng.random() < 0.5:
        picture = picture[:, ::-1]
    blur = scene.blur * side * rng.uniform(0.6, 2.0)
    if blur > 0.3:
        picture = gaussian_filter(picture, (blur, blur, 0), truncate=2.5)
    picture = picture.repeat(factor, 0).repeat(factor, 1)
    return np.ascontiguousarray(picture * rng.uniform(0.85, 1.1))


def develop(picture: Floats, rng: np.random.Generator) -> Floats:
    """Linear RGB to display values in 0..1: exposure, white balance and grain vary a little as with any camera."""
    exposed = picture * rng.uniform(0.92, 1.10) * (1 + rng.normal(size=3) * 0.015)
    toned = _tone(exposed)
    return toned + rng.normal(size=toned.shape).astype(np.float32) * rng.uniform(0.002, 0.010)


def _tone(linear: Floats) -> Floats:
    """Straight up to 0.55, then a soft shoulder; gamma 2.2."""
    knee = 0.55
    x = np.maximum(linear, 0) * 1.08
    y = np.where(x < knee, x, knee + (1 - knee) * (1 - np.exp(-(x - knee) / (1 - knee))))
    return np.clip(y, 0, 1) ** (1 / 2.2)
