"""A stage of the training on all cores: one single-thread process each, whose gradients are averaged."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed as dist
from torch import multiprocessing

from training.embedded import latents

if TYPE_CHECKING:
    from training.embedded.recipe import Run


def on_all_cores(run: Run, stage: str, kept: latents.Latents, *more: Any) -> None:
    """``run``'s method ``stage`` (rank, latents, ``more``) in ``run.recipe.workers`` processes; a single one is this
    process, which has the latents, ``kept``."""
    if run.recipe.workers == 1:
        getattr(run, stage)(0, kept, *more)
    else:
        multiprocessing.spawn(_worker, (run, stage, _free_port(), *more), nprocs=run.recipe.workers)


def _worker(rank: int, run: Run, stage: str, port: int, *more: Any) -> None:
    torch.set_num_threads(1)
    world = run.recipe.workers
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world)
    getattr(run, stage)(rank, latents.load(run.work / "latents.pt"), *more)
    dist.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
