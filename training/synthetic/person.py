"""``render_person``: identity, expression, pose, light, scene and clothes to a picture with its labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from training.synthetic.accessories import glasses
from training.synthetic.clothes import CLOTHES, garment
from training.synthetic.expression import DOWNCAST, EXPRESSIONS, Expression, towards_camera
from training.synthetic.face_hair import FaceHair, face_strands, sample_face_hair
from training.synthetic.geometry import Material, Mesh, Strands, vertex_normals
from training.synthetic.hair import grow_hair, scalp
from training.synthetic.head import Head, build_head
from training.synthetic.identity import Identity, sample_identity
from training.synthetic.labels import Labels, Picture, face_box, five_landmarks, head_mask
from training.synthetic.light import light_rig
from training.synthetic.movement import Movements
from training.synthetic.palette import CLOTH_COLOURS, SUITABLE_SUIT_COLOURS
from training.synthetic.parts import ear, eyeball, mouth_inside
from training.synthetic.pose import PosedHead, Turn, pose_head
from training.synthetic.renderer import Camera, downsample, render
from training.synthetic.scenes import SCENES, background, develop
from training.synthetic.skin import SkinMap, posed_colour, skin_map
from training.synthetic.skull import FACES

FRAME_WIDTH = 33.5
"""cm that a picture of zoom 1 spans; at zoom 1.3 the face takes 55 to 60 % of the width."""
CAMERA_HEIGHT = -3.9
"""y at the picture's middle, cm."""
OWN = "own"
"""Accessory: whatever the person usually wears."""


@dataclass(frozen=True)
class Person:
    """All that is computed once a person."""

    identity: Identity
    head: Head
    movements: Movements
    skin: SkinMap
    hair: Sequence[Strands]
    face_hair: FaceHair
    ears: tuple[Mesh, Mesh]


@lru_cache(maxsize=8)
def build_person(seed: int) -> Person:
    """The person with this number, about 0.15 s of CPU."""
    identity = sample_identity(seed)
    head = build_head(identity)
    scalp_zone = scalp(head)
    return Person(
        identity=identity,
        head=head,
        movements=Movements(head),
        skin=skin_map(head, scalp_zone),
        hair=grow_hair(head, scalp_zone),
        face_hair=sample_face_hair(head),
        ears=(ear(head, 0), ear(head, 1)),
    )


def render_person(
    identity: int,
    expression: str | Expression = "neutral",
    *,
    expression_name: str | None = None,
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    light: str = "soft",
    scene: str = "studio_grey",
    clothes: str | None = None,
    cloth_colour: str | None = None,
    accessory: str | None = OWN,
    zoom: float = 1.3,
    size: int = 128,
    supersampling: int = 2,
    seed: int = 0,
) -> Picture:
    """Render one picture; the same arguments give the same bytes.

    ``identity`` is the person's number. ``expression`` is a name of ``EXPRESSIONS`` or an ``Expression`` (then
    ``expression_name`` says what the labels call it). Angles in degrees: ``yaw`` positive to the picture's right,
    ``pitch`` positive downwards. ``accessory`` is a kind of ``ACCESSORIES``, None for none, ``OWN`` for the person's
    own glasses if they have any. ``clothes`` and ``cloth_colour`` default to what suits the scene. ``size`` is the side
    in pixels, each from ``supersampling`` squared samples. ``seed`` varies the rest: gaze, light, background, grain.
    """
    person, place = build_person(identity), SCENES[scene]
    rng = np.random.default_rng(seed * 1009 + identity * 7 + _text_number(scene))
    name = expression if isinstance(expression, str) else expression_name
    face = EXPRESSIONS[expression] if isinstance(expression, str) else expression
    if name not in DOWNCAST:
        face = towards_camera(face, yaw, pitch, rng)
    turn = Turn(yaw, pitch, roll)
    posed = pose_head(person.head, person.movements, face)
    worn = person.identity.glasses if accessory == OWN else accessory
    clothes = clothes or str(rng.choice(place.clothes or CLOTHES))
    cloth_colour = cloth_colour or str(rng.choice(SUITABLE_SUIT_COLOURS if clothes == "suit" else list(CLOTH_COLOURS)))
    rgb = np.asarray(CLOTH_COLOURS[cloth_colour]) * rng.uniform(0.85, 1.15)
    meshes = _head_meshes(person, posed, face, turn)
    meshes += [part.moved(turn.rigid(part.points)) for part in (glasses(person.head, worn) if worn else [])]
    meshes.append(garment(person.identity, clothes, rgb, rng))
    strands = _strands(person, posed, face, turn)
    rig = light_rig(light, place, rng)
    backdrop = background(place, size * supersampling, rng)
    camera = _camera(size * supersampling, zoom, rng)
    eyes = person.identity.eyes
    iris = np.array([*eyes.iris, *eyes.iris_inner])
    rendering = render(meshes, strands, rig, backdrop, camera, iris, seed + identity * 3)
    developed = develop(downsample(rendering.colour, supersampling), rng)
    pixels = (np.clip(developed, 0, 1) * 255 + 0.5).astype(np.uint8)
    box = face_box(person.head, posed, turn, camera, supersampling)
    labels = Labels(
        identity=identity,
        expression=name,
        expression_vector=tuple(round(v, 4) for v in face.vector()),
        yaw=round(yaw, 3),
        pitch=round(pitch, 3),
        roll=round(roll, 3),
        light=light,
        scene=scene,
        clothes=clothes,
        cloth_colour=cloth_colour,
        glasses=worn,
        hair=person.identity.hair.style,
        hair_colour=person.identity.hair.colour,
        gender=person.identity.gender,
        age=round(person.identity.age, 3),
        beard=person.identity.hair.beard,
        landmarks5=five_landmarks(person.head, posed, turn, camera, supersampling),
        face_box=box,
        zoom=round(zoom, 4),
        seed=seed,
    )
    return Picture(pixels, head_mask(rendering.materials, box, supersampling), labels)


def _text_number(text: str) -> int:
    """A number that depends on the text only (Python's own hash differs from run to run)."""
    return sum(ord(c) * (i + 1) for i, c in enumerate(text))


def _camera(size: int, zoom: float, rng: np.random.Generator) -> Camera:
    x, y = float(rng.normal() * 0.4), CAMERA_HEIGHT + float(rng.normal() * 0.4)
    return Camera(size, FRAME_WIDTH / zoom, x, y)


def _head_meshes(person: Person, posed: PosedHead, expression: Expression, turn: Turn) -> list[Mesh]:
    head = person.head
    colour = posed_colour(head, person.skin, posed)
    meshes = [
        Mesh(turn(posed.points), posed.faces, colour, Material.SKIN, person.skin.gloss, person.skin.cavity, posed.cut)
    ]
    for k in (0, 1):
        meshes.append(person.ears[k].moved(turn(person.ears[k].points)))
        ball, outward = eyeball(head, expression, k)
        meshes.append(ball.moved(turn(ball.points), (outward @ turn.matrix.T).astype(np.float32)))
    meshes += [m.moved(turn(m.points)) for m in mouth_inside(head, posed.points, expression)]
    return meshes


def _strands(person: Person, posed: PosedHead, expression: Expression, turn: Turn) -> list[Strands]:
    normals = vertex_normals(posed.points, FACES)
    on_face = face_strands(person.head, person.face_hair, posed, normals, expression)
    return [hairs.moved(turn(hairs.points)) for hairs in (*person.hair, *on_face)]
