"""The app as a process of its own, with its worker processes, to be ended as a power cut would end it.

It has a home of its own and the bundle that ships, told to take four steps a picture.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from facepersona_core.settings import Settings

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
STEPS = 4
WAIT = 300.0
"""Seconds a busy machine may take for what takes ten."""


def wait_for(what: Callable[[], T]) -> T:
    """The first value of ``what()`` that is true."""
    deadline = time.monotonic() + WAIT
    while not (found := what()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)
    return found


@dataclass
class AppProcess:
    """A running ``python app.py``."""

    process: subprocess.Popen[bytes]
    url: str
    words: Path
    """What it said."""

    def wait_until_it_answers(self) -> None:
        """The page is there."""

        def answers() -> bool:
            assert self.process.poll() is None, self.words.read_text("utf-8")
            try:
                return page.get(self.url).status_code == 200
            except httpx.TransportError:
                return False

        with httpx.Client(timeout=WAIT) as page:
            wait_for(answers)

    def kill(self) -> None:
        """SIGKILL for it and for everything that it started; none of them can do anything before."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGSTOP)  # it shall start nobody between the look and the kill
            for process in descendants(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.kill()
            self.process.wait()


def start_app(folder: Path) -> AppProcess:
    """Start it on a free port; its home is ``folder``/home."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"HOME": folder / "home", "BUNDLE": quick_bundle(folder / "bundle"), "PORT": port}
    others = {name: value for name, value in os.environ.items() if not name.startswith("FACEPERSONA_")}
    environment = {**others, **{f"FACEPERSONA_{name}": str(value) for name, value in own.items()}}
    words = folder / "app.log"
    with words.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return AppProcess(process, f"http://127.0.0.1:{port}", words)


def quick_bundle(folder: Path) -> Path:
    """The bundle that ships, in ``folder``, with `STEPS` steps a picture."""
    shipped = Settings.from_environment({}).bundle
    if not folder.exists():
        folder.mkdir()
        for part in shipped.iterdir():
            if part.name != "bundle.json":
                (folder / part.name).symlink_to(part)
        info = json.loads((shipped / "bundle.json").read_text("utf-8"))
        info["defaults"]["steps"] = STEPS
        (folder / "bundle.json").write_text(json.dumps(info), "utf-8")
    return folder


def descendants(process: int) -> list[int]:
    """Numbers of the processes that ``process`` started, and of those that they started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(int(after_name[1]), []).append(int(stat.parent.name))
    found = [process]
    for one in found:
        found += children.get(one, [])
    return found[1:]
