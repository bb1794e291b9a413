"""A training run of several parts that keeps its budget of processor time and goes on from its checkpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.embedded.loop import load, save

SAVE_EVERY_S = 60.0


class Budget:
    """Counts steps and processor minutes over all resumptions and keeps the state of the run's parts in one file.

    Processor time, not the wall's: a run on a busy machine takes longer but learns as much."""

    def __init__(self, checkpoint: Path, minutes: float, parts: Mapping[str, Any]) -> None:
        """``parts`` have ``state_dict`` and ``load_state_dict``; an existing ``checkpoint`` is loaded into them."""
        self.checkpoint, self.total, self.parts = checkpoint, minutes, parts
        saved = load(checkpoint)
        self.step = saved["step"] if saved else 0
        for name, part in parts.items() if saved else ():
            part.load_state_dict(saved["parts"][name])
        self._start = time.process_time() - (saved["minutes"] * 60 if saved else 0.0)
        self._saved = time.monotonic()

    @property
    def fraction(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return min(1.0, self.minutes / self.total)

    @property
    def minutes(self) -> float:
        """Minutes of one core used so far, all resumptions together."""
        return (time.process_time() - self._start) / 60

    def tick(self) -> bool:
        """Count a step, save now and then; False when the budget is used up (and all is saved)."""
        self.step += 1
        over = self.fraction >= 1
        if over or time.monotonic() - self._saved > SAVE_EVERY_S:
            self.save()
        return not over

    def save(self) -> None:
        """Write the checkpoint in one atomic step."""
        states = {name: part.state_dict() for name, part in self.parts.items()}
        save({"step": self.step, "minutes": self.minutes, "parts": states}, self.checkpoint)
        self._saved = time.monotonic()
