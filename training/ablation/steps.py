"""All steps in order; each is left alone where it was done, and goes on where it was stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

import torch

from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.records import keep_facts
from training.ablation.frozen import freeze
from training.ablation.measure import draw, measure, render
from training.ablation.networks import train_network, train_recogniser
from training.ablation.page import page
from training.ablation.plan import Ablation
from training.ablation.report import report
from training.ablation.variants import VARIANTS

Task = tuple[Callable[..., None], *tuple[Any, ...]]
"""A function and what it takes beside the plan."""


def run(plan: Ablation) -> None:
    """Make what ``plan.out`` lacks, and write report.json, report.md and images/ there.

    Raises EvaluationChanged when it holds the networks of another ablation, FileNotFoundError when the work folder
    lacks a stage."""
    keep_facts(plan.out, plan.facts())
    freeze(plan)
    networks = dict.fromkeys(each.network for each in VARIANTS)
    in_workers(plan, [(train_recogniser, "msid"), (train_recogniser, "deep"), (render,)])
    in_workers(plan, [(train_network, key) for key in networks])
    in_workers(plan, [(measure, each.key) for each in VARIANTS])
    judges = Judges(plan.bundle)
    facts = report(plan, judges)
    (plan.out / "report.json").write_text(json.dumps(facts, indent=1, allow_nan=False) + "\n", "utf-8")
    (plan.out / "report.md").write_text(page(facts), "utf-8")
    draw(plan, judges, plan.out / "images" / "ablation.jpg")


def in_workers(plan: Ablation, tasks: Sequence[Task]) -> None:
    """Do all ``tasks`` in ``plan.workers`` single-thread processes; in this one, if that is one."""
    if plan.workers == 1:
        for task in tasks:
            _do(plan, *task)
        return
    with ProcessPoolExecutor(plan.workers, get_context("spawn"), _begin) as pool:
        for done in [pool.submit(_do, plan, *task) for task in tasks]:
            done.result()


def _begin() -> None:
    """A worker has one thread, and ends with its parent: nobody else may train in its folder."""
    torch.set_num_threads(1)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _do(plan: Ablation, function: Callable[..., None], *arguments: Any) -> None:
    print(" ".join([function.__name__, *map(str, arguments)]), flush=True)
    function(plan, *arguments)
