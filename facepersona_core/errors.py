"""Typed errors. Each says what was seen, what was expected and what to do, in English and Japanese.

The texts live in ``messages/en.toml`` and ``messages/ja.toml`` under ``[errors]``, keyed by class name;
fields in braces are the keyword arguments of the error.
"""

from __future__ import annotations

from typing import Any

from facepersona_core.messages import text


class FacePersonaError(Exception):
    """Base of everything a person may be told. ``fields`` fill the braces of the message."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(self.text("en"))

    @property
    def code(self) -> str:
        """Stable name for programs: the class name."""
        return type(self).__name__

    def text(self, language: str = "en") -> str:
        """The message in ``language`` ("en" or "ja")."""
        return text(f"errors.{self.code}", language, **self.fields)


class PromptInvalid(FacePersonaError):
    """The prompt cannot be used; ``problem`` is one of the keys under ``[prompt_problems]``."""

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        problem = text(f"prompt_problems.{self.fields['problem']}", language, **self.fields)
        return text("errors.PromptInvalid", language, **{**self.fields, "problem": problem})


class RequestInvalid(FacePersonaError):
    """A setting is out of range: ``name``, ``seen``, ``expected``."""


class PhotoRefused(FacePersonaError):
    """The bytes are not a photo we accept: ``name``, ``problem`` (key under ``[photo_problems]``) and its figures."""

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        problem = text(f"photo_problems.{self.fields['problem']}", language, **self.fields)
        return text("errors.PhotoRefused", language, **{**self.fields, "problem": problem})


class NoFaceFound(FacePersonaError):
    """No face in the photo: ``name``, ``sizes``."""


class SeveralFaces(FacePersonaError):
    """More than one face in the photo: ``name``, ``count``."""


class UnknownPerson(FacePersonaError):
    """``name`` is not enrolled; ``known`` lists who is."""


class UnknownMethod(FacePersonaError):
    """``name`` is not a method; ``known`` lists them."""


class UnknownStudy(FacePersonaError):
    """``name`` is not a study; ``known`` lists them."""


class StudyInvalid(FacePersonaError):
    """A study plan or its votes cannot be used as asked: ``seen``, ``expected``."""


class StudyExists(FacePersonaError):
    """Another study already has the name ``name``."""


class NameTaken(FacePersonaError):
    """Another person already has the name ``name``."""


class ConsentMissing(FacePersonaError):
    """No valid consent for ``name`` and purpose ``purpose``."""


class WeightsMissing(FacePersonaError):
    """The bundle or a part of it is not there: ``path``, ``missing``."""


class WeightsInvalid(FacePersonaError):
    """A weights file does not fit: ``path``, ``seen``, ``expected``."""


class FacePackMissing(FacePersonaError):
    """The insightface model pack ``name`` is not in ``folder``."""


class PortInUse(FacePersonaError):
    """Something else listens on ``host``:``port``."""


class FolderNotWritable(FacePersonaError):
    """``path`` cannot be written: ``reason``."""


class PackageMissing(FacePersonaError):
    """A package that only this command needs is not installed: ``package``, and ``extra`` that brings it."""


class NotAssigned(FacePersonaError):
    """A vote for an assignment that is not this rater's or does not exist: ``assignment``."""


class VoteInvalid(FacePersonaError):
    """A vote has a value outside its choices: ``name``, ``seen``, ``expected``."""
