"""The design of a study: balance, gold, repeats, and the file that holds a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facepersona_core.errors import StudyInvalid
from facepersona_core.study.design import (
    REPEAT_DISTANCE,
    Pair,
    PromptItem,
    Slot,
    StudyPlan,
    cells,
    dump_plan,
    load_plan,
    plan_pairs,
    raters_of_pairs,
    slots_for_rater,
)

PROMPTS = tuple(
    PromptItem(axis, f"a photo of S* {words}")
    for axis, words in (
        ("context", "at the beach"),
        ("context", "in a library"),
        ("expression", "smiling"),
        ("expression", "looking sad"),
        ("light", "at night"),
    )
)
PLAN = StudyPlan(
    name="sample",
    title={"en": "Sample", "ja": "サンプル"},
    people=("Aoi", "Ben", "Chie"),
    prompts=PROMPTS,
    methods=("face2diffusion", "textual_inversion", "dreambooth", "class_word"),
    seeds=(1, 2),
)


def plans() -> st.SearchStrategy[StudyPlan]:
    """Plans of any small shape."""
    small = st.integers(1, 4)
    return st.builds(
        lambda people, prompts, methods, seeds, raters, overlap, gold, again: replace(
            PLAN,
            people=tuple("PQRS"[:people]),
            prompts=PROMPTS[:prompts],
            methods=tuple("abcde"[:methods]),
            seeds=tuple(range(seeds)),
            raters=max(raters, overlap),
            overlap=overlap,
            gold_every=gold,
            repeat_every=again,
        ),
        small,
        st.integers(1, 5),
        st.integers(2, 5),
        st.integers(1, 3),
        st.integers(1, 7),
        small,
        st.sampled_from([0, 3, 10]),
        st.sampled_from([0, 4, 12]),
    )


def ordinary(slots: list[Slot], pairs: list[Pair]) -> list[tuple[Slot, Pair]]:
    """Slots that count for the ranking, with their pairs."""
    return [(slot, pairs[slot.pair_index]) for slot in slots if not slot.repeat and not pairs[slot.pair_index].gold]


def test_every_two_methods_meet_once_per_scene() -> None:
    pairs = plan_pairs(PLAN)
    plain = [pair for pair in pairs if not pair.gold]
    assert [pair.index for pair in pairs] == list(range(len(pairs)))
    assert len(cells(PLAN)) == 3 * 5 * 4 * 2
    met = Counter((pair.first.person, pair.first.prompt, pair.first.seed, frozenset(pair.methods)) for pair in plain)
    assert set(met.values()) == {1}
    assert len(met) == 3 * 5 * 2 * 6
    for pair in plain:
        assert replace(pair.first, method=pair.second.method) == pair.second


def test_gold_is_objective_and_made_of_pictures_of_the_study() -> None:
    pairs, made = plan_pairs(PLAN), set(cells(PLAN))
    gold = [pair for pair in pairs if pair.gold]
    axis_of = {item.text: item.axis for item in PLAN.prompts}
    assert {pair.gold_axis for pair in gold} == {"identity", "text"}
    assert {pair.gold for pair in gold} == {"first", "second"}
    for pair in gold:
        assert {pair.first, pair.second} <= made
        assert pair.first.method == pair.second.method == "face2diffusion"
        right, wrong = (pair.first, pair.second) if pair.gold == "first" else (pair.second, pair.first)
        assert pair.shown == right
        if pair.gold_axis == "identity":
            assert right.person != wrong.person
            assert right.prompt == wrong.prompt
        else:
            assert right.prompt != wrong.prompt
            assert right.person == wrong.person
            assert axis_of[right.prompt] == axis_of[wrong.prompt] or axis_of[right.prompt] == "light"


@settings(max_examples=60, deadline=None)
@given(plan=plans(), seed=st.integers(0, 5))
def test_any_plan_is_balanced(plan: StudyPlan, seed: int) -> None:
    pairs = plan_pairs(plan)
    blocks = raters_of_pairs(plan, pairs)
    assert all(len(set(block)) == (0 if pair.gold else plan.overlap) for pair, block in zip(pairs, blocks, strict=True))
    sequences = [slots_for_rater(plan, pairs, rater, seed) for rater in range(plan.raters)]
    seen = Counter(slot.pair_index for slots in sequences for slot, _ in ordinary(slots, pairs))
    assert all(seen[pair.index] == plan.overlap for pair in pairs if not pair.gold)
    for first, second in combinations(plan.methods, 2):
        loads = []
        for slots in sequences:
            flips = [slot.flipped for slot, pair in ordinary(slots, pairs) if pair.methods == (first, second)]
            assert abs(2 * sum(flips) - len(flips)) <= 1
            loads.append(len(flips))
        assert max(loads) - min(loads) <= 1


def test_work_and_prompts_are_shared_evenly() -> None:
    pairs = plan_pairs(PLAN)
    sequences = [ordinary(slots_for_rater(PLAN, pairs, rater, 0), pairs) for rater in range(PLAN.raters)]
    loads = [len(slots) for slots in sequences]
    assert max(loads) - min(loads) <= 2
    per_prompt = [Counter(pair.first.prompt for _, pair in slots) for slots in sequences]
    assert max(max(c.values()) for c in per_prompt) - min(min(c.values()) for c in per_prompt) <= 8
    left = [
        Counter((pair.second if slot.flipped else pair.first).method for slot, pair in slots) for slots in sequences
    ]
    right = [
        Counter((pair.first if slot.flipped else pair.second).method for slot, pair in slots) for slots in sequences
    ]
    assert all(abs(lc[m] - rc[m]) <= 2 for lc, rc in zip(left, right, strict=True) for m in PLAN.methods)


@pytest.mark.parametrize("rater", range(6))
def test_repeats_come_later_with_sides_swapped(rater: int) -> None:
    pairs = plan_pairs(PLAN)
    slots = slots_for_rater(PLAN, pairs, rater, 3)
    first_time = {slot.pair_index: i for i, slot in enumerate(slots) if not slot.repeat}
    again = [(i, slot) for i, slot in enumerate(slots) if slot.repeat]
    assert len(again) == len(ordinary(slots, pairs)) // PLAN.repeat_every
    for position, slot in again:
        before = first_time[slot.pair_index]
        assert slot.flipped != slots[before].flipped
        assert position > before + 1
        assert position - before > REPEAT_DISTANCE or position >= len(slots) - 2 * REPEAT_DISTANCE
    assert not any(pairs[slot.pair_index].gold for _, slot in again)


@pytest.mark.parametrize("rater", range(6))
def test_gold_is_spread_and_neighbours_differ(rater: int) -> None:
    pairs = plan_pairs(PLAN)
    slots = slots_for_rater(PLAN, pairs, rater, 3)
    places = [i for i, slot in enumerate(slots) if pairs[slot.pair_index].gold]
    assert len(places) == len(ordinary(slots, pairs)) // PLAN.gold_every
    assert len({slots[i].pair_index for i in places}) == len(places)
    assert max(b - a for a, b in pairwise(places)) <= 3 * PLAN.gold_every
    scenes = [(pairs[slot.pair_index].shown.person, pairs[slot.pair_index].shown.prompt) for slot in slots]
    assert not any(a == b for a, b in pairwise(scenes))


def test_sequences_depend_on_plan_seed_and_rater_alone() -> None:
    pairs = plan_pairs(PLAN)
    assert slots_for_rater(PLAN, pairs, 2, 7) == slots_for_rater(PLAN, plan_pairs(PLAN), 2, 7)
    assert slots_for_rater(PLAN, pairs, 2, 7) != slots_for_rater(PLAN, pairs, 2, 8)
    late, early = (slots_for_rater(PLAN, pairs, rater, 7) for rater in (PLAN.raters + 2, 2))
    assert late != early
    assert {slot.pair_index for slot, _ in ordinary(late, pairs)} == {
        slot.pair_index for slot, _ in ordinary(early, pairs)
    }


def test_one_person_and_one_prompt_leave_nothing_to_check() -> None:
    alone = replace(PLAN, people=("Aoi",), prompts=PROMPTS[:1], gold_every=1)
    assert not any(pair.gold for pair in plan_pairs(alone))
    assert {pair.gold_axis for pair in plan_pairs(replace(PLAN, people=("Aoi",)))} == {"", "text"}


def test_plan_survives_its_file(tmp_path: Path) -> None:
    dump_plan(PLAN, tmp_path / "study.toml")
    assert load_plan(tmp_path / "study.toml") == PLAN


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"methods": ("one",)}, "len(methods) = 1"),
        ({"people": ()}, "len(people) = 0"),
        ({"people": ("Aoi", "Aoi")}, "people"),
        ({"overlap": 7}, "overlap = 7"),
        ({"overlap": 0}, "overlap = 0"),
        ({"prompts": (PromptItem("context", "a photo at the beach"),)}, "at the beach"),
        ({"prompts": (PromptItem("", "S* at the beach"),)}, "axis"),
        ({"prompts": (PromptItem("light", "S* at dusk"), PromptItem("scene", "S* at dusk"))}, "S* at dusk"),
        ({"title": {"en": "Sample"}}, "title"),
        ({"name": " "}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a/./b"}, "name"),
        ({"gold_every": -1}, "gold_every"),
    ],
)
def test_impossible_plans_are_refused(change: dict[str, object], seen: str) -> None:
    with pytest.raises(StudyInvalid) as caught:
        replace(PLAN, **change)  # type: ignore[arg-type]
    assert seen in caught.value.fields["seen"]
    assert caught.value.text("ja")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("overlap = 3", "overlap = 3\noverlapp = 4"),
        ("overlap = 3", 'overlap = "3"'),
        ("overlap = 3", "overlap = true"),
        ('name = "sample"', ""),
        ('name = "sample"', "name = "),
        ('axis = "light"', ""),
        ('axis = "light"', 'axis = "light"\nweight = 2'),
        ("seeds = [", "seeds = [0.5,"),
    ],
)
def test_broken_plan_files_are_refused(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "study.toml"
    dump_plan(PLAN, path)
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(StudyInvalid):
        load_plan(path)
