"""Personas on disk: enrolling a person with a method is done once, however often the app starts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from facepersona_core.types import Persona


class PersonaCache:
    """A folder of personas, one safetensors file each, named by a digest of everything enrolment depends on."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where the persona of ``digest`` is or would be."""
        return self.root / f"{digest}.safetensors"

    def __contains__(self, digest: str) -> bool:
        return self.path(digest).is_file()

    def load(self, digest: str) -> Persona:
        """The persona of ``digest``, which must be there."""
        from safetensors import safe_open

        with safe_open(self.path(digest), framework="numpy") as file:
            about = json.loads(file.metadata()["persona"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no iterator
        return Persona(about["method"], about["key"], tensors, about["facts"])

    def save(self, digest: str, persona: Persona) -> None:
        """Write ``persona`` so that a reader sees all of it or nothing."""
        from safetensors.numpy import save_file

        self.root.mkdir(parents=True, exist_ok=True)
        about = {"method": persona.method, "key": persona.key, "facts": dict(persona.facts)}
        handle, name = tempfile.mkstemp(dir=self.root, suffix=".part")
        os.close(handle)
        save_file(dict(persona.tensors), name, metadata={"persona": json.dumps(about)})
        os.replace(name, self.path(digest))
