"""The frozen model, taken once from the work folder: what trains on there later changes no variant."""

from __future__ import annotations

import shutil
from typing import Any

from diffusers import AutoencoderKL
from torch import Tensor

from training.ablation.plan import Ablation
from training.embedded import autoencoder, loop
from training.embedded.assemble import write_pipeline
from training.embedded.names import person_features
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
    model = run.trained(kept, features)
    write_pipeline(plan.base, _autoencoder(plan), model, run.tokenizer)
    for name in ("bundle.json", "expressions.json"):
        shutil.copyfile(plan.bundle / name, plan.base / name)
    loop.save({"model": model.state_dict(), "features": features}, plan.out / FILE)


def frozen(plan: Ablation) -> tuple[TextToImage, Any, Tensor]:
    """The model that `freeze` kept, its tokenizer, and the features of the training people."""
    run, kept = plan.run(), loop.load(plan.out / FILE)
    assert kept is not None, "freeze comes first"
    model = run.untrained(plan.latents(), kept["features"])
    model.load_state_dict(kept["model"])
    return model.eval(), run.tokenizer, kept["features"]


def _autoencoder(plan: Ablation) -> AutoencoderKL:
    """With the decoder that was trained on at the end, where that was done."""
    paths = [plan.work / name for name in ("decoder.pt", "autoencoder_final.pt")]
    state = next((state for path in paths if (state := loop.load(path))), None)
    if state is None:
        raise FileNotFoundError(f"{paths[-1]}: train stage 1 first")
    model = autoencoder.build(plan.recipe.autoencoder, plan.recipe.size)
    model.load_state_dict(state)
    return model.eval()
