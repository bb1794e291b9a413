"""The twelve sample people of the app: held-out identities with four reference photos each.

Run ``python -m training.synthetic.sample_people`` from the repository's root to render them again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from training.synthetic.expression import EXPRESSIONS, Expression
from training.synthetic.identity import sample_identity
from training.synthetic.person import render_person

DESTINATION = Path("facepersona_core/embedded/people")
SIZE, SUPERSAMPLING, JPEG_QUALITY = 256, 3, 95
ZOOM = 1.25


@dataclass(frozen=True)
class SamplePerson:
    """A held-out person with a name that goes with the looks."""

    identity: int
    name: str
    name_ja: str
    """How the Japanese screens write the name."""

    @property
    def slug(self) -> str:
        """Folder name."""
        return self.name.lower()


SAMPLE_PEOPLE: tuple[SamplePerson, ...] = (
    SamplePerson(900046, "Yuki", "ゆき"),
    SamplePerson(900118, "Liam", "リアム"),
    SamplePerson(900073, "Amara", "アマラ"),
    SamplePerson(900007, "Lars", "ラース"),
    SamplePerson(900119, "Priya", "プリヤ"),
    SamplePerson(900024, "Kenji", "けんじ"),
    SamplePerson(900020, "Fiona", "フィオナ"),
    SamplePerson(900085, "Kwame", "クワメ"),
    SamplePerson(900076, "Elena", "エレナ"),
    SamplePerson(900096, "Diego", "ディエゴ"),
    SamplePerson(900001, "Margit", "マルギット"),
    SamplePerson(900015, "Ibrahim", "イブラヒム"),
)


@dataclass(frozen=True)
class Photo:
    """How one reference photo is taken."""

    expression: Expression
    name: str
    yaw: float
    """Degrees."""
    pitch: float
    light: str
    scene: str
    clothes: str
    cloth_colour: str
    seed: int


FAINT_SMILE = Expression(smile=0.18, cheek=0.08)
PHOTOS: tuple[Photo, ...] = (
    Photo(FAINT_SMILE, "neutral", -6, 0, "soft", "studio_grey", "tshirt", "navy", 11),
    Photo(EXPRESSIONS["smile"], "smile", 9, 1, "soft", "studio_white", "sweater", "beige", 12),
    Photo(Expression(), "neutral", 16, -2, "flat", "studio_grey", "shirt", "white", 13),
    Photo(EXPRESSIONS["smile"].scaled(0.8), "smile", -15, 2, "flat", "studio_blue", "tshirt", "grey", 14),
)
"""Nearly frontal, friendly, soft light, plain paper behind; no glasses."""


def sample_people(out: Path = DESTINATION) -> None:
    """Write ``<slug>/1.jpg`` .. ``4.jpg`` for everybody and ``people.json`` into ``out``."""
    entries = []
    for person in SAMPLE_PEOPLE:
        folder = out / person.slug
        folder.mkdir(parents=True, exist_ok=True)
        photos = [_take(person, photo, folder / f"{k}.jpg") for k, photo in enumerate(PHOTOS, start=1)]
        gender = sample_identity(person.identity).gender
        entries.append(
            {
                "name": person.name,
                "name_ja": person.name_ja,
                "slug": person.slug,
                "identity": person.identity,
                "gender": gender,
                "class_word": "man" if gender == "male" else "woman",
                "photos": [str(path.relative_to(out).as_posix()) for path in photos],
            }
        )
    (out / "people.json").write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _take(person: SamplePerson, photo: Photo, path: Path) -> Path:
    picture = render_person(
        person.identity,
        photo.expression,
        expression_name=photo.name,
        yaw=photo.yaw,
        pitch=photo.pitch,
        light=photo.light,
        scene=photo.scene,
        clothes=photo.clothes,
        cloth_colour=photo.cloth_colour,
        accessory=None,
        zoom=ZOOM,
        size=SIZE,
        supersampling=SUPERSAMPLING,
        seed=photo.seed,
    )
    Image.fromarray(picture.pixels).save(path, quality=JPEG_QUALITY, subsampling=0)
    return path


if __name__ == "__main__":
    sample_people()
