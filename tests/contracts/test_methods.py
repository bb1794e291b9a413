"""What every method must do, on real components at tiny size."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facepersona_core.bundle import Bundle, open_bundle
from facepersona_core.diffusion import seeds_of
from facepersona_core.errors import ExpressionInvalid, PromptInvalid, RequestInvalid, UnknownMethod, WeightsMissing
from facepersona_core.methods import METHODS, Method, build_method
from facepersona_core.methods.dreambooth import DreamBooth
from facepersona_core.methods.textual_inversion import TextualInversion
from facepersona_core.types import Face, Persona, Request, Usability

REQUEST = Request("a photo of S* smiling at the beach", seed=5, count=2, steps=2, guidance=2.0)


def face(seed: int) -> Face:
    """Noise in the shape of a face: methods must not care whether it is pretty."""
    random = np.random.default_rng(seed)
    return Face(
        aligned=random.integers(0, 255, (112, 112, 3), dtype=np.uint8),
        crop=random.integers(0, 255, (150, 130, 3), dtype=np.uint8),
        landmarks=np.zeros((5, 2), np.float32),
        box=(0.0, 0.0, 90.0, 110.0),
        detection_score=0.9,
        embedding=np.ones(8, np.float32),
        usability=Usability("good", (), 90.0, 4.5, 200.0, 0.0, 0.2, 0.0, 0.0, 0.3, -0.5),
    )


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return open_bundle(tiny_bundle)


def build(key: str, bundle: Bundle) -> Method:
    """The method, fine-tuning for two steps only."""
    if key == "textual_inversion":
        return TextualInversion(bundle, steps=2)
    return DreamBooth(bundle, steps=2) if key == "dreambooth" else build_method(key, bundle)


@pytest.fixture(params=list(METHODS), scope="module")
def enrolled(request, bundle: Bundle) -> tuple[Method, Persona]:
    method = build(request.param, bundle)
    return method, method.enrol([face(1)] if method.card.uses_identity else [])


def pixels(method: Method, persona: Persona, request: Request) -> list[np.ndarray]:
    return [np.asarray(picture) for picture in method.generate(persona, request)]


def test_pictures_have_the_bundles_size_and_the_seed_alone_decides(enrolled, bundle) -> None:
    method, persona = enrolled
    both = pixels(method, persona, REQUEST)
    size = bundle.info["resolution"]
    assert [p.shape for p in both] == [(size, size, 3)] * 2
    assert not np.array_equal(both[0], both[1])
    second = pixels(method, persona, replace(REQUEST, seed=6, count=1))[0]
    np.testing.assert_array_equal(second, both[1])


def test_persona_is_stable_and_its_key_is_the_persons(enrolled) -> None:
    method, persona = enrolled
    again = method.enrol([face(1)])
    other = method.enrol([face(2)])
    assert persona.method == method.card.key
    assert again.key == persona.key
    assert (other.key != persona.key) == method.card.uses_identity
    for name, tensor in persona.tensors.items():
        np.testing.assert_array_equal(tensor, again.tensors[name])


def test_another_person_is_another_picture_unless_nobody_is_looked_at(enrolled) -> None:
    method, persona = enrolled
    one = replace(REQUEST, count=1)
    other = pixels(method, method.enrol([face(2)]), one)[0]
    assert np.array_equal(other, pixels(method, persona, one)[0]) != method.card.uses_identity


def test_the_frozen_model_is_left_as_found(enrolled, bundle) -> None:
    method, persona = enrolled
    unet, embeddings = bundle.pipeline.unet, bundle.pipeline.text_encoder.embeddings
    before = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
    method.enrol([face(3)])
    pixels(method, persona, replace(REQUEST, count=1))
    assert bundle.pipeline.unet is unet
    assert not embeddings._forward_hooks
    assert all(tensor.equal(before[name]) for name, tensor in unet.state_dict().items())
    assert not any(p.requires_grad for p in unet.parameters())


def test_who_iterates_may_change_threads(enrolled) -> None:
    """A web server asks for each picture on whatever thread is free."""
    method, persona = enrolled
    pictures = method.generate(persona, REQUEST)
    made = []
    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            made.append(np.asarray(pool.submit(next, pictures).result(timeout=60)))
    np.testing.assert_array_equal(made[1], pixels(method, persona, REQUEST)[1])


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"prompt": "a photo of a cat"}, PromptInvalid, "does not contain"),
        ({"prompt": "S* and S*"}, PromptInvalid, "2 times"),
        ({"prompt": " "}, PromptInvalid, "empty"),
        ({"prompt": "a photo of S* " + "very " * 60}, PromptInvalid, "tokens long"),
        ({"steps": 0}, RequestInvalid, "steps is 0"),
        ({"seed": -1}, RequestInvalid, "seed is -1"),
        ({"count": 17}, RequestInvalid, "count is 17"),
        ({"guidance": 0.5}, RequestInvalid, "guidance is 0.5"),
        ({"strength": 2.0}, RequestInvalid, "strength is 2.0"),
        ({"candidates": 9}, RequestInvalid, "candidates is 9"),
        ({"expression": "yawning"}, RequestInvalid, "expression is yawning"),
        ({"expression": "smile", "expression_vector": (0.0,) * 20}, ExpressionInvalid, "given twice"),
    ],
)
def test_a_bad_request_is_refused_before_any_work(enrolled, change, error, says) -> None:
    method, persona = enrolled
    with pytest.raises(error, match=says):
        next(iter(method.generate(persona, replace(REQUEST, **change))))


def test_the_drawings_of_a_picture_begin_with_its_own_seed_and_are_drawn_as_if_alone(enrolled) -> None:
    method, persona = enrolled
    made = pixels(method, persona, replace(REQUEST, candidates=2))
    seeds = [*seeds_of(5, 2), *seeds_of(6, 2)]
    alone = [pixels(method, persona, replace(REQUEST, seed=seed, count=1))[0] for seed in seeds]
    assert len(made) == 4
    for one, other in zip(made, alone, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 2  # a batch rounds differently
    assert (made[0] != made[1]).any()


def test_progress_reaches_one(enrolled) -> None:
    method, persona = enrolled
    heard: list[float] = []
    list(method.generate(persona, REQUEST, lambda fraction, stage: heard.append(fraction)))
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_strength_zero_is_the_class_word(bundle) -> None:
    method, plain = build_method("face2diffusion", bundle), build_method("class_word", bundle)
    one = replace(REQUEST, count=1)
    ours = pixels(method, method.enrol([face(1)]), replace(one, strength=0.0))[0]
    class_word = pixels(plain, plain.enrol([]), one)[0]
    assert np.abs(ours.astype(int) - class_word).max() <= 1


def test_the_expression_slot_changes_the_picture(bundle) -> None:
    method = build_method("face2diffusion", bundle)
    persona, one = method.enrol([face(1)]), replace(REQUEST, count=1)
    names = sorted(bundle.expressions)
    first, second = (pixels(method, persona, replace(one, expression=name))[0] for name in names[:2])
    assert not np.array_equal(first, second)


def test_coefficients_do_what_their_name_does_and_fit_the_slot(bundle) -> None:
    method = build_method("face2diffusion", bundle)
    persona, one = method.enrol([face(1)]), replace(REQUEST, count=1)
    name, vector = next(iter(bundle.expressions.items()))
    named, told = (
        pixels(method, persona, replace(one, **change))[0]
        for change in ({"expression": name}, {"expression_vector": tuple(vector.tolist())})
    )
    np.testing.assert_array_equal(named, told)
    with pytest.raises(ExpressionInvalid, match="has 2 coefficients, but this model's expression slot takes 20"):
        next(iter(method.generate(persona, replace(one, expression_vector=(0.0, 0.0)))))


def test_unknown_method_and_missing_bundle_say_what_to_do(bundle, tmp_path) -> None:
    with pytest.raises(UnknownMethod, match="face2diffusion, textual_inversion"):
        build_method("magic", bundle)
    with pytest.raises(WeightsMissing, match=r"bundle\.json is missing"):
        open_bundle(tmp_path / "nowhere")
