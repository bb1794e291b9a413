"""The house is in order: documents agree with the code, pins with what is installed, files with the rules."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from typer.main import get_command

from facepersona_core import messages
from facepersona_core.cli import app
from facepersona_core.doctor import BANNED
from facepersona_core.study.design import load_plan
from tools.docs import commands, pages

ROOT = Path(__file__).parents[1]
EMBEDDED = ROOT / "facepersona_core" / "embedded"
READMES = ("README.md", "README.ja.md")
MEGABYTE = 2**20
WRITTEN = ("*.py", "*.md", "*.toml", "*.txt", "*.yaml", "*.js", "*.css", "*.sh", "Makefile", ".ci/run")
ROOMS = (
    "facepersona_core",
    "storage",
    "ui",
    "training",
    "tests",
    "benchmarks",
    "docs",
    "tools",
    "model_licenses",
    ".ci",
)


def written() -> list[Path]:
    """Every file that somebody wrote."""
    top = [path for pattern in WRITTEN for path in ROOT.glob(pattern)]
    rooms = [path for room in ROOMS for pattern in WRITTEN for path in (ROOT / room).rglob(pattern.split("/")[-1])]
    return [path for path in top + rooms if "__pycache__" not in path.parts]


def test_generated_pages_are_fresh() -> None:
    for path, content in pages().items():
        assert path.read_text("utf-8") == content, f"{path.name} is stale: run make docs"


def test_the_front_matter_is_the_manifest_of_the_space() -> None:
    _, front, _ = (ROOT / "README.md").read_text("utf-8").split("---\n", 2)
    manifest = yaml.safe_load((ROOT / "spaces.yaml").read_text("utf-8"))
    assert yaml.safe_load(front) == manifest
    assert manifest["sdk_version"] == version("gradio")
    assert (ROOT / manifest["app_file"]).is_file()
    assert len(manifest["short_description"]) <= 60


@pytest.mark.parametrize("name", READMES)
def test_the_readmes_begin_with_the_two_commands(name: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)
    assert [block.strip() for block in blocks] == ["make demo", "make test"]


def test_both_readmes_have_the_same_parts() -> None:
    english, japanese = ((ROOT / name).read_text("utf-8") for name in READMES)

    def shape(page: str) -> list[str]:
        return [line.split(" ")[0] for line in page.splitlines() if line.startswith(("#", "```", "<!--"))]

    assert shape(english) == shape(japanese)
    assert examples(english) == examples(japanese)


def examples(page: str) -> list[list[str]]:
    """The command lines of the README, split as a shell would."""
    return [
        shlex.split(line) for block in re.findall(r"```console\n(.*?)```", page, re.S) for line in block.splitlines()
    ]


def test_the_examples_of_the_readme_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("photo.jpg", "plan.toml", "votes.csv"):
        Path(name).touch()
    shown = examples((ROOT / "README.md").read_text("utf-8"))
    for program, *arguments in shown:
        assert program == "facepersona"
        command: Any = get_command(app)
        while hasattr(command, "commands") and arguments:
            command = command.commands[arguments.pop(0)]
        with command.make_context("facepersona", arguments):
            pass
    told = {" ".join(path) for path in commands()}
    missing = [path for path in told if path and not any(" ".join(line[1:]).startswith(path) for line in shown)]
    assert set(missing) <= {"people list", "study", "study show", "synth"}


def test_the_readme_names_people_and_a_study_that_ship() -> None:
    shown = examples((ROOT / "README.md").read_text("utf-8"))
    people = {person["name"] for person in json.loads((EMBEDDED / "people" / "people.json").read_text("utf-8"))}
    asked = {line[line.index("--person") + 1] for line in shown if "--person" in line}
    assert asked <= people
    sample = load_plan(EMBEDDED / "sample_study" / "study.toml").name
    assert {line[2] for line in shown if line[1] in ("rank", "rate-export")} == {sample}


def test_the_plan_in_the_documents_is_a_plan(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "getting-started.md").read_text("utf-8")
    (found,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    (tmp_path / "plan.toml").write_text(found, "utf-8")
    assert load_plan(tmp_path / "plan.toml").methods == ("face2diffusion", "class_word")


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("model_licenses/*.md")])
)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    local = [target for target in targets if not target.startswith(("http:", "https:"))]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_setting_is_documented() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "facepersona_core").rglob("*.py"))
    known = set(re.findall(r'"(FACEPERSONA_[A-Z_]+)"', code))
    assert known == set(
        re.findall(r"^\| `(FACEPERSONA_[A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.M)
    )


def requirements() -> list[Requirement]:
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_torch_is_pinned_first_and_everything_is_pinned() -> None:
    pins = requirements()
    assert str(pins[0]) == "torch==2.13.0"
    assert all(str(pin.specifier).startswith("==") for pin in pins)
    constraints = (ROOT / "constraints.txt").read_text("utf-8").lower().replace("_", "-").splitlines()
    assert [str(pin) for pin in pins if str(pin).lower().replace("_", "-") not in constraints] == []


def test_what_is_installed_is_what_is_pinned() -> None:
    assert [str(pin) for pin in requirements() if not pin.specifier.contains(version(pin.name))] == []


@pytest.mark.parametrize("name", BANNED)
def test_what_breaks_the_pinned_torch_is_absent(name: str) -> None:
    with pytest.raises(PackageNotFoundError):
        version(name)
    pins = (ROOT / "constraints.txt").read_text("utf-8") + (ROOT / "requirements.txt").read_text("utf-8")
    assert name not in pins.lower()


def test_what_the_app_imports_is_required() -> None:
    rooms = [path for room in ("facepersona_core", "storage", "ui") for path in (ROOT / room).rglob("*.py")]
    used = {module for path in [ROOT / "app.py", *rooms] for module in imported(path)} - set(sys.stdlib_module_names)
    aliases = {"PIL": "pillow", "cv2": "opencv-python", "starlette": "fastapi"}
    pinned = {pin.name.lower().replace("_", "-") for pin in requirements()}
    own = {"facepersona_core", "storage", "ui", "app", "training"}
    assert {aliases.get(module, module.replace("_", "-")) for module in used - own} <= pinned


def imported(path: Path) -> set[str]:
    """Top-level names of the modules that the file imports anywhere."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {
        name.split(".")[0] for name in plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    }


