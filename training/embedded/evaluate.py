"""Stage 8: what the bundle can do, on people it never saw, by judges that never trained it.

``python -m training.embedded.evaluate --bundle B --work W`` writes ``figures.json`` and the card into ``B``; the
facts of the training come from the log in ``W``.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.errors import NoFaceFound, SeveralFaces
from facepersona_core.faces import FaceReader, bundled_face_reader
from facepersona_core.judge import open_judge
from facepersona_core.methods import build_method
from facepersona_core.types import Face, Persona, Request
from training.synthetic import render_person

GALLERY = range(900_000, 900_100)
"""Held-out people whose reference photos are the strangers."""
PROMPTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("a photo of S* smiling at the beach", {"scene": "beach", "expression": "smile"}),
    (
        "a photo of S* wearing a red winter coat in the snow",
        {"clothes": "coat", "cloth_colour": "red", "scene": "snow"},
    ),
    ("a photo of S* looking angry in a forest", {"scene": "forest", "expression": "angry"}),
    (
        "a photo of S* wearing a black suit in an office",
        {"clothes": "suit", "cloth_colour": "black", "scene": "office"},
    ),
    ("a photo of S* laughing in a cafe", {"scene": "cafe", "expression": "laugh"}),
    ("a photo of S* wearing sunglasses in a desert", {"scene": "desert", "glasses": "sunglasses"}),
    ("a photo of S* looking surprised in a city at night", {"scene": "city_night", "expression": "surprised"}),
    ("a photo of S* with eyes closed in a library", {"scene": "library", "expression": "closed"}),
)


SHEET_PEOPLE = (900_003, 900_008, 900_015, 900_022, 900_037, 900_051)
"""Held-out people of the contact sheet: men and women, several ages, skins and kinds of hair."""


@dataclass(frozen=True)
class Figures:
    """Shares are 0 to 1; None where nothing could be measured."""

    pictures: int
    people: int
    detected: float
    top1_of_20: float | None
    top1_of_100: float | None
    way_from_stranger_to_same: float | None
    scene: float
    clothes: float
    cloth_colour: float
    glasses: float
    expression_by_words: float
    expression_by_slot: float
    seconds_per_picture: float
    steps: int


def reference_face(identity: int, reader: FaceReader, size: int = 256) -> Face:
    """The face in a plain, frontal photo of a held-out person."""
    picture = render_person(identity, "neutral", scene="studio_grey", light="soft", size=size)
    return reader.read(Image.fromarray(picture.pixels), f"person {identity}")


def read_or_none(reader: FaceReader, picture: Image.Image) -> Face | None:
    """The only face of a picture, or None when there is none or several."""
    try:
        return reader.read(picture, "generated picture")
    except (NoFaceFound, SeveralFaces):
        return None


def top1(probes: np.ndarray, owner: np.ndarray, gallery: np.ndarray) -> float | None:
    """Share of ``probes`` [P, D] that are nearest to row ``owner[i]`` of ``gallery`` [G, D] among all its rows."""
    return float(((probes @ gallery.T).argmax(1) == owner).mean()) if len(probes) else None


def evaluate(path: Path, people: int = 20) -> Figures:
    """Figures of Face2Diffusion on the bundle at ``path`` with the first ``people`` of the gallery."""
    bundle, reader = open_bundle(path), bundled_face_reader(path)
    judge, method = open_judge(path / "judges" / "attributes"), build_method("face2diffusion", bundle)
    references = [reference_face(identity, reader) for identity in GALLERY]
    gallery = np.stack([face.embedding for face in references])
    hits: dict[str, list[bool]] = {}
    probes, owner, seconds, made = [], [], [], 0
    for person, face in enumerate(references[:people]):
        persona = method.enrol([face])
        for number, (prompt, wanted) in enumerate(PROMPTS):
            for slot in (False, True) if "expression" in wanted else (False,):
                picture, took = _make(method, persona, bundle, prompt, wanted, slot, seed=1000 * person + number)
                judged = judge.judge(picture)
                for head, key in wanted.items():
                    if slot and head != "expression":
                        continue
                    name = f"expression_by_{'slot' if slot else 'words'}" if head == "expression" else head
                    hits.setdefault(name, []).append(max(judged[head], key=judged[head].__getitem__) == key)
                if slot:
                    continue
                made += 1
                seconds.append(took)
                if found := read_or_none(reader, picture):
                    probes.append(found.embedding)
                    owner.append(person)
    near, mine = np.array(probes), np.array(owner)
    floor, ceiling = _calibration(path)
    own = (near * gallery[mine]).sum(1) if len(near) else np.empty(0)
    return Figures(
        pictures=made,
        people=people,
        detected=len(near) / made,
        top1_of_20=top1(near, mine, gallery[:20]),
        top1_of_100=top1(near, mine, gallery),
        way_from_stranger_to_same=float((own.mean() - floor) / (ceiling - floor)) if len(own) else None,
        **{name: float(np.mean(values)) for name, values in hits.items()},
        seconds_per_picture=float(np.median(seconds)),
        steps=bundle.info["defaults"]["steps"],
    )


def _make(
    method: Any, persona: Persona, bundle: Bundle, prompt: str, wanted: dict[str, str], slot: bool, seed: int
) -> tuple[Image.Image, float]:
    """One picture and its seconds. By the slot, the words of the expression are taken out of the prompt."""
    expression = None
    if slot:
        expression = wanted["expression"]
        prompt = f"a photo of S* {_scene_words(prompt)}"
    defaults = bundle.info["defaults"]
    request = Request(prompt, seed, steps=defaults["steps"], guidance=defaults["guidance"], expression=expression)
    started = time.perf_counter()
    picture = next(iter(method.generate(persona, request)))
    return picture, time.perf_counter() - started


def _scene_words(prompt: str) -> str:
    return prompt[max(prompt.rfind(" at "), prompt.rfind(" in ")) + 1 :]


def _calibration(path: Path) -> tuple[float, float]:
    pack = next((path / "face_pack" / "models").iterdir())
    values = json.loads((pack / "calibration.json").read_text())
    return values["floor"], values["ceiling"]


def contact_sheet(path: Path, out: Path, identities: Sequence[int], prompts: Sequence[str], cell: int = 160) -> None:
    """Write people x prompts as a PNG; the first column is the reference photo, the last row the class word."""
    bundle, reader = open_bundle(path), bundled_face_reader(path)
    sheet = Image.new("RGB", (cell * (len(prompts) + 1), cell * (len(identities) + 1) + 34), "white")
    pen = ImageDraw.Draw(sheet)
    for column, prompt in enumerate(prompts, 1):
        pen.multiline_text((column * cell + 4, 3), _wrap(prompt.removeprefix("a photo of ")), fill="black")
    pen.text((4, 10), "reference", fill="black")
    defaults = bundle.info["defaults"]
    rows: list[tuple[str, Face | None]] = [("face2diffusion", reference_face(i, reader)) for i in identities]
    for row, (key, face) in enumerate([*rows, ("class_word", None)]):
        method = build_method(key, bundle)
        persona, top = method.enrol([face] if face else []), 34 + row * cell
        if face:
            sheet.paste(Image.fromarray(face.crop).resize((cell, cell)), (0, top))
        else:
            pen.text((4, top + cell // 2), "class word only", fill="black")
        for column, prompt in enumerate(prompts, 1):
            request = Request(prompt, seed=column, steps=defaults["steps"], guidance=defaults["guidance"])
            picture = next(iter(method.generate(persona, request)))
            sheet.paste(picture.resize((cell, cell), Image.Resampling.LANCZOS), (column * cell, top))
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)


def _wrap(text: str, width: int = 25) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines[:2])


def write_card(path: Path, figures: Figures, training: dict[str, Any]) -> None:
    """Write ``figures.json`` and ``CARD.md`` of the bundle from measured figures and the training log's facts."""
    (path / "figures.json").write_text(json.dumps({**asdict(figures), "training": training}, indent=1) + "\n")
    template = (Path(__file__).parent / "card.md").read_text("utf-8")
    judge = json.loads((path / "judges" / "attributes" / "config.json").read_text())["figures"]["sharp"]
    shown = {key: _shown(value) for key, value in asdict(figures).items()}
    shown |= {f"judge_{head}": _shown(value) for head, value in judge.items()}
    edition = json.loads((path / "bundle.json").read_text())["edition"]
    (path / "CARD.md").write_text(template.format(edition=edition, **shown, **training), "utf-8")


