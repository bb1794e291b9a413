"""Composition of the web app: settings, stores, screens, guard.

``python app.py`` serves it, with the options of ``facepersona serve``."""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

from facepersona_core.errors import FacePersonaError, PortInUse

if TYPE_CHECKING:
    from facepersona_core.composition import Workplace
    from facepersona_core.settings import Settings
    from facepersona_core.studio import Studio
    from facepersona_core.study.workers import Workers

log = logging.getLogger("facepersona")
_WARM_UP_AFTER = 3.0
"""Seconds the page gets for itself before the models are loaded."""
_WORKER_PATIENCE = 3.0
"""Seconds the app waits at its end for the picture that a worker has in hand; after that the worker ends by itself."""


def log_to_stderr() -> None:
    """Say what the server does, and no more of its libraries than what may go wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def serve(settings: Settings) -> None:
    """Check that it can work, then serve. Raises PortInUse, FolderNotWritable, WeightsMissing, FacePackMissing."""
    started = time.monotonic()
    check_port(settings.host, settings.port)
    offline()
    from facepersona_core.bundle import open_bundle
    from facepersona_core.composition import open_workplace

    open_bundle(settings.bundle)
    workplace = open_workplace(settings)
    try:
        _serve(workplace, started)
    finally:
        workplace.close()


def _serve(workplace: Workplace, started: float) -> None:
    import uvicorn

    from ui.context import AppContext
    from ui.server import build_server

    settings, workers = workplace.settings, study_workers(workplace)
    context = AppContext(**vars(workplace), workers=workers)
    config = uvicorn.Config(
        build_server(context), settings.host, settings.port, log_level="warning", timeout_graceful_shutdown=3
    )
    shown = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    log.info("FacePersona is at http://%s:%d (ready in %.1f s)", shown, settings.port, time.monotonic() - started)
    if key := first_key(workplace):
        log.info("the first owner's link, shown this once: http://%s:%d/?key=%s", shown, settings.port, key)
    threading.Thread(target=warm_up, args=(workplace.studio,), name="facepersona-warm-up", daemon=True).start()
    if workers:
        workers.start()
    try:
        uvicorn.Server(config).run()
    finally:
        if workers:
            workers.stop(_WORKER_PATIENCE)


def study_workers(workplace: Workplace) -> Workers | None:
    """The worker processes that make the pictures of studies while the app runs; None when the settings want none."""
    from facepersona_core.study.workers import Workers

    settings = workplace.settings
    if not settings.workers:
        return None
    return Workers(
        workplace.jobs,
        lambda: workplace.studio.bundle.sha256,
        settings.home,
        settings.workers,
        environment=settings.to_environment(),
    )


def first_key(workplace: Workplace) -> str | None:
    """A key for the first owner, when keys are asked for and nobody has one that opens everything."""
    owners = [key for key in workplace.access.list() if key.role == "owner" and key.revoked_at is None]
    return workplace.access.add("first owner", "owner") if workplace.settings.needs_keys and not owners else None


def warm_up(studio: Studio) -> None:
    """Load the models once the page is served; a failure shows again, with its message, where it matters."""
    time.sleep(_WARM_UP_AFTER)
    try:
        studio.warm_up()
    except FacePersonaError as error:
        log.error("the models cannot be loaded: %s", error)
    else:
        log.info("the models are loaded")


def check_port(host: str, port: int) -> None:
    """Raise PortInUse when something listens on ``host``:``port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortInUse(host=host, port=port, next_port=port + 1) from error


def offline() -> None:
    """Models are local folders: no library may look for them on a network, report its use, or draw bars on stderr.

    To be called before any of them is imported."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TQDM_DISABLE"):
        os.environ.setdefault(name, "1")
    for name in ("TRANSFORMERS_VERBOSITY", "DIFFUSERS_VERBOSITY"):
        os.environ.setdefault(name, "error")  # else they advise to install torchvision, which breaks them
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


if __name__ == "__main__":
    from facepersona_core.cli import main

    main(["serve", *sys.argv[1:]])
