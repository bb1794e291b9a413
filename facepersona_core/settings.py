"""Where things are: environment variables read once, with defaults that need nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facepersona_core.errors import RequestInvalid

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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read FACEPERSONA_* from ``environment``. Raises RequestInvalid for a port that is none."""
        bundle = Path(environment.get("FACEPERSONA_BUNDLE", _EMBEDDED))
        pack = environment.get("FACEPERSONA_FACE_PACK", "")
        default_root = Path.home() / ".insightface" if pack else bundle / "face_pack"
        return cls(
            home=Path(environment.get("FACEPERSONA_HOME", "data")).resolve(),
            bundle=bundle,
            face_pack=pack or "synthetic",
            face_pack_root=Path(environment.get("FACEPERSONA_FACE_PACK_ROOT", default_root)),
            host=environment.get("FACEPERSONA_HOST", "127.0.0.1"),
            port=_port(environment.get("FACEPERSONA_PORT", "7860")),
        )

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