def _shown(value: float | int | None) -> str:
    if value is None:
        return "not measurable"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def training_facts(work: Path) -> dict[str, Any]:
    """What the log of ``work`` says of the run: last line of every stage."""
    last: dict[str, dict[str, Any]] = {}
    for line in (work / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        last[event["stage"]] = event
    image, encoder = last["text_to_image"], last["identity"]
    return {
        "psnr": last["decoder"]["psnr"],
        "samples": image["seen"],
        "training_hours": round(image["seconds"] / 3600, 2),
        **{f"loss_{name}": image[name] for name in ("right", "empty", "shuffled", "named", "misnamed")},
        **{f"loss_{name}_late": image[f"{name}_late"] for name in ("right", "empty", "shuffled")},
        "encoder_auc": encoder["auc"],
        "encoder_rank1": encoder["rank1"],
        "training_pictures": len(list((work / "data").glob("[0-9]*/[0-9][0-9].png"))),
        "training_people": len(list((work / "data").glob("[0-9]*/labels.json"))),
    }


def main() -> None:
    """Measure a bundle from the command line."""
    parser = argparse.ArgumentParser(description="Measure the embedded bundle on held-out people and write its card.")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="work folder of the recipe that made it")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet of six people to this PNG")
    chosen = parser.parse_args()
    write_card(chosen.bundle, evaluate(chosen.bundle, chosen.people), training_facts(chosen.work))
    if chosen.sheet:
        contact_sheet(chosen.bundle, chosen.sheet, SHEET_PEOPLE, [prompt for prompt, _ in PROMPTS[:6]])


if __name__ == "__main__":
    main()
