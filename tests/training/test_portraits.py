"""What the text-to-image stage looks at: framed pictures, captions that say what is unusual, names with a slot."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from tests.core.face_pictures import PEOPLE
from training.embedded import autoencoder
from training.embedded.captions import TURNED_DEGREES, caption, world
from training.embedded.data import FACE_CENTRE, FRAMED_ZOOM, GAZE_X, flip_label, frame, load_pictures
from training.embedded.latents import encode, visibility
from training.embedded.names import Names, person_features, slots
from training.embedded.text_to_image import TextToImageConfig, draw_timesteps, loss_weight
from training.synthetic.expression import COEFFICIENTS, EXPRESSIONS


@pytest.fixture(scope="module")
def plain():  # type: ignore[no-untyped-def]
    return load_pictures(PEOPLE)


def _middle(label: dict) -> np.ndarray:  # type: ignore[type-arg]
    points = np.asarray(label["landmarks5"])
    return (points[:2].mean(0) + points[3:].mean(0)) / 2


def test_framing_brings_faces_that_look_ahead_to_one_place_and_size(plain) -> None:  # type: ignore[no-untyped-def]
    framed = load_pictures(PEOPLE, framed=True)
    ahead = [i for i, label in enumerate(plain.labels) if abs(label["yaw"]) < 8]
    assert len(ahead) >= 4
    middles = np.array([_middle(framed.labels[i]) for i in ahead])
    size = plain.pixels.shape[1]
    assert np.abs(middles[:, 0] - FACE_CENTRE[0] * size).max() < 1
    assert middles.std(0).sum() < 0.6 * np.array([_middle(plain.labels[i]) for i in ahead]).std(0).sum()
    assert {label["zoom"] for label in framed.labels} == {FRAMED_ZOOM}


def test_framed_labels_lie_on_the_same_pixels(plain) -> None:  # type: ignore[no-untyped-def]
    for pixels, mask, label in list(zip(plain.pixels, plain.masks, plain.labels, strict=True))[:8]:
        cut, head, moved = frame(pixels, mask, label)
        for before, after in zip(label["landmarks5"], moved["landmarks5"], strict=True):
            (x, y), (u, v) = np.round(before).astype(int), np.round(after).astype(int)
            if not 2 <= min(x, y, u, v) <= max(x, y, u, v) < len(cut) - 2:
                continue  # cut off: the head is turned too far
            was = pixels[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).mean(0)
            now = cut[v - 2 : v + 3, u - 2 : u + 3].reshape(-1, 3).mean(0)
            assert np.abs(was - now).max() < 22
            assert head[v, u] == mask[y, x]


def test_mirroring_a_label_turns_the_gaze() -> None:
    vector = [0.0] * len(COEFFICIENTS)
    vector[GAZE_X] = 0.2
    label = {"yaw": 5.0, "roll": 1.0, "light": "left", "expression_vector": vector}
    mirrored = flip_label(label)
    assert mirrored["expression_vector"][GAZE_X] == -0.2
    assert (mirrored["yaw"], mirrored["light"]) == (-5.0, "right")
    assert flip_label(mirrored) == label


@pytest.mark.parametrize(
    ("change", "head", "key"),
    [
        ({"expression": "laugh"}, "expression", "laugh"),
        ({"light": "rim"}, "light", "rim"),
        ({"yaw": -TURNED_DEGREES - 1}, "pose", "left"),
        ({"glasses": "sunglasses"}, "glasses", "sunglasses"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_what_is_unusual_is_always_said(plain, change, head, key, named) -> None:  # type: ignore[no-untyped-def]
    label = {**plain.labels[0], "style": "photo", "glasses": None, "yaw": 0.0, **change}
    source = random.Random(3)
    texts = [caption(label, source, named) for _ in range(200)]
    assert all(any(phrase in text for phrase in world()[head][key]) for text in texts)


def test_the_slot_takes_the_expression_out_of_the_words(plain) -> None:  # type: ignore[no-untyped-def]
    label = {**plain.labels[0], "style": "photo", "expression": "angry"}
    source = random.Random(4)
    texts = [caption(label, source, named=True, in_words=False) for _ in range(100)]
    assert not any("angry" in text for text in texts)


def test_names_hear_the_slot_only_where_it_is_told() -> None:
    torch.manual_seed(0)
    features = person_features([3, 4])
    names = Names(features.shape[1], 8)
    laugh = torch.tensor([EXPRESSIONS["laugh"].vector()] * 2)
    told, silent = slots(laugh, torch.tensor([True, False])), slots(torch.zeros(2, 20), torch.tensor([False, False]))
    assert told.shape == (2, len(COEFFICIENTS) + 1)
    with torch.no_grad():
        assert torch.equal(names(features, told)[1], names(features, silent)[1])
        assert not torch.allclose(names(features, told)[0], names(features, silent)[0])


def test_timesteps_cover_all_and_favour_the_middle() -> None:
    t = draw_timesteps(20_000, torch.Generator().manual_seed(0))
    assert 0 <= int(t.min()) < 20 and 979 < int(t.max()) <= 999
    assert 0.52 < float(((t > 250) & (t < 750)).float().mean()) < 0.68


def test_what_is_seen_weighs_more_than_texture(plain) -> None:  # type: ignore[no-untyped-def]
    model = autoencoder.build(autoencoder.AutoencoderConfig(channels=(8, 8, 16, 16)), 128)
    autoencoder.start_as_identity(model)  # three channels are the picture made small, the others nothing yet
    mean, _ = encode(plain.select(np.arange(4)), model)
    weight = visibility(model, mean[0])
    assert weight.mean() == pytest.approx(1)
    assert weight.sort(descending=True).values[:3].sum() > 0.9 * weight.sum()


def test_the_loss_weighs_most_between_eyes_and_mouth() -> None:
    config = TextToImageConfig(head_weight=3.0, features_weight=3.0)
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 3:14, 4:12] = 1
    weight = loss_weight(mask, config)[0, 0]
    assert weight[0, 0] == 1
    assert weight.argmax() in (7 * 16 + 7, 7 * 16 + 8)
    assert 8 < weight.max() <= 9
    assert weight[13, 4] < 4
