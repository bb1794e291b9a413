"""Stage 8: what the bundle can do, on people it never saw, by judges that never trained it.

``python -m training.embedded.evaluate --bundle B --work W`` writes ``figures.json`` and the card into ``B``; the
facts of the training come from the log in ``W``. The measuring is that of ``facepersona evaluate``, with eight prompts
and Face2Diffusion alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from facepersona_core.bundle import open_bundle
from facepersona_core.candidates import Likeness, draw_best
from facepersona_core.evaluation.figures import FIGURES, by_words, sums_of
from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.prompts import EvaluationPrompt
from facepersona_core.evaluation.records import Row, RunFolder
from facepersona_core.evaluation.report import own_photos
from facepersona_core.evaluation.run import Plan, run
from facepersona_core.evaluation.sheet import draw_sheet
from facepersona_core.methods import build_method
from facepersona_core.types import Request
from training.synthetic.references import GALLERY, reference_photo, render_references

METHOD = "face2diffusion"
PROMPTS = (
    EvaluationPrompt(
        "expression",
        "a photo of S* smiling at the beach",
        {"scene": "beach", "expression": "smile"},
        "a photo of S* at the beach",
    ),
    EvaluationPrompt(
        "clothing",
        "a photo of S* wearing a red winter coat in the snow",
        {"clothes": "coat", "cloth_colour": "red", "scene": "snow"},
    ),
    EvaluationPrompt(
        "expression",
        "a photo of S* looking angry in a forest",
        {"scene": "forest", "expression": "angry"},
        "a photo of S* in a forest",
    ),
    EvaluationPrompt(
        "clothing",
        "a photo of S* wearing a black suit in an office",
        {"clothes": "suit", "cloth_colour": "black", "scene": "office"},
    ),
    EvaluationPrompt(
        "expression",
        "a photo of S* laughing in a cafe",
        {"scene": "cafe", "expression": "laugh"},
        "a photo of S* in a cafe",
    ),
    EvaluationPrompt(
        "clothing",
        "a photo of S* wearing sunglasses in a desert",
        {"scene": "desert", "glasses": "sunglasses"},
    ),
    EvaluationPrompt(
        "expression",
        "a photo of S* looking surprised in a city at night",
        {"scene": "city_night", "expression": "surprised"},
        "a photo of S* in a city at night",
    ),
    EvaluationPrompt(
        "expression",
        "a photo of S* with eyes closed in a library",
        {"scene": "library", "expression": "closed"},
        "a photo of S* in a library",
    ),
)
"""Every head of the card; the forty of ``facepersona evaluate`` say more."""
SHEET_PEOPLE = (900_003, 900_008, 900_015, 900_022, 900_028, 900_037, 900_044, 900_051)
"""Held-out people of the contact sheet: men and women, several ages, skins and kinds of hair."""


@dataclass(frozen=True)
class Figures:
    """Shares are 0 to 1; None where nothing could be measured."""

    pictures: int
    people: int
    detected: float | None
    top1_of_20: float | None
    top1_of_100: float | None
    photos_top1_of_20: float | None
    """Likewise for the people's own other photos: what a picture can be expected to reach at most."""
    photos_top1_of_100: float | None
    way_from_stranger_to_same: float | None
    scene: float | None
    clothes: float | None
    cloth_colour: float | None
    glasses: float | None
    expression_by_words: float | None
    expression_by_slot: float | None
    seconds_per_picture: float
    steps: int
    candidates: int
    """Drawings of each picture, of which the best was measured."""


