"""The whole recipe at toy size: every stage runs, the bundle opens, a second run only loads."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from facepersona_core.bundle import open_bundle
from facepersona_core.methods import build_method
from facepersona_core.types import Request
from training.embedded.recipe import Run
from training.embedded.sizes import toy


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    Run(toy(), folder, folder / "bundle").all()
    return folder


@pytest.mark.slow
def test_every_stage_logs_its_figures_and_the_bundle_makes_pictures(work: Path) -> None:
    events = [json.loads(line) for line in (work / "log.jsonl").read_text().splitlines()]
    assert {event["stage"] for event in events} == {
        "autoencoder", "perception", "text", "text_to_image", "reward", "identity", "expression", "likeness",
        "mapping_names", "mapping", "together", "decoder", "detector", "recogniser", "judge", "slot",
    }  # fmt: skip
    validated = next(event for event in events if event["stage"] == "text_to_image")
    assert {"right", "empty", "shuffled", "named", "misnamed"} <= validated.keys()
    method = build_method("class_word", open_bundle(work / "bundle"))
    picture = next(iter(method.generate(method.enrol([]), Request("a photo of S*", steps=2))))
    assert np.asarray(picture).shape == (128, 128, 3)


@pytest.mark.slow
def test_a_second_run_trains_nothing_again(work: Path) -> None:
    weights = (work / "bundle" / "mapping" / "model.safetensors").read_bytes()
    started = time.process_time()
    run = Run(toy(), work, work / "bundle")
    pictures = run.pictures()
    kept = run.latents(pictures, run.autoencoder(pictures))
    run.text_to_image(kept, run.features(pictures))
    run.reward(pictures.labels, kept, run.features(pictures))
    run.identity_encoder(pictures)
    assert time.process_time() - started < 0.5 * 60 * (toy().text_to_image.minutes + toy().identity.minutes)
    assert (work / "bundle" / "mapping" / "model.safetensors").read_bytes() == weights
