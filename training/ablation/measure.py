"""Pictures of every variant, measured as ``facepersona evaluate`` measures; what is measured stays."""

from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from facepersona_core.bundle import Bundle
from facepersona_core.evaluation import run
from facepersona_core.evaluation.judges import REFERENCE, Judges
from facepersona_core.evaluation.records import Cell, RunFolder
from facepersona_core.evaluation.report import OURS, Rows
from facepersona_core.evaluation.sheet import draw_sheet, spread, wrap
from facepersona_core.methods.face2diffusion import Face2Diffusion
from training.ablation.plan import Ablation
from training.ablation.variants import VARIANTS, Variant, variant
from training.synthetic.references import render_references

COLUMNS = 8
"""Prompts on the sheet."""
QUALITY = 86


def render(plan: Ablation) -> None:
    """Render the photos of the held-out people."""
    render_references(plan.gallery, plan.gallery[: plan.people], plan.photos)


def bundle_of(plan: Ablation, chosen: Variant) -> Bundle:
    """The frozen model with the variant's own parts: a folder of links."""
    folder = plan.out / "bundles" / chosen.key
    folder.mkdir(parents=True, exist_ok=True)
    parts = {path.name: path for path in plan.base.iterdir()}
    parts |= {"identity_encoder": plan.encoder(chosen.encoder), "mapping": plan.network(chosen.network) / "mapping"}
    for name, target in parts.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(os.path.relpath(target, folder))
    return Bundle(folder)


def measure(plan: Ablation, key: str) -> None:
    """Make and measure what is missing of the pictures of the variant ``key``."""
    chosen, judges = variant(key), Judges(plan.bundle)
    bundle, asked, folder = _opened(plan, chosen, judges)
    run.run(bundle, judges, asked, folder, build=lambda _, bundle: Face2Diffusion(bundle, chosen.delay))


def rows(plan: Ablation, judges: Judges) -> dict[str, Rows]:
    """Variant -> person -> everything measured."""
    found: dict[str, Rows] = {}
    for each in VARIANTS:
        _, asked, folder = _opened(plan, each, judges)
        found[each.key] = folder.rows(OURS, asked.cells)
    return found


def draw(plan: Ablation, judges: Judges, path: Path) -> None:
    """Write the picture sheet: one person's reference photo, then a row a variant, the same prompts in all."""
    person = plan.gallery[0]
    photo = Image.open(plan.photos / str(person) / REFERENCE).convert("RGB")
    lines: list[tuple[Image.Image | str, list[Image.Image]]] = [(photo, [])]
    for each in VARIANTS:
        _, asked, folder = _opened(plan, each, judges)
        columns = spread(range(len(asked.prompts)), COLUMNS)
        pictures = [folder.picture(Cell(OURS, person, prompt, 0, False)) for prompt in columns]
        lines.append((wrap(each.title, 20), pictures))
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet([asked.prompts[prompt].text for prompt in columns], lines).save(path, quality=QUALITY)


def _opened(plan: Ablation, chosen: Variant, judges: Judges) -> tuple[Bundle, run.Plan, RunFolder]:
    bundle = bundle_of(plan, chosen)
    asked = plan.evaluation(bundle, judges)
    facts = {**asked.facts(bundle, judges), "delay": chosen.delay}
    return bundle, asked, RunFolder(plan.measured(chosen.key), facts, plan.photos)
