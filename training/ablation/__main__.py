"""``python -m training.ablation --work WORK --out DIR``: train, measure, report; with ``--publish`` into the docs."""

from __future__ import annotations

import argparse
import shutil
from dataclasses import replace
from pathlib import Path
from typing import get_args

import torch

from facepersona_core.settings import Settings
from training.ablation.plan import Ablation, Setting
from training.ablation.steps import run
from training.embedded.sizes import Recipe, accelerator, toy
from training.synthetic.references import GALLERY

ROOT = Path(__file__).parents[2]
PUBLISHED = {"report.md": "docs/ablation.md", "images/ablation.jpg": "docs/images/ablation.jpg"}
"""File in the output folder -> its place in the repository."""


def publish(out: Path, root: Path = ROOT) -> None:
    """Copy page and picture sheet from ``out`` to their places in the repository."""
    for source, target in PUBLISHED.items():
        shutil.copyfile(out / source, root / target)


def toy_plan(plan: Ablation) -> Ablation:
    """Every step in a minute, on the work folder of a toy recipe."""
    small = {"encoder_steps": 4, "mapping_steps": 4, "name_steps": 20, "people": 2, "steps": 2}
    return replace(plan, recipe=toy(), gallery=GALLERY[:4], workers=1, **small)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.ablation",
        description="Measure what each part of Face2Diffusion is for; goes on where it was stopped.",
    )
    parser.add_argument("--work", type=Path, required=True, help="folder in which the recipe has trained")
    parser.add_argument("--out", type=Path, required=True, help="folder for networks, pictures, figures and page")
    parser.add_argument("--bundle", type=Path, help="gives judges and defaults (default: the bundle that ships)")
    parser.add_argument("--setting", choices=get_args(Setting), help="what the mapping network learns from")
    parser.add_argument("--encoder-steps", type=int, help="training steps of each recogniser (default 600)")
    parser.add_argument("--mapping-steps", type=int, help="training steps of each mapping network (default 240)")
    parser.add_argument("--people", type=int, help="held-out people to measure (default 8; more can be added later)")
    parser.add_argument("--steps", type=int, help="denoising steps of a picture (default 12)")
    parser.add_argument("--workers", type=int, help="processes, one a core (default 2)")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--toy", action="store_true", help="every step in a minute, on a work folder of the toy recipe")
    sizes.add_argument("--accelerator", action="store_true", help="batches of the accelerator's recipe")
    parser.add_argument("--publish", action="store_true", help="also write docs/ablation.md")
    chosen = vars(parser.parse_args())
    bundle = chosen.pop("bundle") or Settings.from_environment({}).bundle
    is_toy, is_large, published = (chosen.pop(name) for name in ("toy", "accelerator", "publish"))
    plan = Ablation(chosen.pop("work"), bundle, chosen.pop("out"), accelerator() if is_large else Recipe())
    plan = replace(toy_plan(plan) if is_toy else plan, **{k: v for k, v in chosen.items() if v is not None})
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    run(plan)
    if published:
        publish(plan.out)


if __name__ == "__main__":
    main()
