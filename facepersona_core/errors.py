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

    @property
    def plain(self) -> dict[str, int | float | str]:
        """The fields as JSON values, so that the error can be told elsewhere."""
        return {name: value if isinstance(value, int | float) else str(value) for name, value in self.fields.items()}

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


class ExpressionInvalid(FacePersonaError):
    """The expression cannot be taken as asked; ``problem`` is a key under ``[expression_problems]``."""

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        problem = text(f"expression_problems.{self.fields['problem']}", language, **self.fields)
        return text("errors.ExpressionInvalid", language, problem=problem)


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


class EvaluationInvalid(FacePersonaError):
    """The prompts of an evaluation cannot be used: ``seen``, ``expected``."""


class EvaluationChanged(FacePersonaError):
    """The folder ``path`` holds measurements of another evaluation: ``name`` is ``seen``, but was ``expected``."""


class VoteLogInvalid(FacePersonaError):
    """A file of votes cannot be used: ``name``, ``problem`` (key under ``[vote_log_problems]``) and where it is."""

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        problem = text(f"vote_log_problems.{self.fields['problem']}", language, **self.fields)
        return text("errors.VoteLogInvalid", language, **{**self.fields, "problem": problem})


class StudyExists(FacePersonaError):
    """Another study already has the name ``name``."""


class StudyUnfinished(FacePersonaError):
    """The study ``name`` cannot be opened for rating: ``left`` pictures are still to be made."""


class StudyHasVotes(FacePersonaError):
    """The study ``name`` cannot be discarded: ``votes`` were given in it, those taken back included."""


class NotLearned(FacePersonaError):
    """A picture cannot be made, because the method ``method`` could not learn the person ``person``."""


class WorkFailed(FacePersonaError):
    """Something unexpected went wrong while a picture was made: ``kind`` of error and its ``detail``."""


class WorkerLost(FacePersonaError):
    """The worker that had a picture in hand ended without a word: ``attempts`` times by now."""


class WorkerCrashed(FacePersonaError):
    """A worker process ended that should not have: exit ``status`` (negative: a signal) and its last ``line``."""


class NameTaken(FacePersonaError):
    """Another person already has the name ``name``."""


class ConsentMissing(FacePersonaError):
    """No valid consent for ``name`` and purpose ``purpose``."""


class WeightsMissing(FacePersonaError):
    """The bundle or a part of it is not there: ``path``, ``missing``."""


class SafetyCheckerMissing(WeightsMissing):
    """The folder that FACEPERSONA_SAFETY_CHECKER names holds no complete safety checker: ``path``, ``missing``."""


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


class ExportInvalid(FacePersonaError):
    """The folder ``name`` holds no export of a study: ``seen``, ``expected``."""


class FolderNotEmpty(FacePersonaError):
    """The folder ``path`` holds something already."""


class PdfToolMissing(FacePersonaError):
    """The libraries that write PDF files are not there: ``reason``."""


class NotAssigned(FacePersonaError):
    """A vote for an assignment that is not this rater's or does not exist: ``assignment``."""


class UnknownKey(FacePersonaError):
    """No access key has the number ``number``."""


class RatingClosed(FacePersonaError):
    """The study takes no votes now; ``state`` is a key under ``[rating_states]``: "paused" or "over"."""

    def text(self, language: str = "en") -> str:
        """The message in ``language``."""
        return text(f"rating_states.{self.fields['state']}", language)


class VoteInvalid(FacePersonaError):
    """A vote has a value outside its choices: ``name``, ``seen``, ``expected``."""
