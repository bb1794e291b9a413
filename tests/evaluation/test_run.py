"""A small run on the bundle that ships: what it writes, how it goes on after an end, what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from facepersona_core.bundle import open_bundle
from facepersona_core.cli import app
from facepersona_core.errors import EvaluationChanged
from facepersona_core.evaluation.figures import FIGURES
from facepersona_core.evaluation.judges import Judges
from facepersona_core.evaluation.prompts import load_prompts
from facepersona_core.evaluation.records import RunFolder
from facepersona_core.evaluation.run import Plan, run, seed_of
from facepersona_core.evaluation.sheet import draw_sheet
from facepersona_core.messages import catalogue
from facepersona_core.settings import Settings
from training.synthetic import references

pytestmark = pytest.mark.slow
PHOTOS = Path(__file__).parents[1] / "data" / "people"
PEOPLE = (990000, 990001)
GALLERY = (990000, 990001, 990002, 990003)
SLOT = frozenset({"smile"})
BUNDLE = Settings.from_environment({}).bundle
THREE = """
[[prompts]]
axis = "clothing"
text = "a photo of S* wearing a red winter coat in the snow"
wanted = { clothes = "coat", cloth_colour = "red", scene = "snow" }
[[prompts]]
axis = "expression"
text = "a photo of S* smiling at the beach"
plain = "a photo of S* at the beach"
wanted = { expression = "smile", scene = "beach" }
[[prompts]]
axis = "pose"
text = "a photo of S* looking to the left in a cafe"
wanted = { pose = "left", scene = "cafe" }
"""
Evaluate = Callable[..., Result]


def photos(gallery: Any, people: Any, out: Path, progress: Any = None) -> None:
    """The test people's pictures in the place of rendered ones."""
    for number in gallery:
        (out / str(number)).mkdir(parents=True, exist_ok=True)
        for source, name in (("00", "reference"), ("01", "1"), ("02", "2")):
            shutil.copy(PHOTOS / str(number) / f"{source}.png", out / str(number) / f"{name}.png")


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prompts") / "three.toml"
    file.write_text(THREE, "utf-8")
    return file


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs ``facepersona evaluate`` with four people in the gallery."""
    environment = {"FACEPERSONA_BUNDLE": str(BUNDLE), "FACEPERSONA_LANGUAGE": "en"}

    def invoke(*arguments: Any, **more: str) -> Result:
        command = ["evaluate", *(str(argument) for argument in arguments)]
        return CliRunner(env={**environment, **more}).invoke(app, command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "GALLERY", GALLERY)
        patch.setattr(references, "render_references", photos)
        yield invoke


@pytest.fixture(scope="module")
def command(prompts: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """Two people, three prompts, four steps, two methods, in a folder of its own."""
    out = tmp_path_factory.mktemp("run") / "evaluation"
    what = ("--people", 2, "--prompts", prompts, "--steps", 4, "--methods", "face2diffusion,class_word")
    return (*what, "--out", out)


@pytest.fixture(scope="module")
def finished(evaluate: Evaluate, command: tuple[Any, ...]) -> Path:
    done = evaluate(*command, "--sheet", "--json")
    assert done.exit_code == 0, done.output
    out: Path = command[-1]
    assert json.loads(done.stdout) == json.loads((out / "report.json").read_text("utf-8"))
    return out


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "rows.jsonl").read_text("utf-8").splitlines()]


def test_a_run_measures_every_picture_once_and_reports(finished: Path) -> None:
    facts = json.loads((finished / "report.json").read_text("utf-8"))
    assert facts["pictures"] == {"face2diffusion": 8, "class_word": 6}  # a smile by words and by the slot
    assert len(lines(finished)) == 8 + 6 + 4  # pictures, and how long each method took to learn each person
    ours = facts["figures"]["face2diffusion"]
    assert set(ours) == {figure.key for figure in FIGURES}
    assert ours["glasses"] is None and facts["figures"]["class_word"]["expression_slot"] is None
    assert ours["scene"]["low"] <= ours["scene"]["value"] <= ours["scene"]["high"]
    assert facts["differences"]["class_word"]["identity"]["value"] == pytest.approx(
        facts["figures"]["class_word"]["identity"]["value"] - ours["identity"]["value"]
    )
    assert facts["enrol_ratio"]["class_word"]["value"] < 1  # it learns nobody
    assert 0 < facts["judge_itself"]["scene"] <= 1
    assert facts["own_photos"]["identity"]["value"] == pytest.approx(1, abs=0.15)  # two people make the ceiling rough
    assert 0 <= facts["own_photos"]["top1"]["value"] <= 1


def test_the_report_in_words_names_every_figure_and_what_was_not_measured(finished: Path) -> None:
    page = (finished / "report.md").read_text("utf-8")
    names = catalogue("en")["evaluation"]["names"]
    assert set(names) == {figure.key for figure in FIGURES}
    assert all(f"| {name} |" in page for name in names.values())
    assert "not measured" in page and "Class word only" in page and "None" not in page


def test_the_sheet_shows_people_and_prompts(finished: Path) -> None:
    assert Image.open(finished / "sheet.png").size == (160 * 4, 160 * 2 + 34)
    square = Image.new("RGB", (8, 8), "red")
    assert draw_sheet(["a photo of S*"], [(square, [square]), ("nobody", [square])], 20).size == (40, 74)


def test_the_same_command_again_makes_nothing_and_speaks_japanese(
    evaluate: Evaluate, command: tuple[Any, ...], finished: Path
) -> None:
    before = (finished / "rows.jsonl").read_bytes()
    again = evaluate(*command, FACEPERSONA_LANGUAGE="ja")
    assert again.exit_code == 0, again.output
    assert (finished / "rows.jsonl").read_bytes() == before
    assert "本人らしさ" in again.stdout and "本人らしさ" in (finished / "report.md").read_text("utf-8")


def test_a_run_that_went_on_elsewhere_names_both_machines(
    evaluate: Evaluate, command: tuple[Any, ...], finished: Path, tmp_path: Path
) -> None:
    shutil.copytree(finished, tmp_path / "moved")
    first, *rest = lines(finished)
    elsewhere = {**first, "machine": {"device": "cuda", "threads": 16}}
    rows = "".join(json.dumps(row) + "\n" for row in [elsewhere, *rest])
    (tmp_path / "moved" / "rows.jsonl").write_text(rows, "utf-8")
    done = evaluate(*command[:-1], tmp_path / "moved")
    assert done.exit_code == 0, done.output
    assert "Timed on cuda, threads 16; cpu, threads" in (tmp_path / "moved" / "report.md").read_text("utf-8")


def test_other_steps_prompts_or_methods_are_told_apart(
    evaluate: Evaluate, command: tuple[Any, ...], finished: Path, tmp_path: Path
) -> None:
    before = (finished / "rows.jsonl").read_bytes()
    other = tmp_path / "other.toml"
    other.write_text(THREE.replace("red", "blue"), "utf-8")
    long = tmp_path / "long.toml"
    long.write_text(THREE.replace("winter", "winter " * 40), "utf-8")
    for more, code, told in (
        (("--prompts", other), "EvaluationChanged", "prompts"),
        (("--steps", 5), "EvaluationChanged", "steps"),
        (("--candidates", 2), "EvaluationChanged", "candidates"),
        (("--candidates", 9), "RequestInvalid", "--candidates"),
        (("--prompts", long), "PromptInvalid", "40"),
        (("--methods", "face2difusion"), "UnknownMethod", "face2difusion"),
        (("--people", 5), "RequestInvalid", "--people"),
        (("--steps", 101), "RequestInvalid", "--steps"),
        (("--prompts", tmp_path / "none.toml"), "RequestInvalid", "none.toml"),
    ):
        refused = evaluate(*command, *more, "--json")
        assert refused.exit_code == 2 and refused.stdout == ""
        error = json.loads(refused.stderr)
        assert error["code"] == code and told in error["text"]
    assert (finished / "rows.jsonl").read_bytes() == before


def test_the_best_of_several_are_measured_apart(
    evaluate: Evaluate, command: tuple[Any, ...], finished: Path, tmp_path: Path
) -> None:
    done = evaluate(*command[:-1], tmp_path / "best", "--candidates", 4, "--json")
    assert done.exit_code == 0, done.output
    once, best = (json.loads((out / "report.json").read_text("utf-8")) for out in (finished, tmp_path / "best"))
    assert (once["candidates"], best["candidates"]) == (1, 4)
    drawn, chosen = finished / "pictures", tmp_path / "best" / "pictures"
    for method, alike in (("class_word", True), ("face2diffusion", False)):
        made = [picture.relative_to(drawn) for picture in sorted((drawn / method).glob("*.webp"))]
        assert made and all((drawn / one).read_bytes() == (chosen / one).read_bytes() for one in made) is alike


def test_a_run_that_was_killed_goes_on_and_comes_to_the_same(prompts: Path, finished: Path, tmp_path: Path) -> None:
    bundle, judges = open_bundle(BUNDLE), Judges(BUNDLE)
    guidance = float(bundle.info["defaults"]["guidance"])
    plan = Plan(PEOPLE[:1], GALLERY, load_prompts(prompts, judges.heads), ("face2diffusion",), 1, 4, guidance, SLOT)
    photos(GALLERY, PEOPLE, tmp_path / "people")

    def killed(fraction: float, stage: str) -> None:
        if stage.startswith("2 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(bundle, judges, plan, RunFolder(tmp_path, plan.facts(bundle, judges)), killed)
    kept = lines(tmp_path)
    assert len(kept) == 3
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"method": "face2diffusion", "per')  # the line that was being written
    folder = RunFolder(tmp_path, plan.facts(bundle, judges))
    run(bundle, judges, plan, folder)
    assert lines(tmp_path)[:3] == kept and len(lines(tmp_path)) == 1 + 4

    def timeless(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in rows if "face" in row]

    whole = [row for row in lines(finished) if (row["method"], row["person"]) == ("face2diffusion", PEOPLE[0])]
    assert timeless(lines(tmp_path)) == timeless(whole)
    with pytest.raises(EvaluationChanged):
        RunFolder(tmp_path, {**plan.facts(bundle, judges), "bundle": "another"})


def test_the_slot_is_asked_only_for_what_method_and_model_can_do(prompts: Path) -> None:
    items = load_prompts(prompts, Judges(BUNDLE).heads)

    def slots(method: str, slot: frozenset[str]) -> list[int]:
        plan = Plan(PEOPLE[:1], GALLERY, items, (method,), 1, 4, 3.0, slot)
        return [cell.prompt for cell in plan.cells if cell.slot]

    assert slots("face2diffusion", SLOT) == [1]
    assert slots("face2diffusion", frozenset({"angry"})) == slots("class_word", SLOT) == []


def test_every_method_gets_the_same_seed_and_every_picture_of_a_person_another(prompts: Path) -> None:
    items = load_prompts(prompts, Judges(BUNDLE).heads)
    cells = Plan(PEOPLE, GALLERY, items, ("class_word", "dreambooth"), 3, 4, 3.0, SLOT).cells
    seeds = [[seed_of(cell) for cell in cells if cell.method == method] for method in ("class_word", "dreambooth")]
    assert seeds[0] == seeds[1] and len(set(seeds[0])) == 2 * 3 * 3
