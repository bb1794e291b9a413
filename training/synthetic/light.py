"""Seven ways to light a face, tinted by the scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.synthetic.fields import Floats
from training.synthetic.scenes import Scene


@dataclass(frozen=True)
class LightPreset:
    """A key light and how much of the scene's own light there is."""

    direction: tuple[float, float, float]
    """Towards the key light (x right, y up, z to the camera); x is mirrored at random where ``mirrored``."""
    strength: float
    ambient: float
    """Scale of the scene's light from above and below."""
    softness: float
    """Radius of the shadow's edge in shadow-map texels (7.3 a cm)."""
    mirrored: bool = False
    rim: float = 0.25
    """Strength of the light from behind."""
    fill: float = 0.16
    """Strength of the light from the side opposite to the key."""


LIGHTS: dict[str, LightPreset] = {
    "soft": LightPreset((0.45, 0.65, 0.85), 1.25, 0.85, 8, mirrored=True),
    "left": LightPreset((-1.0, 0.35, 0.45), 1.9, 0.50, 4),
    "right": LightPreset((1.0, 0.35, 0.45), 1.9, 0.50, 4),
    "top": LightPreset((0.12, 1.1, 0.75), 1.55, 0.65, 6, mirrored=True, fill=0.30),
    "rim": LightPreset((0.75, 0.5, 0.35), 0.55, 0.62, 6, mirrored=True, rim=1.3),
    "low": LightPreset((0.2, -0.75, 0.8), 1.4, 0.55, 5, mirrored=True),
    "flat": LightPreset((0.05, 0.25, 1.0), 0.75, 1.15, 10),
}

NIGHT_FILL = 2.2
"""How much stronger the fill light is at night, where the scene gives next to none: dark skin must stay readable."""


@dataclass(frozen=True)
class LightRig:
    """The lights of one picture: directions towards the light, strengths as linear RGB."""

    key: Floats
    key_rgb: Floats
    rim: Floats
    rim_rgb: Floats
    fill: Floats
    fill_rgb: Floats
    sky: Floats
    ground: Floats
    softness: float

    def packed(self) -> Floats:
        """float32 [8, 3] as the kernels read it, directions of length 1."""
        key, rim, fill = (v / np.linalg.norm(v) for v in (self.key, self.rim, self.fill))
        rows = [key, self.key_rgb, rim, self.rim_rgb, fill, self.fill_rgb, self.sky, self.ground]
        return np.array(rows, np.float32)


def light_rig(name: str, scene: Scene, rng: np.random.Generator) -> LightRig:
    """The preset ``name`` in this scene, the key light's direction a little varied."""
    preset = LIGHTS[name]
    wobble, side = rng.normal(size=3) * 0.08, int(rng.choice([-1, 1]))
    x, y, z = preset.direction
    x *= side if preset.mirrored else 1
    tint = np.asarray(scene.key)
    fill = preset.fill * (NIGHT_FILL if scene.night else 1.0)
    night, outdoors = 0.75 if scene.night else 1.0, 1.12 if scene.outdoors else 1.0
    return LightRig(
        key=np.array([x, y, z]) + wobble,
        key_rgb=tint * preset.strength * night * outdoors,
        rim=np.array([-0.8 * side, 0.45, -0.75]),
        rim_rgb=tint * preset.rim * (1.5 if scene.outdoors else 1.0),
        fill=np.array([-x, 0.1, 0.7]),
        fill_rgb=tint * fill,
        sky=np.asarray(scene.sky) * preset.ambient,
        ground=np.asarray(scene.ground) * preset.ambient,
        softness=preset.softness,
    )
