"""The command line over real stores and real networks at tiny size: what it prints, writes, refuses."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.main import get_command
from typer.testing import CliRunner, Result

from facepersona_core.cli import app
from facepersona_core.composition import Workplace, open_workplace
from facepersona_core.messages import LANGUAGES, text
from facepersona_core.settings import Settings
from facepersona_core.studio import Studio
from facepersona_core.study.design import Cell, PromptItem, StudyPlan, dump_plan
from facepersona_core.types import Request, json_digest
from storage import Vote

PHOTOS = Path(__file__).parents[1] / "data" / "people"
BEACH = "a photo of S* smiling at the beach"
JA = {"FACEPERSONA_LANGUAGE": "ja"}
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def environment(tiny_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a shell with a home of its own would have."""
    home = tmp_path_factory.mktemp("cli")
    return {"FACEPERSONA_HOME": str(home), "FACEPERSONA_BUNDLE": str(tiny_bundle), "FACEPERSONA_LANGUAGE": "en"}


@pytest.fixture(scope="module")
def run(environment: dict[str, str]) -> Run:
    """Runs ``facepersona`` with arguments; keyword arguments are more environment. Two people are enrolled."""

    def invoke(*arguments: Any, **more: str) -> Result:
        return CliRunner(env={**environment, **more}).invoke(app, [str(argument) for argument in arguments])

    for name, folder in zip(("Test Aoi", "Test Ben"), sorted(PHOTOS.iterdir()), strict=False):
        added = invoke("people", "add", name, folder / "00.png", "--synthetic")
        assert added.exit_code == 0, added.output
    return invoke