def evaluate(path: Path, people: int = 20, candidates: int | None = None) -> Figures:
    """Figures of Face2Diffusion on the bundle at ``path`` with the first ``people`` of the gallery; ``candidates``:
    drawings of each picture, by default as many as the bundle recommends."""
    bundle, judges = open_bundle(path), Judges(path)
    defaults = bundle.info["defaults"]
    plan = Plan(
        people=GALLERY[:people],
        gallery=GALLERY,
        prompts=PROMPTS,
        methods=(METHOD,),
        seeds=1,
        steps=defaults["steps"],
        guidance=defaults["guidance"],
        slot=frozenset(bundle.expressions),
        candidates=candidates or defaults["candidates"],
    )
    with TemporaryDirectory() as work:
        folder = RunFolder(Path(work), plan.facts(bundle, judges))
        render_references(plan.gallery, plan.people, folder.people)
        run(bundle, judges, plan, folder)
        rows = folder.rows(METHOD, plan.cells)
        subjects = [judges.subject(folder.people, number) for number in plan.people]
        gallery = judges.gallery(folder.people, GALLERY)
    few = {number: gallery[number] for number in GALLERY[:20]}
    photos = [own_photos(subjects, judges, strangers)["top1"] for strangers in (few, gallery)]
    return card_figures(rows, plan, *(found.value if found else None for found in photos))


def card_figures(
    rows: dict[int, list[Row]], plan: Plan, photos_of_20: float | None, photos_of_100: float | None
) -> Figures:
    """The card's figures from everything measured by ``plan``, ``rows``: person -> rows; the last two are the shares
    of the people's own photos that are recognised."""
    found = {each.key: each.value(sums_of(each, rows).sum(0)) for each in FIGURES}
    pictures = [row for own in rows.values() for row in own if by_words(row)]
    return Figures(
        pictures=len(pictures),
        people=len(rows),
        detected=found["detected"],
        top1_of_20=_top1_of(GALLERY[:20], pictures),
        top1_of_100=found["top1"],
        photos_top1_of_20=photos_of_20,
        photos_top1_of_100=photos_of_100,
        way_from_stranger_to_same=found["identity"],
        **{head: found[head] for head in ("scene", "clothes", "cloth_colour", "glasses")},
        expression_by_words=found["expression"],
        expression_by_slot=found["expression_slot"],
        seconds_per_picture=float(np.median([row["seconds"] for row in pictures])),
        steps=plan.steps,
        candidates=plan.candidates,
    )


def _top1_of(gallery: Sequence[int], pictures: Sequence[Row]) -> float | None:
    """Share of the pictures with a face to whom nobody of ``gallery`` is nearer than their person."""
    right = [not set(row["nearer"]) & set(gallery) for row in pictures if row["face"]]
    return float(np.mean(right)) if right else None


def contact_sheet(path: Path, out: Path, identities: Sequence[int], prompts: Sequence[str], cell: int = 160) -> None:
    """Write people x prompts as a picture; the first column is the reference photo, the last row the class word."""
    bundle, reader = open_bundle(path), Judges(path).reader
    defaults = bundle.info["defaults"]
    rows: list[tuple[Image.Image | str, list[Image.Image]]] = []
    for identity in (*identities, None):
        method = build_method(METHOD if identity else "class_word", bundle)
        photo = Image.fromarray(reference_photo(identity).pixels) if identity else "class word only"
        faces = [reader.read(photo, str(identity))] if isinstance(photo, Image.Image) else []
        persona, likeness = method.enrol(faces), Likeness(bundle, reader, faces)
        requests = (Request(prompt, seed=column, **defaults) for column, prompt in enumerate(prompts, 1))
        rows.append((photo, [next(draw_best(method, persona, request, likeness)) for request in requests]))
    out.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet(prompts, rows, cell).save(out, quality=90)


