"""The pictures of the raters' practice: rendered people, so that every answer is known.

``python -m tools.practice_pairs`` renders them again, from the repository's root. What each pair teaches stands in
`ui.practice`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from training.synthetic.person import render_person

FOLDER = Path("ui/assets/practice")
SIZE, SUPERSAMPLING, QUALITY = 256, 3, 90


@dataclass(frozen=True)
class Shot:
    """One picture; the fields are arguments of `render_person`."""

    identity: int
    scene: str = "studio_grey"
    expression: str = "neutral"
    yaw: float = -6.0
    light: str = "soft"
    clothes: str = "tshirt"
    cloth_colour: str = "navy"


@dataclass(frozen=True)
class Shots:
    """Reference, A and B of one pair."""

    reference: Shot
    a: Shot
    b: Shot


def _shots() -> tuple[Shots, ...]:
    """In the order of `ui.practice.PAIRS`. The people are held out from training and are not sample people."""
    bob, long_hair, dark, fair, pale, tied, cropped, grey, white, bearded = map(
        Shot, (900043, 900031, 900036, 900033, 900039, 900041, 900053, 900038, 900037, 900045)
    )
    park = {"scene": "park", "expression": "smile", "yaw": 10.0, "clothes": "sweater", "cloth_colour": "green"}
    laugh = {"scene": "cafe", "expression": "laugh", "clothes": "shirt", "cloth_colour": "white"}
    return (
        Shots(bob, replace(bob, **park), replace(long_hair, **park)),
        Shots(
            dark,
            replace(dark, scene="office", clothes="shirt", cloth_colour="blue", yaw=8.0),
            replace(dark, scene="snow", clothes="hoodie", cloth_colour="red", yaw=12.0),
        ),
        Shots(
            fair,
            replace(pale, scene="beach", yaw=6.0, cloth_colour="white"),
            replace(fair, scene="library", yaw=14.0, cloth_colour="grey"),
        ),
        Shots(tied, replace(cropped, **laugh, yaw=-6.0), replace(tied, **laugh, yaw=24.0, light="left")),
        Shots(
            grey,
            replace(white, scene="office", clothes="suit", cloth_colour="navy", yaw=8.0),
            replace(bearded, scene="office", clothes="suit", cloth_colour="navy", yaw=8.0),
        ),
    )


def main() -> None:
    """Write ``<number>-<side>.webp`` for every pair into `FOLDER`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for number, pair in enumerate(_shots(), start=1):
        for side, shot in vars(pair).items():
            looks = {**vars(shot), "zoom": 1.25, "accessory": None, "seed": number}
            picture = render_person(size=SIZE, supersampling=SUPERSAMPLING, **looks)
            Image.fromarray(picture.pixels).save(FOLDER / f"{number}-{side}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
