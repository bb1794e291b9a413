"""Where things are: environment variables read once, with defaults that need nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facepersona_core.errors import RequestInvalid

MOST_WORKERS = 64
ACCESS = ("auto", "open", "keys")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
_EMBEDDED = Path(__file__).parent / "embedded" / "bundle"


@dataclass(frozen=True)
class Settings:
    """Every setting the app and the CLI know. `from_environment` documents the variables."""

    home: Path
    """Folder for the database, photos and pictures; created on first use. FACEPERSONA_HOME."""
    bundle: Path
    """Folder of the model bundle. FACEPERSONA_BUNDLE; default: the one that ships."""
    face_pack: str
    """Name of the insightface model pack. FACEPERSONA_FACE_PACK; default: the bundle's own."""
    face_pack_root: Path
    """insightface root that holds ``models/<pack>/*.onnx``. FACEPERSONA_FACE_PACK_ROOT."""
    host: str = "127.0.0.1"
    """Address to bind. FACEPERSONA_HOST."""
    port: int = 7860
    """FACEPERSONA_PORT."""
    workers: int = 1
    """Worker processes that the app keeps for studies, 0 for none. FACEPERSONA_WORKERS."""
    safety_checker: Path | None = None
    """Folder of Stable Diffusion's safety checker; None: pictures are not checked. FACEPERSONA_SAFETY_CHECKER."""

    access: str = "auto"
    """Who may open the app: "open" (everybody who reaches it), "keys" (owners and analysts by their keys, raters by
    their links), "auto" (open on this machine alone, keys when bound to any other address). FACEPERSONA_ACCESS."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read FACEPERSONA_* from ``environment``. Raises RequestInvalid for a number that is none."""
        bundle = Path(environment.get("FACEPERSONA_BUNDLE", _EMBEDDED))
        pack = environment.get("FACEPERSONA_FACE_PACK", "")
        default_root = Path.home() / ".insightface" if pack else bundle / "face_pack"
        checker = environment.get("FACEPERSONA_SAFETY_CHECKER", "")
        return cls(
            home=Path(environment.get("FACEPERSONA_HOME", "data")).resolve(),
            bundle=bundle,
            face_pack=pack or "synthetic",
            face_pack_root=Path(environment.get("FACEPERSONA_FACE_PACK_ROOT", default_root)),
            host=environment.get("FACEPERSONA_HOST", "127.0.0.1"),
            port=_port(environment.get("FACEPERSONA_PORT", "7860")),
            workers=_workers(environment.get("FACEPERSONA_WORKERS", "1")),
            safety_checker=Path(checker) if checker else None,
            access=_access(environment.get("FACEPERSONA_ACCESS", "auto")),
        )

    def to_environment(self) -> dict[str, str]:
        """The variables that give another process the same stores, the same model and the same metrics."""
        return {
            "FACEPERSONA_HOME": str(self.home),
            "FACEPERSONA_BUNDLE": str(self.bundle),
            "FACEPERSONA_FACE_PACK": self.face_pack,
            "FACEPERSONA_FACE_PACK_ROOT": str(self.face_pack_root),
            "FACEPERSONA_SAFETY_CHECKER": str(self.safety_checker or ""),
        }

    @property
    def needs_keys(self) -> bool:
        """Whether the app asks for keys."""
        return self.access == "keys" or (self.access == "auto" and self.host not in LOOPBACK)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the SQLite database."""
        return f"sqlite:///{self.home / 'facepersona.db'}"

    @property
    def pictures(self) -> Path:
        """Content-addressed pictures and photos."""
        return self.home / "files"


def _port(given: str) -> int:
    if not (given.isdecimal() and 0 < int(given) < 65536):
        raise RequestInvalid(name="FACEPERSONA_PORT", seen=f'"{given}"', expected="1 - 65535")
    return int(given)


def _workers(given: str) -> int:
    if not (given.isdecimal() and int(given) <= MOST_WORKERS):
        raise RequestInvalid(name="FACEPERSONA_WORKERS", seen=f'"{given}"', expected=f"0 - {MOST_WORKERS}")
    return int(given)


def _access(given: str) -> str:
    if given not in ACCESS:
        raise RequestInvalid(name="FACEPERSONA_ACCESS", seen=f'"{given}"', expected=", ".join(ACCESS))
    return given