def write_card(path: Path, figures: Figures, once: Figures, training: dict[str, Any]) -> None:
    """Write ``figures.json`` and ``CARD.md`` of the bundle from the figures measured by its defaults and with every
    picture drawn ``once``, and from the training log's facts."""
    facts = {**asdict(figures), "drawn_once": asdict(once), "training": training}
    (path / "figures.json").write_text(json.dumps(facts, indent=1) + "\n")
    template = (Path(__file__).parent / "card.md").read_text("utf-8")
    judge = json.loads((path / "judges" / "attributes" / "config.json").read_text())["figures"]["sharp"]
    shown = {key: _shown(value) for key, value in asdict(figures).items()}
    shown |= {f"once_{key}": _shown(value) for key, value in asdict(once).items()}
    shown |= {f"judge_{head}": _shown(value) for head, value in judge.items()}
    shown["expression_encoder"] = _reading_of(training)
    edition = json.loads((path / "bundle.json").read_text())["edition"]
    (path / "CARD.md").write_text(template.format(edition=edition, **shown, **training), "utf-8")


def _shown(value: float | int | None) -> str:
    if value is None:
        return "not measurable"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _reading_of(training: dict[str, Any]) -> str:
    """What the card says of the expression encoder; nothing when it was not trained."""
    told, named = training.get("expression_told"), training.get("expression_named")
    if told is None or named is None:
        return ""
    return (
        f"\nExpression encoder on unseen people: {told:.2f} of the coefficients' variance told; the nearest of the "
        f"named expressions is the right one for {named:.2f} of the pictures."
    )


def training_facts(work: Path, source: Path | None = None) -> dict[str, Any]:
    """What the log of ``work`` says of the run: last line of every stage. What it did not train itself is as in the
    card of the bundle ``source``, which it went on from."""
    last: dict[str, dict[str, Any]] = {}
    for line in (work / "log.jsonl").read_text().splitlines():
        event = json.loads(line)
        last[event["stage"]] = event
    facts: dict[str, Any] = json.loads((source / "figures.json").read_text("utf-8"))["training"] if source else {}
    if "decoder" in last:
        facts["psnr"] = last["decoder"]["psnr"]
    if image := last.get("text_to_image"):
        facts |= {"samples": image["seen"], "training_hours": round(image["seconds"] / 3600, 2)}
    if own := last.get("reward"):
        facts |= {"own_guesses": own["guesses"], "own_hours": round(own["seconds"] / 3600, 2)}
    if encoder := last.get("identity"):
        facts |= {"encoder_auc": encoder["auc"], "encoder_rank1": encoder["rank1"]}
    if reader := last.get("expression"):
        facts |= {"expression_told": reader["told"], "expression_named": reader["named"]}
    people, pictures = (len(list((work / "data").glob(f"[0-9]*/{name}"))) for name in ("labels.json", "[0-9][0-9].png"))
    if second := last.get("likeness"):
        facts |= {"likeness_auc": second["auc"], "likeness_rank1": second["rank1"]}
        facts |= {"likeness_people": people, "likeness_pictures": pictures}
    if together := last.get("together"):
        facts |= {
            "together_guesses": together["guesses"],
            "together_hours": round(together["seconds"] / 3600, 2),
            **{f"loss_{name}": together[name] for name in ("right", "empty", "shuffled", "named", "misnamed")},
            **{f"loss_{name}_late": together[f"{name}_late"] for name in ("right", "empty", "shuffled")},
            "training_pictures": pictures,
            "training_people": people,
        }
    return facts


def main() -> None:
    """Measure a bundle from the command line."""
    parser = argparse.ArgumentParser(description="Measure the embedded bundle on held-out people and write its card.")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="work folder of the recipe that made it")
    parser.add_argument("--from-bundle", type=Path, help="the bundle that the recipe went on from")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--sheet", type=Path, help="also write a contact sheet of eight people to this file")
    chosen = parser.parse_args()
    figures = (evaluate(chosen.bundle, chosen.people, candidates) for candidates in (None, 1))
    write_card(chosen.bundle, *figures, training_facts(chosen.work, chosen.from_bundle))
    if chosen.sheet:
        contact_sheet(chosen.bundle, chosen.sheet, SHEET_PEOPLE, [prompt.text for prompt in PROMPTS])


if __name__ == "__main__":
    main()
