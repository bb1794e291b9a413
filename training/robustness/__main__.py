"""``python -m training.robustness --out DIR``: measure, calibrate, report; with ``--publish`` into this repository."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from facepersona_core.settings import Settings
from training.robustness import calibrate, report
from training.robustness.conditions import CONDITIONS
from training.robustness.curves import curve, several
from training.robustness.drawing import curves_svg
from training.robustness.measure import clean_rows, measure
from training.robustness.page import page
from training.synthetic.references import GALLERY

ROOT = Path(__file__).parents[2]
PUBLISHED = {
    "report.md": "docs/robustness.md",
    "images/robustness_curves.svg": "docs/images/robustness_curves.svg",
    "images/robustness_levels.jpg": "docs/images/robustness_levels.jpg",
    "usability.toml": "facepersona_core/usability.toml",
}
"""File in the output folder -> its place in the repository."""


def run(out: Path, bundle: Path, people: int, gallery: Sequence[int] = GALLERY) -> None:
    """Measure what is not in ``out`` yet and write report.json, report.md, images/ and usability.toml there."""
    measured = measure(out, bundle, people, gallery)
    clean = clean_rows(out)
    curves = {key: curve(measured, key) for key in CONDITIONS}
    findings = calibrate.calibrate(measured, clean, curves)
    limits = calibrate.limits_of(findings)
    facts = report.figures(measured, clean, curves, several(measured), findings, limits)
    (out / "report.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    (out / "report.md").write_text(page(facts), "utf-8")
    (out / "images" / "robustness_curves.svg").write_text(curves_svg(curves), "utf-8")
    (out / "usability.toml").write_text(calibrate.table(findings), "utf-8")


def publish(out: Path, root: Path = ROOT) -> None:
    """Copy page, pictures and limits from ``out`` to their places in the repository."""
    for source, target in PUBLISHED.items():
        shutil.copyfile(out / source, root / target)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.robustness", description="Measure what bad reference photos cost; goes on if stopped."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for figures, page and limits")
    parser.add_argument("--people", type=int, default=16, help="held-out people to measure (default 16)")
    parser.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    parser.add_argument("--publish", action="store_true", help="also write docs/robustness.md and the app's limits")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    run(chosen.out, chosen.bundle or Settings.from_environment({}).bundle, chosen.people)
    if chosen.publish:
        publish(chosen.out)


if __name__ == "__main__":
    main()
