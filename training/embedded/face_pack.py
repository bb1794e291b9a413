"""The embedded insightface pack: a detector and a recogniser, trained on synthetic people, exported to ONNX.

Both trainings keep a time budget, resume from their checkpoint in ``out/checkpoints`` and print their figures on
people whom they never saw: identities >= the split of `split_people`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from training.embedded.budget import Budget
from training.embedded.data import Pictures, load_pictures
from training.embedded.face_canvas import draw_canvas
from training.embedded.face_crops import aligned_crops, vary_crops
from training.embedded.face_data import split_people, unstyled
from training.embedded.face_measure import measure_detector, measure_recogniser
from training.embedded.face_networks import Detector, Recogniser, export_detector, export_recogniser
from training.embedded.face_targets import detector_loss, targets
from training.embedded.loop import clip, cosine, half_precision, set_rate

PACK = Path("face_pack") / "models" / "synthetic"
"""Where insightface looks for the pack, below the bundle."""
BATCHES = ((128, 16), (160, 10), (224, 5), (288, 3), (352, 2))
"""Canvas side in pixels and canvases a batch: about the same work each."""
BATCH_SHARES = (0.34, 0.22, 0.18, 0.14, 0.12)


def train_detector(data: Path, out: Path, minutes: float, seed: int, people: int | None = None) -> dict[str, Any]:
    """Train the detector for ``minutes``, write ``out/face_pack/models/synthetic/det.onnx``, return its figures."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    train, held_out, first = split_people(load_pictures(data, people=people, styled=True))
    network = Detector().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.995), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3, weight_decay=1e-2)
    budget = _budget(out, "det", minutes, {"network": network, "average": average, "optimiser": optimiser})
    random = np.random.default_rng([seed, budget.step])
    losses: list[list[float]] = []
    while budget.tick():
        set_rate(optimiser, cosine(budget.fraction, budget.step))
        picture, kind, geometry = _detector_batch(train, random)
        with half_precision(torch.device("cpu")):
            outputs = network(picture)
        score_loss, place_loss = detector_loss(outputs, kind, geometry)
        _descend(optimiser, score_loss + place_loss, network)
        average.update_parameters(network)
        losses.append([score_loss.item(), place_loss.item()])
        _say("detector", budget, losses)
    export_detector(average.module, out / PACK / "det.onnx")
    figures = measure_detector(out / "face_pack", held_out, seed=1)
    return _report(out, "detector", first, budget, figures)


def train_recogniser(data: Path, out: Path, minutes: float, seed: int, people: int | None = None) -> dict[str, Any]:
    """Train the recogniser for ``minutes``, write ``rec.onnx`` and ``calibration.json`` beside the detector.

    ArcFace: cross-entropy of 24 cos(theta + .3) over the training people, margin warmed up. Returns the figures."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    train, held_out, first = split_people(load_pictures(data, people=people, styled=True))
    crops = aligned_crops(train)
    known, classes = np.unique(train.identities, return_inverse=True)
    network = Recogniser().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    centres = nn.Linear(256, len(known), bias=False)
    nn.init.normal_(centres.weight, std=0.05)
    optimiser = torch.optim.AdamW([*network.parameters(), *centres.parameters()], 2e-3, weight_decay=5e-2)
    budget = _budget(out, "rec", minutes, {"network": network, "centres": centres, "optimiser": optimiser})
    random = np.random.default_rng([seed, budget.step])
    losses: list[list[float]] = []
    while budget.tick():
        set_rate(optimiser, cosine(budget.fraction, budget.step))
        chosen = random.integers(0, len(crops), 48)
        faces = vary_crops(crops[chosen], random)
        with half_precision(torch.device("cpu")):
            vectors = network(faces.contiguous(memory_format=torch.channels_last))
        loss = arcface_loss(vectors.float(), centres.weight, torch.from_numpy(classes[chosen]), budget.step)
        _descend(optimiser, loss, network)
        losses.append([loss.item()])
        _say("recogniser", budget, losses)
    export_recogniser(network, out / PACK / "rec.onnx")
    figures = measure_recogniser(out / "face_pack", unstyled(held_out))
    calibration = {key: figures[key] for key in ("floor", "ceiling", "people", "pictures")}
    (out / PACK / "calibration.json").write_text(json.dumps(calibration, indent=1) + "\n", "utf-8")
    return _report(out, "recogniser", first, budget, figures)


def arcface_loss(vectors: Tensor, centres: Tensor, classes: Tensor, step: int, scale: float = 24.0) -> Tensor:
    """Additive angular margin loss (Deng et al., arXiv 1801.07698) of ``vectors`` [B, D] to ``centres`` [K, D].

    The margin grows to .3 rad over the first 300 steps: with it from the start small networks do not begin."""
    cosine = F.normalize(vectors, dim=1) @ F.normalize(centres, dim=1).T
    angle = torch.acos(cosine.clamp(-0.999, 0.999))
    own = F.one_hot(classes, centres.shape[0]).bool()
    margin = 0.3 * min(1.0, step / 300)
    return F.cross_entropy(torch.where(own, torch.cos(angle + margin), cosine) * scale, classes)


def _detector_batch(train: Pictures, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    size, count = BATCHES[int(random.choice(len(BATCHES), p=BATCH_SHARES))]
    canvases = [draw_canvas(train, size, random) for _ in range(count)]
    wanted = [targets(canvas) for canvas in canvases]
    pixels = torch.from_numpy(np.stack([canvas.pixels for canvas in canvases])).permute(0, 3, 1, 2)
    picture = ((pixels.float() - 127.5) / 128).contiguous(memory_format=torch.channels_last)
    kind, geometry = (torch.from_numpy(np.stack([row[part] for row in wanted])) for part in range(2))
    return picture, kind, geometry


def _budget(out: Path, name: str, minutes: float, parts: dict[str, Any]) -> Budget:
    return Budget(out / "checkpoints" / f"{name}.pt", minutes, parts)


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor, network: nn.Module) -> None:
    optimiser.zero_grad()
    loss.backward()
    clip(network.parameters(), 5.0)
    optimiser.step()


def _say(name: str, budget: Budget, losses: list[list[float]], every: int = 200) -> None:
    if len(losses) == every:
        means = " ".join(f"{value:.4f}" for value in np.mean(losses, 0))
        print(f"{name} step {budget.step} {budget.minutes:.1f} min loss {means}", flush=True)
        losses.clear()


def _report(out: Path, name: str, first: int, budget: Budget, figures: dict[str, Any]) -> dict[str, Any]:
    report = {
        "split": first,
        "minutes": round(min(budget.minutes, budget.total), 1),
        "steps": budget.step,
        **{key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()},
    }
    (out / "face_pack" / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(name, json.dumps(report), flush=True)
    return report
