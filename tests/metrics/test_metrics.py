"""Identity similarity and text match on rendered people, with the judges that ship."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facepersona_core.errors import FacePackMissing, WeightsMissing
from facepersona_core.faces import bundled_face_reader
from facepersona_core.judge import AttributeJudge, open_judge, pose_chances
from facepersona_core.metrics.base import METRICS, Context, build_metric
from facepersona_core.metrics.identity_similarity import IdentitySimilarity
from facepersona_core.metrics.text_match import TextMatch
from facepersona_core.settings import Settings
from facepersona_core.types import Request
from facepersona_core.world import world
from tests.core.face_pictures import people
from tests.metrics.tiny_checker import NEVER, write_checker
from training.embedded.data import Pictures

NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8))


@dataclass(frozen=True)
class Folder:
    """The part of a bundle that a metric reads."""

    path: Path


@pytest.fixture(scope="module")
def bundle() -> Folder:
    return Folder(Settings.from_environment().bundle)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return people()


def ask(prompt: str) -> Context:
    return Context(request=Request(prompt=prompt))


@pytest.mark.parametrize("key", list(METRICS))
def test_every_metric_keeps_the_contract(key: str, bundle: Folder, pictures: Pictures, tmp_path: Path) -> None:
    write_checker(tmp_path, NEVER)
    settings = Settings.from_environment({"FACEPERSONA_SAFETY_CHECKER": str(tmp_path)})
    metric = build_metric(key, bundle, settings)  # type: ignore[arg-type]
    photo = Image.fromarray(pictures.pixels[1])
    references = tuple(bundled_face_reader(bundle.path).read_all(photo))
    context = Context(Request(prompt="a photo of S* smiling at the beach"), references)
    score = metric.score(photo, context)
    assert score == metric.score(photo.copy(), context)
    assert score.metric == metric.card.key
    assert score.value is not None
    assert metric.card.low <= score.value <= metric.card.high
    assert len(score.weights_sha256) == 64


def test_identity_separates_the_person_from_strangers(bundle: Folder, pictures: Pictures) -> None:
    metric = IdentitySimilarity(bundle)  # type: ignore[arg-type]
    reader = bundled_face_reader(bundle.path)
    photos = [Image.fromarray(pixels) for pixels in pictures.pixels]
    same, strangers = [], []
    for person in np.unique(pictures.identities):
        own = np.flatnonzero(pictures.identities == person)
        context = Context(references=tuple(reader.read_all(photos[own[1]])))
        assert metric.score(photos[own[1]], context).value == pytest.approx(
            (1 - metric._floor) / (metric._ceiling - metric._floor), abs=1e-4
        )
        same += [metric.score(photos[own[2]], context).value]
        strangers += [metric.score(photos[i], context).value for i in range(1, 12, 3) if i not in own]
    assert np.mean(np.array(same, float)) > 0.6
    assert abs(np.mean(np.array(strangers, float))) < 0.4


def test_identity_without_a_face_is_none(bundle: Folder, pictures: Pictures) -> None:
    metric = IdentitySimilarity(bundle)  # type: ignore[arg-type]
    references = tuple(bundled_face_reader(bundle.path).read_all(Image.fromarray(pictures.pixels[1])))
    score = metric.score(NOISE, Context(references=references))
    assert score.value is None
    assert score.details == {"faces": 0}
    with pytest.raises(ValueError, match="reference"):
        metric.score(NOISE, Context())


def test_text_match_prefers_the_true_prompt(bundle: Folder, pictures: Pictures) -> None:
    true, false = _true_and_false(bundle, pictures)
    assert true - false > 0.4


def test_text_match_is_sure_of_true_prompts(bundle: Folder, pictures: Pictures) -> None:
    true, false = _true_and_false(bundle, pictures)
    assert true > 0.7
    assert false < 0.3


def _true_and_false(bundle: Folder, pictures: Pictures) -> tuple[float, float]:
    """Mean value under the true prompt of each picture, and under a wrong one."""
    metric = TextMatch(bundle)  # type: ignore[arg-type]
    true, false = [], []
    for pixels, label in zip(pictures.pixels, pictures.labels, strict=True):
        place = world()["scene"][label["scene"]][0]
        clothes = f"{world()['cloth_colour'][label['cloth_colour']][0]} {world()['clothes'][label['clothes']][0]}"
        photo = Image.fromarray(pixels)
        true.append(metric.score(photo, ask(f"a photo of S* in a {clothes} {place}")).value)
        wrong = "in a cafe" if label["scene"] != "cafe" else "at the beach"
        false.append(metric.score(photo, ask(f"a photo of S* in a yellow t-shirt {wrong}")).value)
    return float(np.mean(true)), float(np.mean(false))


def test_text_match_shows_every_attribute(bundle: Folder, pictures: Pictures) -> None:
    metric = TextMatch(bundle)  # type: ignore[arg-type]
    score = metric.score(
        Image.fromarray(pictures.pixels[1]), ask("S* winking in a white coat in the snow, facing left")
    )
    assert set(score.details) == {"scene.snow", "clothes.coat", "cloth_colour.white", "expression.wink", "pose.left"}
    assert score.value == pytest.approx(np.mean(list(score.details.values())))


def test_text_match_without_known_words_is_none(bundle: Folder) -> None:
    metric = TextMatch(bundle)  # type: ignore[arg-type]
    assert metric.score(NOISE, ask("a photo of S* on the moon")).value is None
    assert metric.score(NOISE, Context()).value is None


def test_judge_tells_probabilities(bundle: Folder, pictures: Pictures) -> None:
    judge = open_judge(bundle.path / "judges" / "attributes")
    for chances in judge.judge(Image.fromarray(pictures.pixels[0])).values():
        assert sum(chances.values()) == pytest.approx(1, abs=1e-4)


def test_judge_reads_the_yaw(bundle: Folder, pictures: Pictures) -> None:
    judge = open_judge(bundle.path / "judges" / "attributes")
    read = [judge.read(Image.fromarray(pixels))[1] for pixels in pictures.pixels]
    true = [label["yaw"] for label in pictures.labels]
    assert np.corrcoef(read, true)[0, 1] > 0.9
    assert np.abs(np.subtract(read, true)).mean() < 8


def test_pose_is_symmetric() -> None:
    assert pose_chances(30)["right"] == pose_chances(-30)["left"] > 0.95
    assert pose_chances(0)["front"] > 0.95
    assert pose_chances(11)["right"] == pytest.approx(0.5, abs=0.01)


def test_missing_judges_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing):
        AttributeJudge(tmp_path)
    with pytest.raises(FacePackMissing):
        IdentitySimilarity(Folder(tmp_path))  # type: ignore[arg-type]
