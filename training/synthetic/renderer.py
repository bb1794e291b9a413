"""A small deferred renderer on the CPU: triangles and hair into buffers, shadow map, ambient occlusion, shading, light
scattered under the skin. Linear RGB throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter

from training.synthetic import drawing, shading
from training.synthetic.fields import Floats, Ints
from training.synthetic.geometry import Material, Mesh, Strands, vertex_normals
from training.synthetic.light import LightRig

SHADOW_MAP_SIZE = 320
SHADOW_MAP_EXTENT = 44.0
"""cm that the shadow map covers."""
OCCLUSION_RADIUS = 2.2
"""cm within which neighbours take away surrounding light."""
SCATTER_RADIUS = 0.22
"""cm that red light travels under the skin; green and blue go half and a third as far."""
IRIS_RADIUS = 0.355
"""Share of the eyeball's radius."""


@dataclass(frozen=True)
class Camera:
    """Looks along -z at ``target`` from ``distance``; the picture is square."""

    size: int
    """Pixels along a side, supersampling included."""
    frame: float
    """cm that the picture spans at the target."""
    target_x: float
    target_y: float
    distance: float = 95.0
    """cm from the target."""

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return self.size * self.distance / self.frame

    def to_camera(self, points: Floats) -> Floats:
        """World to camera space."""
        return points - np.array([self.target_x, self.target_y, self.distance], np.float32)

    def project(self, points: Floats) -> Floats:
        """World points [N, 3] to pixels [N, 2]: x to the right, y down."""
        p = self.to_camera(points)
        scale = -self.focal / p[:, 2]
        return np.stack([p[:, 0] * scale + self.size / 2, -p[:, 1] * scale + self.size / 2], 1)


@dataclass(frozen=True)
class Rendering:
    """One rendered picture before grading."""

    colour: Floats
    """float [S, S, 3] linear RGB."""
    materials: Ints
    """uint8 [S, S] of ``Material``, 0 is the background."""


def render(
    meshes: Sequence[Mesh],
    strands: Sequence[Strands],
    rig: LightRig,
    background: Floats,
    camera: Camera,
    iris: Floats,
    seed: int,
) -> Rendering:
    """Draw everything over ``background`` [S, S, 3]. ``iris``: [6] colour and what is added around the pupil."""
    size = camera.size
    depth = np.zeros((size, size), np.float32)
    materials = np.zeros((size, size), np.uint8)
    surface = np.zeros((size, size, 8), np.float32)
    shadow_map = np.full((SHADOW_MAP_SIZE, SHADOW_MAP_SIZE), -1e9, np.float32)
    lights = rig.packed()
    frame = _shadow_frame(lights[shading.KEY], camera.distance)
    for mesh in meshes:
        _draw_mesh(mesh, camera, frame, depth, surface, materials, shadow_map)
    for hairs in strands:
        _draw_strands(hairs, camera, lights, frame, depth, surface, materials, shadow_map)
    seed %= 1000
    seen = shading.ambient_occlusion(depth, materials, camera.focal, OCCLUSION_RADIUS, seed)
    light, colour, added = shading.shade(
        depth, materials, surface, uniform_filter(seen, 4), shadow_map, frame, camera.focal, size / 2, lights,
        float(rig.softness), np.asarray(iris, np.float32), IRIS_RADIUS, seed,
    )  # fmt: skip
    light = _scatter(light, materials == Material.SKIN, SCATTER_RADIUS * camera.focal / camera.distance)
    picture = np.where((materials > 0)[..., None], light * colour + added, background)
    return Rendering(picture, materials)


def downsample(picture: Floats, factor: int) -> Floats:
    """[H, W, C] box-filtered to [H / factor, W / factor, C]."""
    side = picture.shape[0] // factor
    return picture.reshape(side, factor, side, factor, -1).mean((1, 3))


def _draw_mesh(
    mesh: Mesh, camera: Camera, frame: Floats, depth: Floats, surface: Floats, materials: Ints, shadow_map: Floats
) -> None:
    count = len(mesh.points)
    faces = np.ascontiguousarray(mesh.faces, np.int32)
    points = camera.to_camera(np.ascontiguousarray(mesh.points, np.float32))
    attributes = np.empty((count, 8), np.float32)
    attributes[:, 0:3] = vertex_normals(mesh.points, faces) if mesh.normals is None else mesh.normals
    attributes[:, 3:6] = mesh.colour
    attributes[:, 6] = mesh.gloss
    attributes[:, 7] = mesh.cavity
    cut = np.ascontiguousarray(np.broadcast_to(np.asarray(mesh.cut, np.float32), (count,)))
    inverse = -1.0 / points[:, 2]
    sx = points[:, 0] * inverse * np.float32(camera.focal) + np.float32(camera.size / 2)
    sy = -points[:, 1] * inverse * np.float32(camera.focal) + np.float32(camera.size / 2)
    drawing.draw_mesh(sx, sy, inverse, faces, attributes, cut, int(mesh.material), mesh.cull, depth, surface, materials)
    if mesh.shadow:
        u, v, d = (points @ frame[:, :3].T + frame[:, 3]).T
        drawing.draw_mesh_shadow(
            np.ascontiguousarray(u), np.ascontiguousarray(v), np.ascontiguousarray(d), faces, cut, shadow_map
        )


def _draw_strands(
    hairs: Strands,
    camera: Camera,
    lights: Floats,
    frame: Floats,
    depth: Floats,
    surface: Floats,
    materials: Ints,
    shadow_map: Floats,
) -> None:
    points = np.ascontiguousarray(camera.to_camera(hairs.points))
    facing = drawing.strand_facing(hairs.points, lights[shading.KEY], lights[shading.RIM])
    drawing.draw_strands(
        points, hairs.colour, hairs.width, facing, camera.focal, camera.size / 2, depth, surface, materials
    )
    if hairs.shadow:
        drawing.draw_strands_shadow(points, frame, shadow_map)


def _shadow_frame(key: Floats, distance: float) -> Floats:
    """float32 [3, 4]: camera space to shadow map texels and the distance towards the light."""
    right = np.cross(np.array([0, 1, 0], np.float32), key)
    right /= np.linalg.norm(right)
    up = np.cross(key, right)
    middle = np.array([0, -3, -distance], np.float32)
    scale, half = SHADOW_MAP_SIZE / SHADOW_MAP_EXTENT, SHADOW_MAP_SIZE / 2
    rows = [
        [*(right * scale), -(right @ middle) * scale + half],
        [*(-up * scale), (up @ middle) * scale + half],
        [*key, -(key @ middle)],
    ]
    return np.array(rows, np.float32)


def _scatter(light: Floats, skin: Ints, radius: float) -> Floats:
    """Subsurface scattering in screen space: light on skin blurred by up to ``radius`` pixels, farthest in red."""
    mask = skin.astype(np.float32)
    out = light.copy()
    for k, share in enumerate((1.0, 0.5, 0.3)):
        sigma = max(0.6, radius * share)
        weight = np.maximum(gaussian_filter(mask, sigma, truncate=2.2), 1e-3)
        blurred = gaussian_filter(light[..., k] * mask, sigma, truncate=2.2) / weight
        out[..., k] = np.where(skin, 0.3 * light[..., k] + 0.7 * blurred, light[..., k])
    return out
