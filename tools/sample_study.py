"""The sample study that is there at first start: made once by the bundle that ships, kept in the repository.

``python tools/sample_study.py`` makes it anew after the bundle has changed.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from facepersona_core.composition import open_workplace
from facepersona_core.sample_study import export_study
from facepersona_core.settings import Settings
from facepersona_core.study.design import PromptItem, StudyPlan
from facepersona_core.study.making import make_pictures

FOLDER = Path(__file__).parents[1] / "facepersona_core" / "embedded" / "sample_study"
PLAN = StudyPlan(
    name="sample",
    title={"en": "Sample study: four methods", "ja": "サンプルスタディ：4 つの手法"},
    people=("Yuki", "Liam", "Amara", "Fiona"),
    prompts=(
        PromptItem("context", "a photo of S* at the beach"),
        PromptItem("context", "a photo of S* in a library"),
        PromptItem("clothing", "a photo of S* wearing a red hoodie in a park"),
        PromptItem("clothing", "a photo of S* wearing sunglasses in a city at night"),
        PromptItem("pose", "a photo of S* looking to the left in a cafe"),
        PromptItem("pose", "a photo of S* looking at the camera in the mountains"),
        PromptItem("expression", "a photo of S* laughing in the snow"),
        PromptItem("expression", "a photo of S* looking surprised in a kitchen"),
        PromptItem("light", "a photo of S* in a forest, lit from the left"),
        PromptItem("light", "a photo of S* on a city street, backlit"),
    ),
    methods=("face2diffusion", "textual_inversion", "dreambooth", "class_word"),
    seeds=(1,),
)


def main() -> None:
    """Make the study in a home of its own and write it to `FOLDER`."""
    shutil.rmtree(FOLDER, ignore_errors=True)  # else the new home would begin with the old study
    with tempfile.TemporaryDirectory() as home:
        workplace = open_workplace(replace(Settings.from_environment(), home=Path(home)))
        made = make_pictures(workplace.studio, workplace.people.get, PLAN, _show)
        workplace.studies.create(PLAN, made)
        export_study(workplace, PLAN.name, FOLDER)
        workplace.close()


def _show(fraction: float, stage: str) -> None:
    print(f"\r{fraction:6.1%} {stage:<12}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
