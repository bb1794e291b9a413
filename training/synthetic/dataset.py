"""The data set: what is sampled for each picture, and parallel rendering that can be stopped and resumed.

Layout: one folder a person, named by six digits, with ``00.png``, ``00.mask.png``, ... and ``labels.json``::

    {"identity": 17, "pictures": [{...}, ...]}     the entries are ``labels.Labels``

A folder is written under a temporary name and renamed when complete. Everything about a person's pictures follows from
the person's number alone: not from the number of workers, nor from what was rendered before.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from training.synthetic.accessories import FRAMES, SUNGLASSES
from training.synthetic.clothes import CLOTHES
from training.synthetic.expression import EXPRESSIONS, Expression
from training.synthetic.labels import Picture
from training.synthetic.light import LIGHTS
from training.synthetic.palette import CLOTH_COLOURS, SUITABLE_SUIT_COLOURS
from training.synthetic.person import OWN, render_person
from training.synthetic.scenes import SCENES

TRAINING_IDENTITIES = range(900_000)
HELD_OUT_IDENTITIES = range(900_000, 900_120)
"""People that no training ever sees: for the sample people, the sample study and the figures of the model card."""

HELD_OUT_SCENE_EXPRESSION: frozenset[tuple[str, str]] = frozenset(
    {
        ("beach", "surprised"),
        ("forest", "laugh"),
        ("office", "angry"),
        ("city_night", "smile"),
        ("snow", "sad"),
        ("desert", "grin"),
        ("mountains", "pout"),
        ("sunset", "closed"),
        ("library", "surprised"),
        ("kitchen", "wink"),
        ("park", "angry"),
        ("street", "laugh"),
        ("cafe", "sad"),
    }
)
"""Pairs that are never rendered for training, so that a model that shows them has composed them."""
HELD_OUT_CLOTHES_COLOUR: frozenset[tuple[str, str]] = frozenset(
    {
        ("tshirt", "purple"),
        ("shirt", "green"),
        ("hoodie", "yellow"),
        ("turtleneck", "orange"),
        ("coat", "pink"),
        ("tank", "navy"),
        ("sweater", "teal"),
        ("suit", "blue"),
    }
)
"""Likewise for garments."""

SHARE_OF_PLACES = 0.75
"""Share of the pictures in a place; the others have studio paper behind them."""
PLACES = tuple(name for name in SCENES if not name.startswith("studio_"))
STUDIOS = tuple(name for name in SCENES if name.startswith("studio_"))
EXPRESSION_WEIGHTS = {name: 1.6 if name in ("neutral", "smile") else 1.0 for name in EXPRESSIONS}
LIGHT_SHARES = dict(zip(LIGHTS, (0.40, 0.12, 0.12, 0.06, 0.08, 0.06, 0.16), strict=True))
OWN_ACCESSORY_UNTIL, NO_ACCESSORY_UNTIL, SUNGLASSES_UNTIL = 0.70, 0.82, 0.91
"""Cumulative shares: 70 % what the person usually wears, 12 % nothing, 9 % sunglasses, 9 % any glasses."""
YAW, PITCH, ROLL = (17.0, 40.0), (5.0, 14.0), (4.0, 10.0)
"""Standard deviation and limit of the pose's angles, degrees."""
STRENGTH = (0.8, 1.15)
"""Range of an expression's strength."""
NEUTRAL_VARIATION = 0.06
"""Standard deviation of the trace of a smile and a squint in neutral faces."""
ZOOM = (1.2, 1.4)
"""Range of the framing: the face takes about 55 to 60 % of the width."""
SUPERSAMPLING = 2


@dataclass(frozen=True)
class Shot:
    """What one picture is to show; the arguments of ``render_person``."""

    expression: Expression
    expression_name: str
    yaw: float
    pitch: float
    roll: float
    light: str
    scene: str
    clothes: str
    cloth_colour: str
    accessory: str | None
    zoom: float
    seed: int