def answer(result: Result) -> Any:
    """The JSON on stdout of a run that must have worked."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(result: Result) -> dict[str, str]:
    """The JSON on stderr of a run that must have been refused."""
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert result.stdout == ""
    told: dict[str, str] = json.loads(result.stderr)
    return told


def photo(number: int) -> Path:
    return sorted(PHOTOS.iterdir())[number] / "00.png"


def test_people_are_added_with_what_was_seen_and_listed(run: Run) -> None:
    added = answer(run("people", "add", "Cho", photo(2), "--consent-by", "Cho", "--json"))
    assert added["photos"][0]["used"] and added["photos"][0]["level"] in ("good", "fair", "poor")
    listed = {person["name"]: person for person in answer(run("people", "--json"))}
    assert listed["Cho"]["kind"] == "consented"
    assert listed["Test Aoi"]["kind"] == "synthetic"
    assert answer(run("people", "list", "--json")) == list(listed.values())
    assert "Test Aoi  person" in run("people").stdout


def test_consent_is_kept_with_the_text_that_was_shown(run: Run, environment: dict[str, str]) -> None:
    answer(run("people", "add", "Dai", photo(3), "--consent-by", "Dai's guardian", "--json", FACEPERSONA_LANGUAGE="ja"))
    workplace = open_workplace(Settings.from_environment(environment))
    (consent,) = workplace.people.consents(workplace.people.get("Dai").id)
    workplace.close()
    assert (consent.form.confirmed_by, consent.form.language) == ("Dai's guardian", "ja")


def test_generate_writes_pictures_and_recipes_that_stay_the_same(run: Run, tmp_path: Path) -> None:
    command = (
        "generate",
        "--person",
        "Test Aoi",
        "--prompt",
        BEACH,
        "--method",
        "face2diffusion",
        "--seed",
        7,
        "-n",
        4,
    )
    first = answer(run(*command, "--out", tmp_path / "one", "--json"))["pictures"]
    again = answer(run(*command, "--out", tmp_path / "two", "--json"))["pictures"]
    assert [picture["seed"] for picture in first] == [7, 8, 9, 10]
    assert not any(picture["reused"] for picture in first) and all(picture["reused"] for picture in again)
    stems = [f"Test_Aoi_face2diffusion_{one['seed']}_{one['recipe_hash'][:8]}" for one in first]
    names = [f"{stem}.{kind}" for stem in stems for kind in ("png", "json")]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(names)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    recipe = json.loads(Path(first[0]["recipe"]).read_text("utf-8"))
    assert recipe["request"]["prompt"] == BEACH and recipe["request"]["steps"] == 2
    assert set(first[0]["scores"]) == {"identity_similarity", "text_match"}


def test_the_best_of_several_is_asked_for_by_an_option(run: Run, tmp_path: Path) -> None:
    (made,) = answer(run(*asked(seed=7, out=tmp_path), "--candidates", 2, "--json"))["pictures"]
    recipe = json.loads(Path(made["recipe"]).read_text("utf-8"))
    assert recipe["request"]["candidates"] == 2 and "detector" in recipe


def test_the_same_recipe_in_another_home_gives_the_same_picture(run: Run, tmp_path: Path) -> None:
    command = ("generate", "--person", "Test Aoi", "--prompt", BEACH, "--seed", 7, "--json", "--out")
    answer(run(*command, tmp_path / "here"))
    elsewhere = {"FACEPERSONA_HOME": str(tmp_path / "home")}
    answer(run("people", "add", "Test Aoi", photo(0), "--synthetic", "--json", **elsewhere))
    made = answer(run(*command, tmp_path / "there", **elsewhere))["pictures"][0]
    assert not made["reused"]
    here, there = (np.asarray(Image.open(tmp_path / place / Path(made["file"]).name)) for place in ("here", "there"))
    assert np.array_equal(here, there)


def test_the_expression_of_a_photo_is_kept_in_the_recipe_and_the_photo_is_not(run: Run, tmp_path: Path) -> None:
    command = asked(seed=7, out=tmp_path)
    plain = json.loads(Path(answer(run(*command, "--json"))["pictures"][0]["recipe"]).read_text("utf-8"))
    (taken,) = answer(run(*command, "--expression-photo", photo(1), "--json"))["pictures"]
    recipe = json.loads(Path(taken["recipe"]).read_text("utf-8"))
    assert not taken["reused"]
    vector = recipe["request"].pop("expression_vector")
    assert len(vector) == 20
    assert recipe == plain, "the coefficients are all that is added"
    assert photo(1).name not in Path(taken["recipe"]).read_text("utf-8")
    again = answer(run(*command, "--expression-photo", photo(1), "--json"))["pictures"][0]
    assert again["reused"] and again["recipe_hash"] == taken["recipe_hash"]
    request = Request(**plain["request"], expression_vector=tuple(vector))
    assert json_digest({**plain, "request": request.to_json()}) == taken["recipe_hash"]


def test_an_expression_that_cannot_be_taken_is_refused(run: Run, tiny_bundle: Path, tmp_path: Path) -> None:
    for part in tiny_bundle.iterdir():
        if part.name != "expression_encoder":
            (tmp_path / part.name).symlink_to(part)
    grey = tmp_path / "grey.png"
    grey.write_bytes(_png(Image.new("RGB", (300, 300), (128, 128, 128))))
    taken = asked(**{"expression-photo": photo(1)})
    for arguments, code, said, more in (
        ([*taken, "--expression", "smile"], "ExpressionInvalid", 'by name ("smile") and by a photo', {}),
        (asked(**{"expression-photo": grey}), "NoFaceFound", "grey.png", {}),
        (taken, "ExpressionInvalid", "no expression encoder", {"FACEPERSONA_BUNDLE": str(tmp_path)}),
    ):
        told = refusal(run(*arguments, "--json", **more))
        assert told["code"] == code and said in told["text"]
        japanese = refusal(run(*arguments, "--json", **more, **JA))
        assert japanese["code"] == code and japanese["text"] != told["text"]


def test_methods_are_compared_on_the_same_seed(run: Run, tmp_path: Path) -> None:
    methods = ("--method", "face2diffusion", "--method", "class_word")
    result = run("generate", "--person", "Test Ben", "--prompt", BEACH, *methods, "--out", tmp_path)
    assert result.exit_code == 0, result.output
    files = [Path(line.split("  ")[0]) for line in result.stdout.splitlines()]
    assert [file.stem.rpartition("_")[0] for file in files] == ["Test_Ben_face2diffusion_0", "Test_Ben_class_word_0"]
    assert all(file.parent == tmp_path and file.is_file() for file in files)


def test_another_prompt_with_the_same_seed_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    for prompt in (BEACH, BEACH.replace("beach", "cafe")):
        answer(run(*asked("Test Ben", prompt, out=tmp_path), "--json"))
    recipes = [json.loads(path.read_text("utf-8")) for path in tmp_path.glob("*.json")]
    assert {recipe["request"]["prompt"] for recipe in recipes} == {BEACH, BEACH.replace("beach", "cafe")}


def asked(person: str = "Test Aoi", prompt: str = BEACH, **options: Any) -> list[Any]:
    more = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ["generate", "--person", person, "--prompt", prompt, *more]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (asked(prompt="a photo at the beach"), "PromptInvalid", "does not contain S*"),
        (asked(prompt="S* and S* at the beach"), "PromptInvalid", "S* 2 times"),
        (asked(prompt=" "), "PromptInvalid", "it is empty"),
        (asked(prompt=f"a photo of S* {'very ' * 40}happy"), "PromptInvalid", "40"),
        (asked(person="Nobody"), "UnknownPerson", "Test Aoi, Test Ben"),
        (asked(method="magic"), "UnknownMethod", "face2diffusion"),
        (asked(count=17), "RequestInvalid", "count is 17"),
        (asked(expression="sneezing"), "RequestInvalid", "sneezing"),
        (["study", "show", "nothing"], "UnknownStudy", "nothing"),
        (["rank", "nothing"], "UnknownStudy", "nothing"),
        (["rate-export", "nothing", "--out", "votes.xlsx"], "RequestInvalid", "*.csv, *.parquet"),
        (["people", "add", "Eve", photo(0)], "ConsentMissing", "Eve"),
        (["people", "add", "Test Aoi", photo(0), "--synthetic"], "NameTaken", "Test Aoi"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, arguments: list[Any], code: str, said: str) -> None:
    told = refusal(run(*arguments, "--json"))
    assert told["code"] == code
    assert said in told["text"]
    plain = run(*arguments)
    assert plain.exit_code == 2
    assert plain.stderr == f"facepersona: {told['text']}\n"
    assert run(*arguments, FACEPERSONA_LANGUAGE="ja").stderr != plain.stderr


def test_bad_photos_are_refused_with_the_reason(run: Run, tmp_path: Path) -> None:
    people = [Image.open(photo(number)).convert("RGB").resize((240, 240)) for number in (0, 1)]
    two = Image.new("RGB", (500, 300), (120, 130, 140))
    for place, one in enumerate(people):
        two.paste(one, (5 + 250 * place, 30))
    jpeg = BytesIO()
    people[0].save(jpeg, "JPEG")
    files = {
        "text.png": (b"not a picture", "PhotoRefused"),
        "cut.jpg": (jpeg.getvalue()[:2000], "PhotoRefused"),
        "grey.png": (_png(Image.new("RGB", (300, 300), (128, 128, 128))), "NoFaceFound"),
        "two.png": (_png(two), "SeveralFaces"),
    }
    for name, (data, code) in files.items():
        (tmp_path / name).write_bytes(data)
        told = refusal(run("people", "add", "Eve", tmp_path / name, "--synthetic", "--json"))
        assert told["code"] == code and name in told["text"]


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_missing_bundle_and_a_folder_that_is_none(run: Run, tmp_path: Path) -> None:
    assert refusal(run(*asked(), "--json", FACEPERSONA_BUNDLE=str(tmp_path)))["code"] == "WeightsMissing"
    (tmp_path / "file").write_text("")
    blocked = str(tmp_path / "file")
    assert refusal(run("people", "--json", FACEPERSONA_HOME=blocked))["code"] == "FolderNotWritable"
    assert refusal(run(*asked(out=blocked), "--json"))["code"] == "FolderNotWritable"


def test_serve_says_that_the_port_is_in_use(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        told = refusal(run("serve", "--port", port, "--json"))
        report = run("doctor", "--json", FACEPERSONA_PORT=port)
    assert told["code"] == "PortInUse" and port in told["text"]
    states = {check["check"]: check["state"] for check in json.loads(report.stdout)["checks"]}
    assert report.exit_code == 1 and states["port"] == "fail"
    assert refusal(run("serve", "--json", FACEPERSONA_PORT="many"))["code"] == "RequestInvalid"


PLAN = StudyPlan(
    name="cli",
    title={"en": "From the command line", "ja": "コマンドライン"},
    people=("Test Aoi", "Test Ben"),
    prompts=(PromptItem("context", "a photo of S* at the beach"), PromptItem("expression", "a photo of S* smiling")),
    methods=("face2diffusion", "class_word"),
    seeds=(3,),
    overlap=2,
    raters=2,
    gold_every=0,
    repeat_every=0,
)


def test_a_study_from_the_plan_to_the_ranking(run: Run, environment: dict[str, str], tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    dump_plan(PLAN, plan)
    before = answer(run("study", "plan", plan, "--json"))
    assert (before["pictures"], before["votes"], before["hours"]) == (8, 8, None)
    assert before["doubled"]["prompts"]["half_width"] < before["precision"]["half_width"]
    for words, language in (("not measured yet", {}), ("未測定", JA)):
        assert words in run("study", "plan", plan, **language).stdout
    started = answer(run("study", "start", plan, "--json"))
    assert (started["phase"], started["waiting"], started["seconds_left"]) == ("waiting", 8, None)
    assert answer(run("study", "pause", "cli", "--json"))["phase"] == "paused"
    assert answer(run("study", "work", "--json"))[0]["done"] == 0, "it is paused"
    ready = answer(run("study", "run", plan, "--json"))
    assert (ready["pictures"], ready["pairs"], ready["votes"], ready["phase"]) == (8, 4, 0, "open")
    assert answer(run("study", "run", plan, "--json")) == ready, "started again, there is nothing left to do"
    dump_plan(replace(PLAN, seeds=(4,)), plan)
    assert refusal(run("study", "run", plan, "--json"))["code"] == "StudyExists"
    assert 0 < answer(run("study", "plan", plan, "--json"))["hours"] < 1, "now it is measured"
    assert answer(run("rank", "cli", "--json"))["comparisons"] == 0
    _rate(environment)

    assert "cli" in [study["name"] for study in answer(run("study", "list", "--json"))]
    shown = answer(run("study", "show", "cli", "--json"))
    assert shown["votes"] == 8 and shown["plan"]["methods"] == list(PLAN.methods)
    assert "[context] a photo of S* at the beach" in run("study", "show", "cli").stdout

    for name, read in (("votes.csv", pd.read_csv), ("votes.parquet", pd.read_parquet)):
        exported = answer(run("rate-export", "cli", "--out", tmp_path / "deep" / name, "--json"))
        assert exported["votes"] == 8 and exported["rows"] == 16 == len(read(tmp_path / "deep" / name))

    ranking = answer(run("rank", "cli", "--json"))
    assert ranking["axes"]["identity"]["standings"][0]["method"] == "face2diffusion"
    assert ranking["machine"] is not None
    table = run("rank", "cli", FACEPERSONA_LANGUAGE="ja").stdout
    assert text("cli.axis.identity", "ja") in table and "face2diffusion" in table


def test_a_study_with_pictures_that_fail_says_why_and_opens_on_demand(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise MemoryError("no room")

    plan = tmp_path / "plan.toml"
    dump_plan(replace(PLAN, name="gaps"), plan)
    generate = Studio.generate
    with monkeypatch.context() as patch:
        patch.setattr(
            Studio,
            "generate",
            lambda studio, person, method, request: (broken if request.prompt.endswith("smiling") else generate)(
                studio, person, method, request
            ),
        )
        failed = run("study", "run", plan)
    assert failed.exit_code == 1 and "pictures failed" in failed.stdout and "MemoryError: no room" in failed.stdout
    told = answer(run("study", "status", "gaps", "--json"))
    assert (told["phase"], told["done"], told["failed"]) == ("stuck", 4, 4)
    assert {failure["code"] for failure in told["failures"]} == {"WorkFailed"}
    assert "作成できなかった画像" in run("study", "status", **JA).stdout
    opened = answer(run("study", "run", plan, "--open-with-gaps", "--json"))
    assert (opened["phase"], opened["pictures"], opened["pairs"]) == ("open", 4, 2)
    assert refusal(run("study", "retry", "nothing", "--json"))["code"] == "UnknownStudy"
    assert "not" not in run("study", "retry", "gaps").stdout


def _rate(environment: dict[str, str]) -> None:
    """Two raters who recognise the person in the first picture of every pair: Face2Diffusion's."""
    workplace = open_workplace(Settings.from_environment(environment))
    study = workplace.studies.get("cli")
    first_picture = {
        pair.id: _pixels(workplace, study.id, pair.pair.first) for pair in workplace.studies.pairs(study.id)
    }
    for name in ("r1", "r2"):
        rater = workplace.ratings.join(study.id, name, "en")
        while assignment := workplace.ratings.next(rater.id):
            left = Image.open(workplace.ratings.rater_file(rater.token, assignment.left_key)).convert("RGB")
            side = "left" if np.array_equal(left, first_picture[assignment.pair_id]) else "right"
            workplace.ratings.vote(rater.id, assignment.id, Vote(side, "tie", True, False, 2.0))
    workplace.close()


