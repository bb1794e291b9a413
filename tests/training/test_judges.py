"""The attribute judge's own alignment of the face, and what its training asks of a picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from facepersona_core.judge import EXPRESSION, FACE_SIDE, TEMPLATE, AttributeNetwork, aligned
from tests.core.face_pictures import people
from training.embedded.judges import _mirrored, _move, classes_of, judge_heads, points_of

SIDE = 128


def spot_of(picture: Tensor) -> Tensor:
    """float [2]: x and y of the middle of the brightness of ``picture`` [H, W], in [-1, 1] of its sides."""
    height, width = picture.shape
    along = [(torch.arange(count) * 2 + 1) / count - 1 for count in (width, height)]
    whole = picture.sum()
    return torch.stack([(picture.sum(0) * along[0]).sum() / whole, (picture.sum(1) * along[1]).sum() / whole])


def spots(points: Tensor) -> Tensor:
    """float [5, 3, SIDE, SIDE]: five pictures, each black but for a soft spot at one of ``points`` [5, 2]."""
    places = (torch.arange(SIDE) * 2 + 1) / SIDE - 1
    x, y = (-((places - points[:, i : i + 1]) ** 2) / 0.002 for i in (0, 1))
    return torch.exp(y[:, :, None] + x[:, None, :])[:, None].expand(-1, 3, -1, -1)


@pytest.mark.parametrize(("turn", "zoom", "shift"), [(0.0, 0.5, (0.1, -0.2)), (0.4, 0.45, (-0.2, 0.1))])
def test_a_turned_moved_and_zoomed_face_is_brought_to_the_template(
    turn: float, zoom: float, shift: tuple[float, float]
) -> None:
    matrix = zoom * torch.tensor([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points = TEMPLATE @ matrix.T + torch.tensor(shift)
    found = aligned(spots(points), points.expand(5, -1, -1))
    assert found.shape == (5, 3, FACE_SIDE, FACE_SIDE)
    for picture, place in zip(found[:, 0], TEMPLATE, strict=True):
        assert torch.allclose(spot_of(picture), place, atol=0.02)


def test_the_expression_is_read_off_the_face_alone() -> None:
    torch.manual_seed(0)
    network = AttributeNetwork(judge_heads()).eval()
    picture = torch.rand(1, 3, SIDE, SIDE) * 2 - 1
    other = picture.clone()
    other[..., -8:] = 0  # outside of what the points below align
    points = 0.5 * TEMPLATE[None] - 0.2
    with torch.inference_mode():
        one, two = network(picture, points), network(other, points)
    assert torch.equal(one[EXPRESSION], two[EXPRESSION])
    assert not torch.equal(one["clothes"], two["clothes"])


def test_moving_and_mirroring_take_the_points_along() -> None:
    random, marks = np.random.default_rng(0), (0, 3)  # an eye, a corner of the mouth
    for label in people().labels[:4]:
        points = np.asarray(label["landmarks5"])
        for mark in marks:
            picture = np.zeros((SIDE, SIDE, 3), np.uint8)
            x, y = np.rint(points[mark]).astype(int)
            picture[y - 2 : y + 3, x - 2 : x + 3] = 255
            moved, told = _move(*_mirrored(picture, label), random)
            at = points_of([told], SIDE)[0]
            nearest = (spot_of(torch.from_numpy(moved[..., 0]).float()) - at).norm(dim=1).argmin()
            assert nearest == {0: 1, 3: 4}[mark]
            assert (spot_of(torch.from_numpy(moved[..., 0]).float()) - at[nearest]).norm() < 0.03


def test_an_expression_of_the_eyes_is_not_asked_behind_sunglasses() -> None:
    label = {**people().labels[0], "glasses": "sunglasses"}
    assert classes_of({**label, "expression": "wink"})["expression"] is None
    assert classes_of({**label, "expression": "laugh"})["expression"] == "laugh"
    assert classes_of({**label, "expression": "wink", "glasses": ""})["expression"] == "wink"
