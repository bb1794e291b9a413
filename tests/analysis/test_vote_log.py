"""``facepersona analyse``: any vote log gives the numbers a study would; whatever is wrong is named with its row."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from facepersona_core.analysis.simulation import Crowd, simulate
from facepersona_core.analysis.summary import analyse
from facepersona_core.cli import app
from facepersona_core.errors import VoteLogInvalid
from facepersona_core.export import to_csv
from facepersona_core.vote_log import read_vote_log

HEAD = "rater,prompt,left,right,axis,outcome"
GOOD = [HEAD, "r1,p1,a,b,text,left", "r2,p2,b,a,text,tie", "r1,p2,a,b,text,right"]


def log(votes: int = 600) -> pd.DataFrame:
    """Six raters, ten prompts, three methods, two questions."""
    random, parts = np.random.default_rng(0), []
    for axis, strength in (("identity", [0.0, 0.5, 1.5]), ("how nice", [1.0, 0.0, 0.0])):
        ballots = simulate(random, np.array(strength), Crowd(6, 10, 0.3, 0.3), votes)
        columns = {"left": np.array(ballots.methods)[ballots.left], "right": np.array(ballots.methods)[ballots.right]}
        answer = np.array(["right", "tie", "left"])[ballots.outcome + 1]
        names = {"rater": [f"r{code}" for code in ballots.rater], "prompt": [f"S* {code}" for code in ballots.prompt]}
        parts.append(pd.DataFrame({**names, **columns, "axis": axis, "outcome": answer}))
    return pd.concat(parts, ignore_index=True)


def with_scores(votes: pd.DataFrame) -> pd.DataFrame:
    """Each vote on pictures of its own (seed), a score of either, and as many pairs that nobody rated."""
    random = np.random.default_rng(1)
    votes = votes.assign(seed=np.arange(len(votes)))
    lean = votes["outcome"].map({"left": 1.0, "tie": 0.0, "right": -1.0})
    left = random.normal(size=len(votes))
    scored = votes.assign(score_left_judge=left, score_right_judge=left - lean - random.normal(size=len(votes)))
    unrated = scored.assign(seed=scored["seed"] + len(votes), rater="", outcome="")
    return pd.concat([scored, unrated], ignore_index=True)


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def run(*arguments: object, language: str = "en") -> Result:
    environment = {"FACEPERSONA_LANGUAGE": language}
    return CliRunner(env=environment).invoke(app, ["analyse", *(str(argument) for argument in arguments)])


def test_a_log_gives_the_numbers_of_the_table_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_bytes(to_csv(log()))
    read = read_vote_log(tmp_path / "votes.csv")
    assert read.scores is None
    assert analyse(read.votes) == analyse(log())


def test_optional_columns_become_what_they_are(tmp_path: Path) -> None:
    lines = [HEAD + ",seconds,at,left_ok,is_gold,expected,sampled_with,remark"]
    lines += [
        "r1,p1,a,b,text,left,3.5,2024-05-01 09:30:00+00:00,True,,,0.5,fine",
        "r1,p1,a,a,text,left,,,,true,left,1,",
    ]
    votes = read_vote_log(write(tmp_path / "votes.csv", lines)).votes
    assert votes["seconds"].tolist()[0] == 3.5 and np.isnan(votes["seconds"][1])
    assert votes["at"][0] == pd.Timestamp("2024-05-01T09:30:00Z") and votes["at"].isna()[1]
    assert votes["left_ok"].tolist() == [True, None]
    assert votes["is_gold"].tolist() == [False, True]
    assert votes["sampled_with"].tolist() == [0.5, 1.0]
    report = analyse(votes).rater_reports[0]
    assert (report.gold_right, report.gold_answered, report.median_seconds) == (1, 1, 3.5)


def test_the_example_of_the_documents_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "getting-started.md").read_text("utf-8")
    (example,) = re.findall(r"```csv\n(.*?)```", page, re.S)
    read = read_vote_log(write(tmp_path / "votes.csv", example.splitlines()))
    assert len(read.votes) == 2 and read.scores is not None and len(read.scores) == 4
    assert analyse(read.votes, scores=read.scores, deep=True).comparisons == 2


def test_scores_and_pairs_that_nobody_rated(tmp_path: Path) -> None:
    table = with_scores(log())
    (tmp_path / "votes.csv").write_bytes(to_csv(table))
    read = read_vote_log(tmp_path / "votes.csv")
    assert len(read.votes) == 1200 and read.scores is not None and len(read.scores) == 4800
    found = analyse(read.votes, scores=read.scores, deep=True)
    assert found.hybrid is not None and found.correlation is not None and found.sensitivity is not None
    hybrid = found.hybrid["identity"]
    assert (hybrid.metrics, hybrid.rated, hybrid.made) == (("judge",), 600, 2400)
    assert hybrid.rho is not None and hybrid.rho > 0.4
    assert hybrid.trust > 0.5
    assert found.correlation[0].kendall is not None and found.correlation[0].kendall.low > 0.2
    assert found.reasons.keys().isdisjoint(("hybrid", "sensitivity", "correlation"))
    shallow = analyse(read.votes, scores=read.scores)
    assert {shallow.reasons[name] for name in ("hybrid", "sensitivity", "correlation")} == {"not_deep"}
    assert shallow.axes == found.axes


@pytest.mark.parametrize(
    ("lines", "problem", "said"),
    [
        ([], "empty", "holds no votes"),
        ([HEAD], "empty", "holds no votes"),
        (["rater,prompt,left,right,outcome", "r,p,a,b,left"], "columns", "the columns axis are missing"),
        (["a;b", "1;2"], "columns", "it has a;b"),
        ([*GOOD, "r1,p1,a,b,text,draw"], "outcome", 'row 5 has the outcome "draw"'),
        ([*GOOD, "r1,p1,a,b,text"], "blank", "row 5 has nothing in the column outcome"),
        ([*GOOD, ",p1,a,b,text,left"], "blank", "row 5 has nothing in the column rater"),
        ([*GOOD, "r1,p1,a,a,text,left"], "same", 'row 5 compares "a" with itself'),
        ([*GOOD, "r1,p1,a,b,text,left,more"], "broken", "line 5"),
        ([HEAD, "r1,p1,a,b,text,left,more"], "broken", "not an even table"),
        ([HEAD + ",seconds", *(f"{row},1" for row in GOOD[1:3]), GOOD[3] + ",fast"], "number", 'row 4 has "fast"'),
        ([HEAD + ",sampled_with", GOOD[1] + ",0"], "probability", "row 2 has 0"),
        ([HEAD + ",at", GOOD[1] + ",yesterday"], "time", 'row 2 has "yesterday"'),
        ([HEAD + ",left_ok", GOOD[1] + ",maybe"], "truth", 'row 2 has "maybe" in the column left_ok'),
        ([HEAD + ",score_left_x", GOOD[1] + ",1"], "columns", "score_right_x"),
        ([HEAD + ",score_left_x,score_right_x", GOOD[1] + ",1,2", GOOD[1] + ",1,3.5"], "score", "row 3 says 3.5 for x"),
        ([HEAD + ",score_left_x,score_right_x", ",p1,a,b,text,,1,2"], "empty", "holds no votes"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(tmp_path: Path, lines: list[str], problem: str, said: str) -> None:
    path = write(tmp_path / "votes.csv", lines) if lines else tmp_path / "votes.csv"
    path.touch()
    with pytest.raises(VoteLogInvalid) as caught:
        read_vote_log(path)
    assert caught.value.fields["problem"] == problem
    assert said in caught.value.text("en")
    assert caught.value.text("ja") != caught.value.text("en")


def test_a_wrong_encoding_is_said_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_bytes("\n".join([*GOOD[:2], "r2,海辺,a,b,text,left"]).encode("shift_jis"))
    with pytest.raises(VoteLogInvalid, match="row 3 is not UTF-8"):
        read_vote_log(path)


def test_the_command_prints_what_rank_prints_and_writes_everything(tmp_path: Path) -> None:
    (tmp_path / "votes.csv").write_bytes(to_csv(with_scores(log())))
    out = tmp_path / "deep" / "analysis.json"
    plain = run(tmp_path / "votes.csv", "--out", out)
    assert plain.exit_code == 0, plain.output
    lines = plain.stdout.splitlines()
    assert lines[0] == "600 comparisons by 6 raters on 10 prompts"
    assert "Who looks more like the person?" in lines and "how nice" in lines
    assert any(line.startswith("1     c") for line in lines)
    written = json.loads(out.read_text("utf-8"))
    assert written["hybrid"]["identity"]["contrasts"][0]["human"]["low"] is not None
    asked = run(tmp_path / "votes.csv", "--json", language="ja")
    assert json.loads(asked.stdout) == written
    assert "評価者" in run(tmp_path / "votes.csv", language="ja").stdout


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.csv", [*GOOD, "r1,p1,a,b,text,draw"])
    refused = run(path, "--json")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert json.loads(refused.stderr)["code"] == "VoteLogInvalid"
    assert "votes.csv" in refused.stderr
    assert "*.json" in run(path, "--out", tmp_path / "analysis.csv").stderr


def test_it_needs_neither_models_nor_stores_nor_screens(tmp_path: Path) -> None:
    path = write(tmp_path / "votes.csv", GOOD)
    program = (
        "import sys\nfrom facepersona_core.cli import app\n"
        f"app(['analyse', {str(path)!r}], standalone_mode=False)\n"
        "print([name for name in ('torch', 'gradio', 'sqlalchemy', 'diffusers') if name in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