def sample_shot(rng: np.random.Generator, seed: int) -> Shot:
    """Draw one picture. Nothing depends on the person, so that clothes and scenes never tell who it is."""
    scene, name = _scene_and_expression(rng)
    clothes, colour = _clothes(rng)
    accessory = _accessory(rng)
    yaw, pitch, roll = (float(np.clip(rng.normal() * s, -limit, limit)) for s, limit in (YAW, PITCH, ROLL))
    light = str(rng.choice(list(LIGHT_SHARES), p=list(LIGHT_SHARES.values())))
    expression = _expression(name, rng)
    zoom = float(rng.uniform(*ZOOM))
    return Shot(expression, name, yaw, pitch, roll, light, scene, clothes, colour, accessory, zoom, seed)


def shots_of(identity: int, count: int) -> list[Shot]:
    """The pictures that the data set holds of this person."""
    rng = np.random.default_rng(identity * 31 + 7)
    return [sample_shot(rng, seed) for seed in range(count)]


def render_shot(identity: int, shot: Shot, size: int) -> Picture:
    """The picture of this person, ``size`` pixels a side."""
    return render_person(identity, size=size, supersampling=SUPERSAMPLING, **vars(shot))


def render_identity(identity: int, *, per_identity: int, size: int, out: Path) -> None:
    """Render one person's folder; does nothing when it is there."""
    folder = out / f"{identity:06d}"
    if (folder / "labels.json").exists():
        return
    unfinished = out / f".{identity:06d}"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    entries = []
    for j, shot in enumerate(shots_of(identity, per_identity)):
        picture = render_shot(identity, shot, size)
        Image.fromarray(picture.pixels).save(unfinished / f"{j:02d}.png")
        Image.fromarray(picture.mask).save(unfinished / f"{j:02d}.mask.png")
        entries.append(picture.labels.as_json())
    (unfinished / "labels.json").write_text(json.dumps({"identity": identity, "pictures": entries}))
    os.rename(unfinished, folder)


def render_dataset(identities: int, per_identity: int, size: int, out: Path, workers: int, first: int = 0) -> None:
    """Render the people ``first`` to ``first + identities - 1`` into ``out``, with a progress bar.

    ``workers`` processes share the people; the pictures do not depend on their number.

    Folders that are there are left as they are, so a stopped run goes on where it was.
    """
    out.mkdir(parents=True, exist_ok=True)
    work = partial(render_identity, per_identity=per_identity, size=size, out=out)
    missing = [i for i in range(first, first + identities) if not (out / f"{i:06d}" / "labels.json").exists()]
    with tqdm(total=identities, initial=identities - len(missing), unit="person", desc="rendering") as bar:
        if workers <= 1:
            for identity in missing:
                work(identity)
                bar.update()
            return
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            for _ in pool.imap_unordered(work, missing):
                bar.update()


def _scene_and_expression(rng: np.random.Generator) -> tuple[str, str]:
    names, weights = list(EXPRESSION_WEIGHTS), np.array(list(EXPRESSION_WEIGHTS.values()))
    while True:
        scene = str(rng.choice(PLACES if rng.random() < SHARE_OF_PLACES else STUDIOS))
        expression = str(rng.choice(names, p=weights / weights.sum()))
        if (scene, expression) not in HELD_OUT_SCENE_EXPRESSION:
            return scene, expression


def _clothes(rng: np.random.Generator) -> tuple[str, str]:
    while True:
        clothes = str(rng.choice(CLOTHES))
        colour = str(rng.choice(SUITABLE_SUIT_COLOURS if clothes == "suit" else list(CLOTH_COLOURS)))
        if (clothes, colour) not in HELD_OUT_CLOTHES_COLOUR:
            return clothes, colour


def _accessory(rng: np.random.Generator) -> str | None:
    draw = rng.random()
    if draw < OWN_ACCESSORY_UNTIL:
        return OWN
    if draw < NO_ACCESSORY_UNTIL:
        return None
    return SUNGLASSES if draw < SUNGLASSES_UNTIL else str(rng.choice(list(FRAMES)))


def _expression(name: str, rng: np.random.Generator) -> Expression:
    strength = float(rng.uniform(*STRENGTH))
    if name == "neutral":
        smile, squint = (float(max(0, rng.normal() * NEUTRAL_VARIATION)) for _ in range(2))
        return Expression(smile=smile, squint=squint)
    return EXPRESSIONS[name].scaled(strength)
