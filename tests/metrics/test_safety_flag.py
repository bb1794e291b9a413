"""The safety flag: what flags, what does not, and what is said when there is no checker or half of one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from facepersona_core.analysis.gates import SAFETY
from facepersona_core.doctor import Check, examine
from facepersona_core.errors import SafetyCheckerMissing, WeightsInvalid, WeightsMissing
from facepersona_core.messages import LANGUAGES
from facepersona_core.metrics import Context, measurable
from facepersona_core.metrics.safety_flag import CONFIGS, WEIGHTS, SafetyFlag
from facepersona_core.settings import Settings
from tests.metrics.tiny_checker import ALWAYS, DEVIATION, MEAN, NEVER, SIDE, published, write_checker
from tests.ui.workplace import SCENE, open_test_workplace

VARIABLE = "FACEPERSONA_SAFETY_CHECKER"
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)) for seed in range(6)
]


def flags(folder: Path) -> list[float | None]:
    metric = SafetyFlag(folder)
    return [metric.score(picture, Context()).value for picture in PICTURES]


def test_a_low_threshold_flags_and_a_high_one_does_not(tmp_path: Path) -> None:
    before = [picture.tobytes() for picture in PICTURES]
    for threshold, value in ((ALWAYS, 1.0), (NEVER, 0.0)):
        write_checker(tmp_path, threshold)
        assert flags(tmp_path) == [value] * len(PICTURES)
    assert [picture.tobytes() for picture in PICTURES] == before


def test_the_flag_is_the_cosine_to_a_concept_against_its_threshold(tmp_path: Path) -> None:
    """The reference: normalised pixels through the network by hand."""
    network = write_checker(tmp_path, NEVER)
    pixels = (np.stack([np.asarray(picture) for picture in PICTURES]) / 255.0 - MEAN) / DEVIATION
    with torch.inference_mode():
        seen = network.vision_model(torch.from_numpy(pixels).permute(0, 3, 1, 2).float()).pooler_output
        cosine = torch.cosine_similarity(network.visual_projection(seen), network.concept_embeds[:1]).numpy()
    lower, upper = np.sort(cosine)[2:4]
    assert upper - lower > 0.01, "the checker rounds to three digits"
    write_checker(tmp_path, float(lower + upper) / 2)
    assert flags(tmp_path) == (cosine > (lower + upper) / 2).astype(float).tolist()


def test_older_weights_files_do_as_well(tmp_path: Path) -> None:
    network = write_checker(tmp_path, ALWAYS)
    torch.save(published(network), tmp_path / WEIGHTS[1])
    first = SafetyFlag(tmp_path).score(PICTURES[0], Context())
    (tmp_path / WEIGHTS[0]).unlink()
    other = SafetyFlag(tmp_path).score(PICTURES[0], Context())
    assert first.value == other.value == 1.0
    assert first.weights_sha256 != other.weights_sha256


@pytest.mark.parametrize("absent", [*CONFIGS, WEIGHTS[0]])
def test_half_a_checker_is_told(tmp_path: Path, absent: str) -> None:
    write_checker(tmp_path, NEVER)
    (tmp_path / absent).unlink()
    with pytest.raises(SafetyCheckerMissing) as caught:
        SafetyFlag(tmp_path)
    assert isinstance(caught.value, WeightsMissing)
    for language in LANGUAGES:
        told = caught.value.text(language)
        assert absent in told and str(tmp_path) in told and VARIABLE in told


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    network = write_checker(tmp_path, NEVER)
    (tmp_path / WEIGHTS[0]).unlink()
    state = {key: value for key, value in published(network).items() if not key.startswith("concept")}
    torch.save(state, tmp_path / WEIGHTS[1])
    with pytest.raises(WeightsInvalid, match="concept_embeds"):
        SafetyFlag(tmp_path)


def test_it_is_measured_only_where_a_folder_is_named(tmp_path: Path) -> None:
    unset = Settings.from_environment({VARIABLE: ""})
    named = Settings.from_environment({VARIABLE: str(tmp_path)})
    assert unset.safety_checker is None and named.safety_checker == tmp_path
    for settings in (unset, named):
        assert Settings.from_environment(settings.to_environment()).safety_checker == settings.safety_checker
    assert measurable(unset) == ["identity_similarity", "text_match"]
    assert measurable(named) == [*measurable(unset), SAFETY]


def test_pictures_are_kept_with_their_flag(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checker(tmp_path / "checker", ALWAYS)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "checker"))
    work = open_test_workplace(tmp_path)
    (made,) = work.studio.generate(work.people.get("Aoi"), "class_word", replace(SCENE, count=1))
    work.close()
    assert {score.metric: score.value for score in made.scores}[SAFETY] == 1.0
    assert np.asarray(Image.open(made.path)).any(), "a flagged picture is not blackened"


def test_the_doctor_tells_whether_there_is_one_and_loads_it(home: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "checker"

    def checked(settings: Settings) -> Check:
        found = examine(settings, lambda host, port: None, sqlite_at_risk=False)
        return next(check for check in found if check.name == "safety_checker")

    unset = checked(home)
    assert unset.state == "ok" and all(VARIABLE in unset.details[language] for language in LANGUAGES)
    assert checked(replace(home, safety_checker=folder)).state == "fail"
    write_checker(folder, NEVER)
    loaded = checked(replace(home, safety_checker=folder))
    assert loaded.state == "ok" and all(str(folder) in loaded.details[language] for language in LANGUAGES)
