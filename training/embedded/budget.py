"""A training run of several parts that keeps its budget of time and goes on from its checkpoint."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.embedded.loop import Clock, load, save

SAVE_EVERY_S = 60.0


class Budget:
    """Counts steps and a `Clock`'s minutes over all resumptions and keeps the state of the run's parts in one file."""

    def __init__(self, checkpoint: Path, minutes: float, parts: Mapping[str, Any]) -> None:
        """``parts`` have ``state_dict`` and ``load_state_dict``; an existing ``checkpoint`` is loaded into them."""
        self.checkpoint, self.total, self.parts = checkpoint, minutes, parts
        saved = load(checkpoint)
        self.step = saved["step"] if saved else 0
        for name, part in parts.items() if saved else ():
            part.load_state_dict(saved["parts"][name])
        self._clock = Clock(minutes, saved["minutes"] * 60 if saved else 0.0)
        self._saved = time.monotonic()

    @property
    def fraction(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return self._clock.fraction

    @property
    def minutes(self) -> float:
        """Minutes used so far, all resumptions together."""
        return self._clock.spent / 60

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
