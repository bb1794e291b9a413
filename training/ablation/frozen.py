"""The frozen model, taken once from the work folder: what trains on there later changes no variant."""

from __future__ import annotations

import shutil
from typing import Any

from diffusers import AutoencoderKL
from torch import Tensor

from facepersona_core.face2diffusion.checkpoint import load_identity
from training.ablation.plan import Ablation
from training.embedded import autoencoder, loop
from training.embedded.assemble import write_pipeline
from training.embedded.mapping import identity_vectors, mean_vectors
from training.embedded.names import PhotoNames, person_features
from training.embedded.text_to_image import TextToImage

FILE = "frozen.pt"


def freeze(plan: Ablation) -> None:
    """Write the frozen model into ``plan.base``, and its full precision beside it; what is there stays.

    Raises FileNotFoundError when the work folder lacks a stage."""
    if (plan.out / FILE).is_file():
        return
    run, kept = plan.run(), plan.latents()
    people = sorted(folder.parent for folder in (plan.work / "data").glob("[0-9]*/labels.json"))[: run.recipe.people]
    features = person_features(int(folder.name) for folder in people)
    model = run.finished(kept, features)
    if plan.setting == "recipe" and isinstance(model.names, PhotoNames):
        features = _looks(plan, kept.person)
    write_pipeline(plan.base, _autoencoder(plan), model, run.tokenizer)
    for name in ("bundle.json", "expressions.json"):
        shutil.copyfile(plan.bundle / name, plan.base / name)
    loop.save({"model": model.state_dict(), "features": features}, plan.out / FILE)


def frozen(plan: Ablation) -> tuple[TextToImage, Any, Tensor]:
    """The model that `freeze` kept, its tokenizer, and what its names are made from, [people, F]."""
    run, kept = plan.run(), loop.load(plan.out / FILE)
    assert kept is not None, "freeze comes first"
    return run.rebuilt(kept["model"], plan.latents(), kept["features"]), run.tokenizer, kept["features"]


def _looks(plan: Ablation, person: Tensor) -> Tensor:
    """float [people, D]: mean identity vector of each training person, by the bundle's own encoder."""
    plain = identity_vectors(load_identity(plan.bundle / "identity_encoder"), plan.run().pictures())[0]
    return mean_vectors(plain, person)


def _autoencoder(plan: Ablation) -> AutoencoderKL:
    """With the decoder that was trained on at the end, where that was done."""
    paths = [plan.work / name for name in ("decoder.pt", "autoencoder_final.pt")]
    state = next((state for path in paths if (state := loop.load(path))), None)
    if state is None:
        raise FileNotFoundError(f"{paths[-1]}: train stage 1 first")
    model = autoencoder.build(plan.recipe.autoencoder, plan.recipe.size)
    model.load_state_dict(state)
    return model.eval()
