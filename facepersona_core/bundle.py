"""A bundle: weights and configurations of one model in diffusers format, plus the method's parts and the judges.

The embedded model and Stable Diffusion differ in nothing but the bundle. Parts are loaded when first used.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facepersona_core.errors import WeightsMissing
from facepersona_core.limits import check_request

if TYPE_CHECKING:
    from diffusers import StableDiffusionPipeline
    from transformers import CLIPTokenizer

    from facepersona_core.face2diffusion.expression import ExpressionEncoder
    from facepersona_core.face2diffusion.identity import IdentityEncoder
    from facepersona_core.face2diffusion.likeness import LikenessEncoder
    from facepersona_core.face2diffusion.mapping import MappingNetwork
    from facepersona_core.types import Request

_PARTS = ("model_index.json", "unet", "vae", "text_encoder", "tokenizer", "scheduler", "identity_encoder", "mapping")
_ENCODER, _LIKENESS, _EXPRESSIONS = "expression_encoder", "likeness_encoder", "expressions.json"
"""Not every bundle has these; where they are, they take part in choosing between drawings and in the slot."""


class Bundle:
    """One folder of weights. Use `open_bundle`, which keeps one object a folder."""

    def __init__(self, path: Path) -> None:
        for part in ("bundle.json", *_PARTS):
            if not (path / part).exists():
                raise WeightsMissing(path=path, missing=part)
        self.path = path
        self.lock = threading.RLock()
        """Held around the pipeline: its modules and scheduler are shared state."""

    @cached_property
    def info(self) -> dict[str, Any]:
        """``bundle.json``: name, edition, resolution, class word, defaults (steps, guidance and candidates, 1 unless
        the file says otherwise), known words, licences."""
        info: dict[str, Any] = json.loads((self.path / "bundle.json").read_text("utf-8"))
        info["defaults"].setdefault("candidates", 1)
        return info

    @cached_property
    def sha256(self) -> str:
        """Hash over names and contents of everything that takes part in making a picture, and the class word."""
        digest = hashlib.sha256(self.class_phrase.encode() + b"\0")
        for part in (*_PARTS, _ENCODER, _LIKENESS, _EXPRESSIONS):
            root = self.path / part
            for file in sorted([root] if root.is_file() else root.rglob("*")):
                if file.is_file():
                    digest.update(file.relative_to(self.path).as_posix().encode() + b"\0")
                    digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()

    @property
    def class_phrase(self) -> str:
        """The class word with its article, such as "a person": two tokens, as S* is two words."""
        return f"a {self.info['class_word']}"

    @cached_property
    def tokenizer(self) -> CLIPTokenizer:
        """What the text encoder reads a prompt with."""
        from transformers import CLIPTokenizer

        return CLIPTokenizer.from_pretrained(self.path / "tokenizer", local_files_only=True)

    def check(self, request: Request) -> None:
        """Raise PromptInvalid, RequestInvalid or ExpressionInvalid for what this model cannot make."""
        from facepersona_core.face2diffusion.injection import tokenize_prompt, tokenize_text

        check_request(request, self.expressions)
        tokenize_prompt(self.tokenizer, request.prompt)
        tokenize_text(self.tokenizer, request.negative_prompt)

    @cached_property
    def pipeline(self) -> StableDiffusionPipeline:
        """The frozen text-to-image model, fp32 on the processor or fp16 on an accelerator."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        import torch
        from diffusers import StableDiffusionPipeline

        with self.lock:
            on_gpu = torch.cuda.is_available()
            pipeline = StableDiffusionPipeline.from_pretrained(
                self.path, dtype=torch.float16 if on_gpu else torch.float32, local_files_only=True
            )
            pipeline.set_progress_bar_config(disable=True)
            pipeline.unet.requires_grad_(False)
            pipeline.vae.requires_grad_(False)
            pipeline.text_encoder.requires_grad_(False)
            return pipeline.to("cuda" if on_gpu else "cpu")

    @cached_property
    def identity_encoder(self) -> IdentityEncoder:
        """Aligned face to identity vector."""
        from facepersona_core.face2diffusion.checkpoint import load_identity

        return load_identity(self.path / "identity_encoder")

    @cached_property
    def mapping(self) -> MappingNetwork:
        """Identity and expression to the words of S*."""
        from facepersona_core.face2diffusion.checkpoint import load_mapping

        return load_mapping(self.path / "mapping")

    @property
    def reads_expressions(self) -> bool:
        """True when the bundle has an expression encoder. Not all have one."""
        return (self.path / _ENCODER).is_dir()

    @cached_property
    def expression_encoder(self) -> ExpressionEncoder | None:
        """Aligned face to what the expression slot takes; None without one. A recipe holds what was read of a
        photo, so that the photo need not be kept."""
        if not self.reads_expressions:
            return None
        from facepersona_core.face2diffusion.checkpoint import load_expression

        return load_expression(self.path / _ENCODER)

    @cached_property
    def likeness_encoder(self) -> LikenessEncoder | None:
        """Aligned face to a vector that says who a drawing shows; None without one."""
        if not (self.path / _LIKENESS).is_dir():
            return None
        from facepersona_core.face2diffusion.checkpoint import load_likeness

        return load_likeness(self.path / _LIKENESS)

    @cached_property
    def expressions(self) -> dict[str, np.ndarray]:
        """Expression name to the vector, float32 [E], that the expression slot is told; empty without a slot."""
        return {name: self._expressions[name]["strength"] * mean for name, mean in self.expression_means.items()}

    @cached_property
    def expression_means(self) -> dict[str, np.ndarray]:
        """Expression name to the vector, float32 [E], that a face which shows it is read as: the model draws it
        weaker than it is told, so that it is told more."""
        return {name: np.asarray(entry["mean"], np.float32) for name, entry in self._expressions.items()}

    @cached_property
    def _expressions(self) -> dict[str, Any]:
        path = self.path / _EXPRESSIONS
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}


@cache
def _open(path: Path) -> Bundle:
    return Bundle(path)


def open_bundle(path: Path) -> Bundle:
    """The bundle in ``path``, the same object for the same folder. Raises WeightsMissing."""
    return _open(path.resolve())