def test_the_licence_is_apache_2_and_every_weight_has_a_page() -> None:
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in licence and "END OF TERMS AND CONDITIONS" in licence
    listed = re.findall(r"\]\(([a-z0-9-]+\.md)\)", (ROOT / "model_licenses" / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(
        path.name for path in (ROOT / "model_licenses").glob("*.md") if path.name != "README.md"
    )


def test_make_has_every_word_and_integration_calls_the_readmes_test_command() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for word in ("demo", "test", "lint", "bench", "docs", "train"):
        assert re.search(rf"^{word}:", makefile, re.M)
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK) and "make test" in script.read_text("utf-8")
    subprocess.run(["bash", "-n", str(script)], check=True)
    subprocess.run(["sh", "-n", str(ROOT / "tools" / "system_packages.sh")], check=True)


def test_weights_fit_into_git() -> None:
    files = [path for path in EMBEDDED.rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) < 20 * MEGABYTE
    assert sum(path.stat().st_size for path in (EMBEDDED / "bundle").rglob("*") if path.is_file()) <= 76 * MEGABYTE


def test_nothing_is_left_over_and_no_machine_or_registry_is_named() -> None:
    unfinished = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|NotImplemented" r"Error)\b")
    machine = re.compile(r"(?<![A-Za-z0-9_.])/(work|root|home/[a-z]|Users)/")
    registry = re.compile(r"pypi\." r"org|files\.python" r"hosted|download\.py" r"torch")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in written()
        for pattern in (unfinished, machine, registry)
        for match in pattern.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_the_catalogues_of_the_core_have_the_same_keys_and_fields() -> None:
    def flat(table: dict[str, Any], prefix: str = "") -> dict[str, str]:
        return {
            key: text
            for name, value in table.items()
            for key, text in (
                flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
            ).items()
        }

    english, japanese = (flat(messages.catalogue(language)) for language in messages.LANGUAGES)
    assert set(english) == set(japanese)
    fields = re.compile(r"\{(\w+)")
    assert [key for key in english if set(fields.findall(english[key])) != set(fields.findall(japanese[key]))] == []


def test_the_package_declares_its_script_and_extras() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"]["facepersona"] == "facepersona_core.cli:main"
    assert {"dev", "train", "gpu", "ray", "postgres"} <= set(project["optional-dependencies"])