def _pixels(workplace: Workplace, study_id: int, cell: Cell) -> np.ndarray:
    record = workplace.pictures.get(workplace.studies.pictures(study_id)[cell])
    return np.asarray(Image.open(workplace.pictures.image_path(record)).convert("RGB"))


def test_the_doctor_finds_all_well_or_what_is_wrong(run: Run, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = str(probe.getsockname()[1])
    well = answer(run("doctor", "--json", FACEPERSONA_PORT=free))
    assert well["ok"] and {check["state"] for check in well["checks"]} <= {"ok", "warn"}
    ill = run("doctor", FACEPERSONA_PORT=free, FACEPERSONA_BUNDLE=str(tmp_path), FACEPERSONA_LANGUAGE="ja")
    assert ill.exit_code == 1
    assert "問題" in ill.stdout and "モデルバンドル" in ill.stdout and "bundle.json" in ill.stdout


def test_every_command_and_option_has_a_help_text_in_both_languages() -> None:
    def walk(command: Any, key: str) -> None:
        for language in LANGUAGES:
            assert text(f"cli.commands.{key}", language)
            for parameter in command.params:
                assert text(f"cli.options.{parameter.name}", language)
        for name, inner in getattr(command, "commands", {}).items():
            walk(inner, f"{key}_{name}".removeprefix("facepersona_").replace("-", "_"))

    walk(get_command(app), "facepersona")


def test_help_speaks_the_persons_language(run: Run) -> None:
    assert text("cli.commands.generate", "ja") in run("generate", "--help", FACEPERSONA_LANGUAGE="ja").stdout
    assert "Make pictures of a person" in run("generate", "--help", FACEPERSONA_LANGUAGE="", LANG="C.UTF-8").stdout


def test_the_core_loads_neither_models_nor_screens_nor_stores() -> None:
    program = (
        "import sys, facepersona_core.cli, facepersona_core.methods, facepersona_core.metrics, facepersona_core.studio;"
        "print([name for name in ('torch', 'gradio', 'sqlalchemy', 'diffusers', 'pandas') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "[]"


def test_synth_says_which_package_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "training.synthetic.dataset", None)
    told = refusal(run("synth", "--identities", 1, "--out", tmp_path, "--json"))
    assert told["code"] == "PackageMissing" and ".[train]" in told["text"]


@pytest.mark.slow
def test_synth_renders_people_with_labels(run: Run, tmp_path: Path) -> None:
    command = ("synth", "--identities", 1, "--per-identity", 2, "--size", 64, "--out", tmp_path, "--json")
    assert answer(run(*command))["pictures"] == 2
    labels = json.loads(next(tmp_path.glob("*/labels.json")).read_text("utf-8"))
    assert len(labels["pictures"]) == 2 == len([path for path in tmp_path.glob("*/*.png") if ".mask" not in path.name])
