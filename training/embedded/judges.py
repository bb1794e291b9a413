"""Trains the attribute judge on rendered pictures, apart from every generator and never used in their training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facepersona_core.judge import EXPRESSION, YAW_SCALE, AttributeNetwork
from facepersona_core.world import age_group, hair_group, world
from training.embedded.budget import Budget
from training.embedded.data import Label, Pictures, flip_label, load_pictures, to_tensor
from training.embedded.face_data import split_people, unstyled
from training.embedded.loop import clip, cosine, half_precision, set_rate

VERSION = "2"
BATCH = 32
PEAK_RATE = 2e-3
COLOURLESS = ("bw", "pencil")
"""Styles in which no colour can be told."""
ONLY_EYES = ("neutral", "closed", "wink")
"""Expressions that the eyes alone tell apart."""
POINT_ERROR = 0.03
"""Deviation by which the points that align a face are moved in training, as a share of half the side: two pixels."""
_UNKNOWN = -100
_WEIGHTS = {"scene": 1.5, "expression": 3.0, "cloth_colour": 1.5, "clothes": 2.0, "gender": 0.5, "age": 0.3}


def judge_heads() -> dict[str, list[str]]:
    """Attribute -> class keys, as the world's table lists them."""
    names = ("scene", "clothes", "cloth_colour", "glasses", "expression", "light", "gender", "hair_colour", "age")
    heads = {name: list(world()[name]) for name in (*names, "style")}
    return {**heads, "beard": ["none", *world()["beard"]], "hair": list(world()["groups"]["hair"])}


def classes_of(label: Label) -> dict[str, str | None]:
    """The class of every head that ``label`` stands for; None where the picture cannot show it."""
    style = label.get("style", "photo")
    grey = style in COLOURLESS
    kind = label["glasses"]
    return {
        **{name: label[name] for name in ("clothes", "light", "gender", "beard")},
        EXPRESSION: None if kind == "sunglasses" and label[EXPRESSION] in ONLY_EYES else label[EXPRESSION],
        "scene": None if grey and label["scene"].startswith("studio") else label["scene"],
        "cloth_colour": None if grey else label["cloth_colour"],
        "hair_colour": None if grey or label["hair"] == "bald" else label["hair_colour"],
        "glasses": ("sunglasses" if kind == "sunglasses" else "glasses") if kind else "none",
        "hair": hair_group(label["hair"]),
        "age": age_group(label["age"]),
        "style": style,
    }


def train_judge(
    data: Path,
    out: Path,
    minutes: float,
    seed: int,
    people: int | None = None,
    start: AttributeNetwork | None = None,
) -> dict[str, Any]:
    """Train for ``minutes`` and write ``out/judges/attributes``; resumes from ``out/checkpoints/judge.pt``.

    ``start``: a network to go on from. Returns the accuracy of every head on held-out people (identities >= the split
    of `split_people`), on sharp photos and on softened ones."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    train, held_out, first = split_people(load_pictures(data, people=people, styled=True))
    network = start or AttributeNetwork(judge_heads())
    network.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=3e-2)
    budget = Budget(out / "checkpoints" / "judge.pt", minutes, {"network": network, "optimiser": optimiser})
    random = np.random.default_rng([seed, budget.step])
    losses: list[float] = []
    while budget.tick():
        set_rate(optimiser, cosine(budget.fraction, budget.step))
        chosen = random.integers(0, len(train), BATCH)
        pixels, labels = _varied(train, chosen, random)
        with half_precision(torch.device("cpu")):
            x = to_tensor(pixels).contiguous(memory_format=torch.channels_last)
            outputs = network(x, _jittered(points_of(labels, x.shape[-1]), random))
        loss = judge_loss(outputs, labels, x.shape[-1])
        optimiser.zero_grad()
        loss.backward()
        clip(network.parameters(), 5.0)
        optimiser.step()
        losses.append(loss.item())
        if len(losses) == 200:
            print(f"judge step {budget.step} {budget.minutes:.1f} min loss {np.mean(losses):.3f}", flush=True)
            losses.clear()
    figures = measure_judge(network, held_out, seed=1)
    facts = {"split": first, "people": len(np.unique(train.identities)), "steps": budget.step}
    save_judge(network, out / "judges" / "attributes", {**facts, **figures})
    print("judge", json.dumps({**facts, **figures}), flush=True)
    return figures


def points_of(labels: list[Label], side: int) -> Tensor:
    """float [N, 5, 2]: the face's points in [-1, 1] of the sides of a picture of ``side`` pixels."""
    points = np.array([label["landmarks5"] for label in labels], np.float32)
    return torch.from_numpy((2 * points + 1) / side - 1)


def _jittered(points: Tensor, random: np.random.Generator) -> Tensor:
    """``points`` [N, 5, 2] as inexact as the network will find them itself."""
    return points + torch.from_numpy(random.normal(0, POINT_ERROR, points.shape).astype(np.float32))


def judge_loss(outputs: dict[str, Tensor], labels: list[Label], side: int) -> Tensor:
    """Weighted cross-entropies of all heads plus smooth L1 of yaw and points in pictures of ``side`` pixels; what a
    picture cannot show is left out."""
    wanted = [classes_of(label) for label in labels]
    total = F.smooth_l1_loss(outputs["yaw"], torch.tensor([label["yaw"] / YAW_SCALE for label in labels])) * 2
    total = total + 10 * F.smooth_l1_loss(outputs["points"], points_of(labels, side), beta=POINT_ERROR)
    for head, classes in judge_heads().items():
        indices = [_UNKNOWN if (key := row[head]) is None else classes.index(key) for row in wanted]
        truth = torch.tensor(indices)
        if (truth != _UNKNOWN).any():
            total = total + _WEIGHTS.get(head, 1.0) * F.cross_entropy(outputs[head], truth, ignore_index=_UNKNOWN)
    return total


