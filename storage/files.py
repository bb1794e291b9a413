"""Files by content: the key is the SHA-256 of the bytes, so the same bytes are kept once and never change."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import time
from pathlib import Path

from facepersona_core.errors import FolderNotWritable

_KEY = re.compile(r"[0-9a-f]{64}\.[a-z0-9]+")
_UNFINISHED = ".unfinished"
"""How the name of a file ends while it is written."""
LEFT_BEHIND_SECONDS = 3600.0
"""An unfinished file that nobody has written to for so long belongs to a process that was killed."""


class FileStore:
    """Content-addressed files under ``root``. Raises FolderNotWritable when the folder cannot be made."""

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderNotWritable(path=root, reason=error.strerror) from error
        _sweep(root)

    def put(self, data: bytes, suffix: str) -> str:
        """Keep ``data``; return its key, SHA-256 plus ``suffix`` (such as ".png"). On return it is on the disk."""
        key = hashlib.sha256(data).hexdigest() + suffix
        path = self.path(key)
        if not path.exists():
            write_atomically(path, data)
        return key

    def path(self, key: str) -> Path:
        """Where ``key`` lies. Raises ValueError for what is not a key: a key never walks out of the folder."""
        if not _KEY.fullmatch(key):
            raise ValueError(f"Got {key!r}, expected a SHA-256 and a suffix such as '.png'.")
        return self.root / key[:2] / key

    def read(self, key: str) -> bytes:
        """The bytes of ``key``. Raises FileNotFoundError."""
        return self.path(key).read_bytes()


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``path`` so that after a crash it is either whole or not there. Raises FolderNotWritable."""
    try:
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=_UNFINISHED, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(file.name, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise FolderNotWritable(path=path.parent, reason=error.strerror) from error


def _sweep(root: Path) -> None:
    """Delete what killed writes left behind: it may be part of somebody's photo."""
    for path in root.glob(f"*/.*{_UNFINISHED}"):
        try:
            if time.time() - path.stat().st_mtime > LEFT_BEHIND_SECONDS:
                path.unlink()
        except OSError:  # finished or swept by another process meanwhile, or not ours to delete
            continue


def _sync_folder(folder: Path) -> None:
    """Make the name in ``folder`` durable, not only the bytes."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
