"""Gates and routing: what goes to people, with which probability, and why."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from facepersona_core.analysis.gates import PICTURE, gates
from facepersona_core.analysis.routing import route
from facepersona_core.errors import StudyInvalid
from facepersona_core.messages import text

METHODS = ("a", "b", "c")


def scores(scenes: int = 200) -> pd.DataFrame:
    """Two metrics of every picture; one face in each."""
    random = np.random.default_rng(0)
    rows = [
        {"person": "Aoi", "prompt": f"S* {scene}", "seed": 0, "method": method, "metric": metric}
        | {"value": random.uniform(0.1, 1.0), "details": {"faces": 1} if metric == "identity_similarity" else {}}
        for scene in range(scenes)
        for method in METHODS
        for metric in ("identity_similarity", "text_match")
    ]
    return pd.DataFrame(rows)


def pairs(scenes: int = 200) -> pd.DataFrame:
    scene = [{"person": "Aoi", "prompt": f"S* {number}", "seed": 0} for number in range(scenes)]
    rows = [{**one, "first": first, "second": second} for one in scene for first, second in combinations(METHODS, 2)]
    return pd.DataFrame(rows, index=np.arange(1000, 1000 + len(rows)))


def at(table: pd.DataFrame, prompt: str, method: str, metric: str = "identity_similarity") -> pd.Series:
    return (table["prompt"] == prompt) & (table["method"] == method) & (table["metric"] == metric)


def gated() -> pd.DataFrame:
    """``a`` shows no face in S* 0, two in S* 1 and a stranger in S* 2; ``b`` has no identity score in S* 3."""
    table = scores()
    table.loc[at(table, "S* 0", "a"), "value"] = np.nan
    for prompt, faces in (("S* 0", 0), ("S* 1", 2)):
        table.loc[at(table, prompt, "a"), "details"] = [{"faces": faces}]
    table.loc[at(table, "S* 2", "a"), "value"] = -0.1
    return table[~at(table, "S* 3", "b")]


def test_gates() -> None:
    found = gates(gated())
    assert found.index.names == PICTURE
    assert len(found) == 600
    reasons = {key[1]: reason for key, reason in found.items() if reason}
    assert reasons == {"S* 0": "no_face", "S* 1": "several_faces", "S* 2": "too_unlike"}
    assert (gates(gated(), least_like=2.0) != "").sum() == 599, "what has no score passes"


def flags(table: pd.DataFrame, value: float = 0.0) -> pd.DataFrame:
    """Safety flags of every picture of ``table``."""
    rows = table[table["metric"] == "text_match"]
    return rows.assign(metric="safety_flag", value=value)


def test_a_flagged_picture_is_unsafe_before_all_else() -> None:
    table = gated()
    flag = flags(table)
    flag.loc[flag["prompt"].isin(["S* 0", "S* 3", "S* 4"]) & flag["method"].isin(["a", "b"]), "value"] = 1.0
    flag.loc[(flag["prompt"] == "S* 4") & (flag["method"] == "b"), "value"] = np.nan
    found = gates(pd.concat([table, flag], ignore_index=True))
    unsafe = {(prompt, method) for (_, prompt, _, method), reason in found.items() if reason == "unsafe"}
    assert unsafe == {("S* 0", "a"), ("S* 0", "b"), ("S* 3", "a"), ("S* 3", "b"), ("S* 4", "a")}
    assert found["Aoi", "S* 1", 0, "a"] == "several_faces"
    assert (gates(flag) == "unsafe").sum() == 5, "a flag needs no other score"
    again = pd.concat([table, flags(table, 1.0), flags(table)], ignore_index=True)
    assert gates(again).equals(gates(table)), "checked again, the last flag counts"


def test_flags_gate_pairs_and_make_no_gap() -> None:
    table, every = scores(), pairs()
    flag = flags(table)
    assert route(every, pd.concat([table, flag]), seed=2).equals(route(every, table, seed=2))
    flag.loc[flag["method"] == "c", "value"] = 1.0
    found = route(every, pd.concat([table, flag]), seed=2)
    assert set(found.loc[every["second"] == "c", "reason"]) == {"unsafe", "floor"}
    assert "unsafe" not in set(found.loc[every["second"] == "b", "reason"])
    assert text("analysis_reasons.unsafe", "en") != text("analysis_reasons.unsafe", "ja")


def test_close_pairs_go_to_people_and_clear_ones_by_chance() -> None:
    table, every = scores(), pairs()
    found = route(every, table, clear=0.5, floor=0.2)
    assert list(found.columns) == ["decision", "probability", "reason"]
    assert list(found.index) == list(every.index)
    close = found["reason"] == "close"
    assert close.mean() == pytest.approx(0.5, abs=0.01)
    assert (found.loc[close, "decision"] == "people").all()
    assert (found.loc[close, "probability"] == 1.0).all()
    assert (found.loc[~close, "probability"] == 0.2).all()
    assert found.loc[~close, "reason"].isin(["clear", "floor"]).all()
    assert ((found["decision"] == "people") == found["reason"].isin(["close", "floor"])).all()
    assert 0.12 < (found.loc[~close, "decision"] == "people").mean() < 0.28
    value = table.set_index([*PICTURE, "metric"])["value"]
    gap = [
        min(
            abs(
                value[row.person, row.prompt, 0, row.first, metric]
                - value[row.person, row.prompt, 0, row.second, metric]
            )
            for metric in ("identity_similarity", "text_match")
        )
        for row in every.itertuples()
    ]
    assert np.mean(np.array(gap)[~close]) > 2 * np.mean(np.array(gap)[close])
    for reason in set(found["reason"]):
        assert text(f"analysis_reasons.{reason}", "en") != text(f"analysis_reasons.{reason}", "ja")


def test_gated_pairs_are_decided_by_machine_and_unmeasured_ones_by_people() -> None:
    every = pairs()
    found = route(every, gated(), floor=0.2, seed=3).join(every)
    for prompt, reason in (("S* 0", "no_face"), ("S* 1", "several_faces"), ("S* 2", "too_unlike")):
        hit = found[(found["prompt"] == prompt) & (found["first"] == "a")]
        assert (hit["probability"] == 0.2).all()
        assert set(hit["reason"]) <= {reason, "floor"}
    unknown = found[(found["prompt"] == "S* 3") & ((found["first"] == "b") | (found["second"] == "b"))]
    assert (unknown["reason"] == "close").all()


def test_the_floor_is_drawn_anew_with_each_seed_and_unbiased() -> None:
    """Weighted by 1 / probability, what people see is a fair sample of all pairs."""
    table, every = scores(), pairs()
    assert route(every, table, seed=1).equals(route(every, table, seed=1))
    drawn = [route(every, table, seed=seed) for seed in range(15)]
    assert not drawn[0].equals(drawn[1])
    weight = np.mean([(each["decision"] == "people") / each["probability"] for each in drawn], axis=0)
    assert weight.mean() == pytest.approx(1.0, abs=0.05)


def test_everything_to_people() -> None:
    assert (route(pairs(), scores(), clear=0.0)["decision"] == "people").all()
    assert (route(pairs(), scores(), floor=1.0)["decision"] == "people").all()


@pytest.mark.parametrize(("clear", "floor", "said"), [(0.8, 0.2, "clear = 0.8"), (0.5, 0.1, "floor = 0.1")])
def test_a_floor_that_is_too_low_is_refused(clear: float, floor: float, said: str) -> None:
    with pytest.raises(StudyInvalid, match=said):
        route(pairs(), scores(), clear=clear, floor=floor)
