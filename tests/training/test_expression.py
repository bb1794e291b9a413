"""The expression encoder on pictures that show one planted coefficient."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from facepersona_core.face2diffusion.expression import ExpressionConfig
from training.embedded import expression
from training.embedded.data import GAZE_X, Pictures, to_tensor
from training.embedded.identity import TEMPLATE
from training.embedded.loop import Log
from training.synthetic.expression import COEFFICIENTS

CONFIG = expression.ExpressionTraining(
    shape=ExpressionConfig(channels=(8, 16), width=16), minutes=0.05, batch=16, held_out=4
)
PEOPLE, EACH, JAW = 16, 6, COEFFICIENTS.index("jaw")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Grey faces, aligned already, with a dark mouth as high as the jaw is open and a bright spot where they look."""
    random = np.random.default_rng(0)
    pixels = random.integers(100, 140, (PEOPLE * EACH, 112, 112, 3), np.uint8)
    labels = []
    for i in range(len(pixels)):
        jaw, gaze = float(i % EACH) / 3, float(random.uniform(-1, 1))
        pixels[i, 72 : 74 + round(16 * jaw), 38:74] = 10
        pixels[i, 20:44, 50 + round(30 * gaze) : 62 + round(30 * gaze)] = 250
        vector = [0.0] * len(COEFFICIENTS)
        vector[JAW], vector[GAZE_X] = jaw, gaze
        more = {"yaw": 0.0, "roll": 0.0, "light": "soft", "landmarks5": TEMPLATE.tolist(), "identity": i // EACH}
        labels.append({**more, "expression": "open" if jaw > 0.9 else "shut", "expression_vector": vector})
    return Pictures(pixels, pixels[..., 0] > 0, labels)


def test_it_reads_unseen_people_and_goes_on_from_what_is_kept(pictures: Pictures, tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    encoder = expression.train(pictures, CONFIG, tmp_path, log)
    told = log.path.read_text("utf-8")
    last = json.loads(told.splitlines()[-1])
    assert last["coefficients"].keys() == {"jaw", "gaze_x"}, "the others never vary"
    assert last["told"] == pytest.approx(np.mean(list(last["coefficients"].values())), abs=1e-3)
    assert last["told"] > 0.5 and last["named"] > 0.8

    kept = expression.train(pictures, CONFIG, tmp_path, log)
    assert log.path.read_text("utf-8") == told  # loaded, not trained again
    crops = pictures.pixels[:4]
    plain, mirrored = expression.read(kept, crops)
    torch.testing.assert_close(plain, encoder(to_tensor(crops)))
    torch.testing.assert_close(mirrored, encoder(to_tensor(crops[:, :, ::-1])))
    assert not plain[:, [i for i in range(len(COEFFICIENTS)) if i not in (JAW, GAZE_X)]].any()


def test_a_mirror_image_looks_the_other_way(pictures: Pictures) -> None:
    plain, mirrored = expression.true_vectors(pictures.labels)
    assert torch.equal(mirrored[:, GAZE_X], -plain[:, GAZE_X]) and torch.equal(mirrored[:, JAW], plain[:, JAW])


def test_the_figures_of_a_perfect_and_of_a_blind_reader(pictures: Pictures) -> None:
    truth = expression.true_vectors(pictures.labels)[0]
    names = [label["expression"] for label in pictures.labels]
    means = expression.expression_means(pictures)
    perfect = expression.figures(truth, truth, names, means)
    assert perfect["told"] == 1 and perfect["coefficients"] == {"jaw": 1, "gaze_x": 1}
    blind = expression.figures(truth.mean(0).expand_as(truth), truth, names, means)
    assert blind["told"] == pytest.approx(0, abs=1e-5)
    assert blind["named"] == pytest.approx(0.5)