def measure_judge(network: AttributeNetwork, held_out: Pictures, seed: int, most: int = 1200) -> dict[str, Any]:
    """Accuracy a head and mean yaw error, on plain photos (``sharp``), softened ones (``soft``) and ``styled`` ones."""
    network.eval()
    random = np.random.default_rng(seed)
    plain = unstyled(held_out)
    plain = plain.select(random.permutation(len(plain))[:most])
    soft = np.stack([soften(pixels, random, always=True) for pixels in plain.pixels])
    drawn = held_out.select(np.array([label.get("style", "photo") != "photo" for label in held_out.labels]))
    figures = {"sharp": _accuracy(network, plain.pixels, plain.labels), "soft": _accuracy(network, soft, plain.labels)}
    return {**figures, "styled": _accuracy(network, drawn.pixels, drawn.labels)} if len(drawn) else figures


def _accuracy(network: AttributeNetwork, pixels: np.ndarray, labels: list[Label]) -> dict[str, float | None]:
    with torch.inference_mode():
        batches = [network(to_tensor(pixels[i : i + 64])) for i in range(0, len(pixels), 64)]
    wanted = [classes_of(label) for label in labels]
    figures: dict[str, float | None] = {}
    for head, classes in judge_heads().items():
        said = torch.cat([batch[head] for batch in batches]).argmax(1).tolist()
        right = [classes[i] == row[head] for i, row in zip(said, wanted, strict=True) if row[head] is not None]
        figures[head] = round(float(np.mean(right)), 4) if right else None
    yaw = torch.cat([batch["yaw"] for batch in batches]).numpy() * YAW_SCALE
    side = pixels.shape[1]
    away = (torch.cat([batch["points"] for batch in batches]) - points_of(labels, side)).norm(dim=2).mean() * side / 2
    figures["points_pixels"] = round(float(away), 2)
    figures["yaw_degrees"] = round(float(np.abs(yaw - [label["yaw"] for label in labels]).mean()), 2)
    return figures


def save_judge(network: nn.Module, folder: Path, figures: dict[str, Any]) -> None:
    """Write ``config.json`` and half-precision ``model.safetensors``."""
    from safetensors.torch import save

    folder.mkdir(parents=True, exist_ok=True)
    halves = {
        key: value.half().contiguous() if value.is_floating_point() else value.contiguous()
        for key, value in network.state_dict().items()
    }
    (folder / "model.safetensors").write_bytes(save(halves))
    config = {"version": VERSION, "resolution": 128, "heads": judge_heads(), "figures": figures}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def _varied(pictures: Pictures, chosen: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, list[Label]]:
    """Pixels and labels of the ``chosen`` pictures: mirrored, moved, softened, colours shifted a little."""
    pixels, labels = [], []
    for index in chosen:
        picture, label = pictures.pixels[index], pictures.labels[index]
        if random.random() < 0.5:
            picture, label = _mirrored(picture, label)
        picture, label = _move(picture, label, random)
        pixels.append(_recolour(soften(picture, random), random))
        labels.append(label)
    return np.stack(pixels), labels


def _mirrored(picture: np.ndarray, label: Label) -> tuple[np.ndarray, Label]:
    points = np.asarray(label["landmarks5"])[[1, 0, 2, 4, 3]] * (-1, 1) + (picture.shape[1] - 1, 0)
    return picture[:, ::-1], {**flip_label(label), "landmarks5": points}


def _move(picture: np.ndarray, label: Label, random: np.random.Generator) -> tuple[np.ndarray, Label]:
    """A small shift, turn and zoom; the border is repeated."""
    side = picture.shape[0]
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), float(random.normal() * 3), float(random.uniform(0.9, 1.15)))
    matrix[:, 2] += random.normal(size=2) * side * 0.03
    moved = cv2.warpAffine(np.ascontiguousarray(picture), matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    points = np.asarray(label["landmarks5"]) @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved), {**label, "landmarks5": points}


def soften(picture: np.ndarray, random: np.random.Generator, always: bool = False) -> np.ndarray:
    """The softness of generated pictures: half of the time smaller and back, blurred, or smoothed within edges."""
    side = picture.shape[0]
    kind = random.random() * (0.5 if always else 1.0)
    if kind < 0.2:
        small = cv2.resize(picture, [int(side / random.uniform(1.2, 2.4))] * 2, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))
    if kind < 0.35:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), float(random.uniform(0.4, 1.4))))
    if kind < 0.43:
        return np.asarray(cv2.medianBlur(picture, int(random.choice([3, 5]))))
    if kind < 0.5:
        return np.asarray(cv2.bilateralFilter(picture, 5, float(random.uniform(20, 60)), 3))
    return picture


def _recolour(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Colours within 8 %, light within 12 %, a little noise and JPEG: a red shirt stays red."""
    gains = random.uniform(0.88, 1.12) * random.uniform(0.94, 1.06, 3)
    noise = random.normal(size=picture.shape).astype(np.float32) * random.uniform(0, 6)
    shifted = np.clip(picture * gains + random.uniform(-8, 8) + noise, 0, 255).astype(np.uint8)
    if random.random() > 0.25:
        return shifted
    coded = cv2.imencode(".jpg", shifted[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(40, 92))])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))[..., ::-1])
