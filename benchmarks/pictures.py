"""Seconds a picture: one at a time as the app makes them, against batches of four, the bundle's steps against 20, and
the best of several drawings, with everything that finding and comparing faces takes.

    python benchmarks/pictures.py [--threads 2] [--repeats 5]

The same prompts in every row, everything loaded before; rows take turns, and the median of the repeats counts. The
best of several shows a sample person by Face2Diffusion, the other rows the class word. One at a time, a picture never
depends on what is made beside it; that is what the batch would buy.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from PIL import Image

import facepersona_core
from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.candidates import Likeness, draw_best
from facepersona_core.diffusion import embed_text
from facepersona_core.faces import open_face_reader
from facepersona_core.methods import build_method
from facepersona_core.settings import Settings
from facepersona_core.types import Request

PROMPTS = (
    "a photo of a person at the beach",
    "a photo of a person wearing a red hoodie in a park",
    "a photo of a person laughing in a cafe",
    "a photo of a person in a city at night",
)
MANY_STEPS = 20
PHOTO = Path(facepersona_core.__file__).parent / "embedded" / "people" / "amara" / "1.jpg"


def draw(bundle: Bundle, prompts: torch.Tensor, negative: torch.Tensor, steps: int, guidance: float) -> None:
    """Pictures for ``prompts`` [B, L, C] in one batch."""
    unet = bundle.pipeline.unet.config
    noise = torch.randn(len(prompts), unet.in_channels, unet.sample_size, unet.sample_size)
    bundle.pipeline(
        prompt_embeds=prompts,
        negative_prompt_embeds=negative.expand(len(prompts), -1, -1),
        latents=noise.to(prompts),
        num_inference_steps=steps,
        guidance_scale=guidance,
    )


def main() -> None:
    """Measure and print seconds a picture and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    settings = Settings.from_environment()
    bundle = open_bundle(settings.bundle)
    steps, guidance = bundle.info["defaults"]["steps"], bundle.info["defaults"]["guidance"]
    prompts = torch.cat([embed_text(bundle.pipeline, prompt) for prompt in PROMPTS])
    negative = embed_text(bundle.pipeline, "")
    method, reader = build_method("face2diffusion", bundle), open_face_reader(settings)
    faces = [reader.read(Image.open(PHOTO).convert("RGB"), PHOTO.name)]
    persona, likeness = method.enrol(faces), Likeness(bundle, reader, faces)

    def alone() -> None:
        for prompt in prompts:
            draw(bundle, prompt[None], negative, steps, guidance)

    def in_fours(count: int) -> Callable[[], None]:
        return lambda: draw(bundle, prompts, negative, count, guidance)

    def best_of(candidates: int) -> Callable[[], None]:
        requests = [
            Request(prompt.replace("a person", "S*"), steps=steps, guidance=guidance, candidates=candidates)
            for prompt in PROMPTS
        ]

        def row() -> None:
            for request in requests:
                list(draw_best(method, persona, request, likeness))

        return row

    several = bundle.info["defaults"]["candidates"]
    rows = {
        "alone": alone,
        "in_fours": in_fours(steps),
        f"in_fours_{MANY_STEPS}_steps": in_fours(MANY_STEPS),
        **({f"best_of_{several}": best_of(several)} if several > 1 else {}),
    }
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for repeat in range(chosen.repeats + 1):
        for name, row in rows.items():
            started = time.perf_counter()
            row()
            if repeat:  # the first round warms up
                seconds[name].append((time.perf_counter() - started) / len(PROMPTS))
    medians = {name: median(found) for name, found in seconds.items()}
    ratios = {f"{name}_to_alone": found / medians["alone"] for name, found in medians.items() if name != "alone"}
    facts = {"threads": chosen.threads, "steps": steps, "guidance": guidance}
    print(json.dumps({**facts, "seconds_a_picture": medians, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main()
