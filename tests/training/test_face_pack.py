"""The trainings of detector, recogniser and judge at toy size, through every stage to files that load."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from facepersona_core.faces import FaceReader
from facepersona_core.judge import open_judge
from tests.core.face_pictures import PEOPLE, people
from training.embedded.budget import Budget
from training.embedded.face_canvas import background, draw_canvas
from training.embedded.face_data import landmarks_of, split_people
from training.embedded.face_measure import verification
from training.embedded.face_networks import STRIDES, Detector, export_detector
from training.embedded.face_pack import PACK, train_detector, train_recogniser
from training.embedded.face_targets import detector_loss, targets
from training.embedded.judges import classes_of, judge_heads, train_judge


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Detector, recogniser and judge after two seconds each."""
    out = tmp_path_factory.mktemp("bundle")
    train_detector(PEOPLE, out, 0.03, 0)
    train_recogniser(PEOPLE, out, 0.03, 0)
    train_judge(PEOPLE, out, 0.03, 0)
    return out


def test_the_pack_loads_in_insightface_and_fits_the_bundle(trained: Path) -> None:
    reader = FaceReader("synthetic", trained / "face_pack")
    assert reader.embed(np.zeros((112, 112, 3), np.uint8)).shape == (256,)
    assert reader.read_all(Image.new("RGB", (640, 480))) == []
    assert (trained / PACK / "det.onnx").stat().st_size < 1_500_000
    assert (trained / PACK / "rec.onnx").stat().st_size < 6_000_000


def test_calibration_and_figures_are_written(trained: Path) -> None:
    calibration = json.loads((trained / PACK / "calibration.json").read_text())
    assert calibration["people"] == 2
    assert all(-1 <= calibration[key] <= 1 for key in ("floor", "ceiling"))
    for name in ("detector", "recogniser"):
        assert json.loads((trained / "face_pack" / f"{name}.json").read_text())["split"] == 990_002


def test_the_judge_loads_and_has_every_head(trained: Path) -> None:
    judge = open_judge(trained / "judges" / "attributes")
    verdict = judge.judge(Image.fromarray(people().pixels[0]))
    assert set(verdict) == {*judge_heads(), "pose"}
    assert (trained / "judges" / "attributes" / "model.safetensors").stat().st_size < 6_000_000
    assert judge.config["figures"]["split"] == 990_002


def test_a_finished_training_goes_on_where_it_was(trained: Path) -> None:
    before = torch.load(trained / "checkpoints" / "rec.pt", weights_only=True)
    report = train_recogniser(PEOPLE, trained, 0.04, 0)
    assert report["steps"] > before["step"]


def test_budget_keeps_its_parts(tmp_path: Path) -> None:
    layer = torch.nn.Linear(2, 2)
    budget = Budget(tmp_path / "a.pt", 5, {"layer": layer})
    assert budget.tick()
    budget.save()
    again = torch.nn.Linear(2, 2)
    resumed = Budget(tmp_path / "a.pt", 5, {"layer": again})
    assert resumed.step == 1
    assert torch.equal(again.weight, layer.weight)
    assert not Budget(tmp_path / "b.pt", 1e-9, {"layer": layer}).tick()


def test_exported_outputs_have_the_scrfd_layout(tmp_path: Path) -> None:
    export_detector(Detector(), tmp_path / "det.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "det.onnx", providers=["CPUExecutionProvider"])
    outputs = session.run(None, {"input.1": np.zeros((1, 3, 96, 160), np.float32)})
    rows = [96 // stride * (160 // stride) * 2 for stride in STRIDES]
    assert [output.shape for output in outputs] == [(count, width) for width in (1, 4, 10) for count in rows]
    assert all((scores >= 0).all() and (scores <= 1).all() for scores in outputs[:3])


def test_canvases_hold_their_faces() -> None:
    random = np.random.default_rng(0)
    pictures, faces = people(), 0
    for _ in range(40):
        canvas = draw_canvas(pictures, 160, random)
        assert canvas.pixels.shape == (160, 160, 3)
        faces += len(canvas.boxes)
        for box, points in zip(canvas.boxes, canvas.landmarks, strict=True):
            grown = 0.15 * (box[2] - box[0])
            assert (points > box[:2] - grown).all()
            assert (points < box[2:] + grown).all()
    assert 20 < faces < 60
    assert background(pictures, 96, random).shape == (96, 96, 3)


def test_perfect_answers_cost_nothing() -> None:
    random = np.random.default_rng(1)
    pictures = people()
    canvas = next(c for c in iter(lambda: draw_canvas(pictures, 160, random), None) if len(c.boxes))
    kind, geometry = (torch.from_numpy(part)[None] for part in targets(canvas))
    assert (kind == 1).any()
    sizes = [(160 // stride) ** 2 * 2 for stride in STRIDES]
    scores = torch.where(kind == 1, 20.0, -20.0)[..., None].split(sizes, 1)
    boxes, points = geometry[..., :4].split(sizes, 1), geometry[..., 4:14].split(sizes, 1)
    perfect = detector_loss((list(scores), list(boxes), list(points)), kind, geometry)
    assert all(float(part) < 1e-4 for part in perfect)
    wrong = detector_loss((list(scores), [box + 1 for box in boxes], list(points)), kind, geometry)
    assert float(wrong[1]) > 0.05


def test_the_split_is_by_person() -> None:
    train, held_out, first = split_people(people())
    assert train.identities.max() < first <= held_out.identities.min()
    assert landmarks_of(held_out).shape == (len(held_out), 5, 2)


def test_verification_knows_a_perfect_and_a_blind_recogniser() -> None:
    identities = np.repeat(np.arange(10), 4)
    perfect = verification(np.eye(10, dtype=np.float32)[identities], identities)
    assert (perfect["auc"], perfect["rank1"], perfect["floor"], perfect["ceiling"]) == (1, 1, 0, 1)
    blind = np.random.default_rng(0).normal(size=(40, 64))
    assert 0.3 < verification(blind / np.linalg.norm(blind, axis=1, keepdims=True), identities)["auc"] < 0.7


def test_what_a_grey_picture_cannot_show_is_not_asked() -> None:
    label = {**people().labels[0], "style": "bw"}
    assert classes_of(label)["cloth_colour"] is None
    assert classes_of(label)["scene"] == "beach"
    assert classes_of({**label, "scene": "studio_red"})["scene"] is None
    assert classes_of({**label, "style": "photo"})["cloth_colour"] == "blue"
