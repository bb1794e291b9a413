"""Is everything there that the app needs? Each check says what was seen and, when something is wrong, what to do."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from facepersona_core.errors import FacePersonaError, WeightsMissing
from facepersona_core.messages import LANGUAGES, text
from facepersona_core.settings import Settings

State = Literal["ok", "warn", "fail"]
OLDEST_PYTHON = (3, 11)
BANNED = ("torchvision", "timm")
"""torchvision replaces or breaks the pinned torch; timm imports it."""
LEAST_DISK, LITTLE_DISK = 200 * 2**20, 2 * 2**30
"""Bytes below which nothing can be stored, and below which a study may not fit."""
_PARTS = (
    "unet", "vae", "text_encoder", "identity_encoder", "mapping", "judges/attributes",
)  # fmt: skip
"""Folders of the bundle that hold weights."""


@dataclass(frozen=True)
class Check:
    """The outcome of one check."""

    name: str
    """Key under ``doctor`` in the catalogue."""
    state: State
    details: Mapping[str, str]
    """Language to what was seen, and what to do if it is not right."""


def examine(settings: Settings, check_port: Callable[[str, int], None], sqlite_at_risk: bool) -> list[Check]:
    """Every check, in the order in which to repair. ``check_port`` raises PortInUse; ``sqlite_at_risk`` is what the
    store knows of this SQLite."""
    return [
        _python(),
        _packages(),
        _attempt("bundle", lambda: _bundle(settings.bundle)),
        _attempt("face_pack", lambda: _face_pack(settings)),
        _attempt("safety_checker", lambda: _safety_checker(settings.safety_checker)),
        _attempt("folder", lambda: _folder(settings.home)),
        _attempt("port", lambda: _port(settings, check_port)),
        _disk(settings.home),
        _check("sqlite", "warn" if sqlite_at_risk else "ok", version=sqlite3.sqlite_version),
    ]


def _check(name: str, state: State, key: str = "", /, **fields: Any) -> Check:
    key = f"doctor.{name}.{key or state}"
    return Check(name, state, {language: text(key, language, **fields) for language in LANGUAGES})


def _attempt(name: str, check: Callable[[], Check]) -> Check:
    try:
        with redirect_stdout(StringIO()):  # insightface prints what it loads
            return check()
    except FacePersonaError as error:
        return Check(name, "fail", {language: error.text(language) for language in LANGUAGES})


def _python() -> Check:
    seen = ".".join(map(str, sys.version_info[:3]))
    state: State = "ok" if sys.version_info[:2] >= OLDEST_PYTHON else "fail"
    return _check("python", state, seen=seen, oldest=".".join(map(str, OLDEST_PYTHON)))


def _packages() -> Check:
    if present := [name for name in BANNED if _version(name)]:
        return _check("packages", "fail", "banned", names=", ".join(present))
    pinned = _pinned()
    if not pinned:
        return _check("packages", "warn", "uninstalled")
    if missing := [name for name in pinned if _version(name) is None]:
        return _check("packages", "fail", names=", ".join(missing))
    other = [f"{name} {_version(name)} ({wanted})" for name, wanted in pinned.items() if not _fits(name, wanted)]
    return _check("packages", "warn" if other else "ok", names=", ".join(other), count=len(pinned))


def _pinned() -> dict[str, str]:
    """Package to wanted releases, as FacePersona's own metadata declare them; empty when it is not installed."""
    from packaging.requirements import Requirement

    try:
        declared = [Requirement(line) for line in requires("facepersona") or ()]
    except PackageNotFoundError:
        return {}
    return {found.name: str(found.specifier) for found in declared if found.marker is None}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _fits(name: str, wanted: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(wanted).contains(version(name), prereleases=True)


def _bundle(path: Path) -> Check:
    from facepersona_core.bundle import Bundle

    bundle = Bundle(path)
    for part in _PARTS:
        if not any((path / part).glob("*.safetensors")):
            raise WeightsMissing(path=path, missing=f"{part}/*.safetensors")
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 2**20
    return _check("bundle", "ok", name=bundle.info["name"], edition=bundle.info["edition"], megabytes=round(size))


def _face_pack(settings: Settings) -> Check:
    from facepersona_core.faces import open_face_reader

    reader = open_face_reader(settings)
    return _check("face_pack", "ok", name=settings.face_pack, folder=reader.folder)


def _safety_checker(folder: Path | None) -> Check:
    if folder is None:
        return _check("safety_checker", "ok", "unset")
    from facepersona_core.metrics.safety_flag import SafetyFlag

    SafetyFlag(folder)
    return _check("safety_checker", "ok", folder=folder)


def _folder(home: Path) -> Check:
    from facepersona_core.composition import check_writable

    check_writable(home)
    return _check("folder", "ok", path=home)


def _port(settings: Settings, check_port: Callable[[str, int], None]) -> Check:
    check_port(settings.host, settings.port)
    return _check("port", "ok", host=settings.host, port=settings.port)


def _disk(home: Path) -> Check:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    state: State = "fail" if free < LEAST_DISK else "warn" if free < LITTLE_DISK else "ok"
    return _check("disk", state, gigabytes=f"{free / 2**30:.1f}", path=home)
