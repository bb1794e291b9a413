"""What every training loop needs: a clock that keeps its budget, an average of weights, a log, safe saving."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.attention import SDPBackend, sdpa_kernel


class Clock:
    """Counts seconds of training towards a budget across restarts.

    Without an accelerator these are seconds of this process's core: what other work takes of a busy machine does not
    count."""

    def __init__(self, minutes: float, spent: float = 0.0, steps: int | None = None, step: int = 0) -> None:
        """``steps``: the budget is these many, of which ``step`` are done, in place of ``minutes``."""
        self.total, self.steps, self.step = minutes * 60, steps, step
        self._now = time.monotonic if torch.cuda.is_available() else time.process_time
        self._start = self._now() - spent

    @property
    def spent(self) -> float:
        """Seconds trained so far, earlier runs included."""
        return self._now() - self._start

    @property
    def fraction(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.step / self.steps if self.steps else self.spent / self.total)

    def tick(self) -> int:
        """Count a step; how many there are now."""
        self.step += 1
        return self.step


def cosine(fraction: float, step: int, warm_up: int = 50, floor: float = 0.02) -> float:
    """Learning-rate factor: linear warm-up, then half a cosine down to ``floor``."""
    return min(1.0, (step + 1) / warm_up) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * fraction)))


def late_decay(fraction: float, step: int, warm_up: int = 100, floor: float = 0.05) -> float:
    """Learning-rate factor: constant, then linear decay over the last third."""
    return min(1.0, (step + 1) / warm_up) * (floor + (1 - floor) * min(1.0, (1 - fraction) / 0.35))


class Average:
    """Exponential moving average of a module's parameters and buffers."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module, self.decay, self.step = module, decay, 0
        self.state = {k: v.detach().clone() for k, v in module.state_dict().items()}

    def update(self) -> None:
        """Take one step towards the module's present weights; early steps weigh more."""
        self.step += 1
        weight = 1 - min(self.decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for key, value in self.module.state_dict().items():
                if value.is_floating_point():
                    self.state[key].lerp_(value, weight)
                else:
                    self.state[key].copy_(value)

    @contextmanager
    def swapped_in(self) -> Any:
        """The module with averaged weights, for looking and measuring."""
        own = {k: v.detach().clone() for k, v in self.module.state_dict().items()}
        training = self.module.training
        self.module.load_state_dict(self.state)
        self.module.eval()
        try:
            yield self.module
        finally:
            self.module.load_state_dict(own)
            self.module.train(training)


class Log:
    """One JSON line an event, on disk and on the screen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def __call__(self, stage: str, **facts: Any) -> None:
        """Append ``facts``; floats keep four digits."""
        rounded = {k: round(v, 5) if isinstance(v, float) else v for k, v in facts.items()}
        line = json.dumps({"stage": stage, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **rounded})
        with self.path.open("a") as file:
            file.write(line + "\n")
        print(line, flush=True)


def save(state: dict[str, Any], path: Path) -> None:
    """``torch.save`` that a crash cannot leave half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load(path: Path) -> dict[str, Any] | None:
    """What `save` wrote, or None when there is nothing yet."""
    if not path.is_file():
        return None
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def keep(path: Path, model: nn.Module, average: Average, optimiser: torch.optim.Optimizer, **counts: float) -> None:
    """Write all that `resume` needs to go on, and ``counts`` (steps, seconds and the like)."""
    state = {"model": model.state_dict(), "average": average.state, "optimiser": optimiser.state_dict()}
    save({**state, **counts}, path)


def resume(path: Path, model: nn.Module, average: Average, optimiser: torch.optim.Optimizer) -> dict[str, Any] | None:
    """Load what `keep` wrote; returns it for its counts, or None when there is nothing yet."""
    if state := load(path):
        model.load_state_dict(state["model"])
        average.state, average.step = state["average"], state["step"]
        optimiser.load_state_dict(state["optimiser"])
    return state


def device() -> torch.device:
    """The accelerator where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


_BFLOAT16 = ("amx_bf16", "avx512_bf16", "bf16")
"""Instructions that compute in bfloat16, of x86 and ARM."""


def half_precision(where: torch.device) -> Any:
    """bfloat16 autocast on ``where``, but not on a processor without the instructions: it only emulates them, and is
    two to three times slower than in single precision."""
    if where.type == "cpu":
        capabilities = torch.cpu.get_capabilities()
        if not any(capabilities.get(name, False) for name in _BFLOAT16):
            return nullcontext()
    return torch.autocast(where.type, torch.bfloat16)


def attention(where: torch.device) -> Any:
    """The attention kernel to train with on ``where``: on a processor the plain one, whose backward pass is several
    times faster than the fused one's."""
    return sdpa_kernel(SDPBackend.MATH) if where.type == "cpu" else nullcontext()


def set_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Learning rates as ``factor`` of those each group began with."""
    for group in optimiser.param_groups:
        group.setdefault("initial_lr", group["lr"])
        group["lr"] = group["initial_lr"] * factor


def clip(parameters: Iterable[Tensor], norm: float = 1.0) -> None:
    """Clip the gradients' global norm."""
    nn.utils.clip_grad_norm_(list(parameters), norm)


def shared(fraction: float, world: int) -> float:
    """The first process's value, for all: its clock decides when to stop."""
    if world == 1:
        return fraction
    value = torch.tensor([fraction])
    dist.broadcast(value, 0)
    return float(value)


def average_gradients(parameters: list[nn.Parameter], world: int) -> None:
    """Mean gradients of all processes, exchanged as one flat bfloat16 vector."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.reshape(-1) for g in gradients]).bfloat16()
    dist.all_reduce(flat)
    mean, start = flat.float() / world, 0
    for gradient in gradients:
        count = gradient.numel()
        gradient.copy_(mean[start : start + count].view_as(gradient))
        start += count


def smoothed(previous: float | None, value: float, keep: float = 0.98) -> float:
    """Running mean of a loss; a resumed run begins anew with ``previous`` None, not at zero."""
    return value if previous is None else keep * previous + (1 - keep) * value
