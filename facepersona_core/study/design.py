"""Who compares which pictures: cells, pairs and each rater's sequence, all a pure function of the plan and a seed.

Every (person, prompt, seed) is compared between every two methods; each pair goes to ``overlap`` raters so that
every rater sees each two methods equally often (+-1): an incomplete block design over raters, balanced in methods.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from random import Random
from typing import Literal

from facepersona_core.study.plan import PromptItem, Scene, StudyPlan, dump_plan, load_plan, plan_from_table

__all__ = [
    "Cell",
    "Pair",
    "PromptItem",
    "Scene",
    "Slot",
    "StudyPlan",
    "cells",
    "dump_plan",
    "load_plan",
    "plan_from_table",
    "plan_pairs",
    "raters_of_pairs",
    "slots_for_rater",
]

REPEAT_DISTANCE = 5
"""Fewest slots between a pair and its repeat where the sequence is long enough, so that memory does not answer."""


@dataclass(frozen=True)
class Cell:
    """One picture of a study."""

    person: str
    prompt: str
    method: str
    seed: int


@dataclass(frozen=True)
class Pair:
    """Two pictures to compare. Ordinary pairs share person, prompt and seed; gold pairs share the method."""

    index: int
    """Position in `plan_pairs`."""
    first: Cell
    second: Cell
    gold: Literal["", "first", "second"] = ""
    """Which side is right, or "" for an ordinary pair."""
    gold_axis: Literal["", "identity", "text"] = ""
    """The question the gold answers; the other question has no right answer on this pair."""
    rated: bool = True
    """False: the machine decides it, and no rater sees it."""

    @property
    def shown(self) -> Cell:
        """The cell whose person (reference photo) and prompt the rater is shown: the right one of a gold pair."""
        return self.second if self.gold == "second" else self.first

    @property
    def methods(self) -> tuple[str, str]:
        """Method keys of first and second."""
        return self.first.method, self.second.method


@dataclass(frozen=True)
class Slot:
    """One step of a rater's sequence."""

    pair_index: int
    flipped: bool
    """True: ``second`` is on the left."""
    repeat: bool
    """True when this rater has seen the pair before, with sides swapped."""


def cells(plan: StudyPlan) -> list[Cell]:
    """Every picture of the study, people first: [scenes * methods]."""
    return [Cell(scene.person, scene.prompt, method, scene.seed) for scene in plan.scenes for method in plan.methods]


def plan_pairs(plan: StudyPlan) -> list[Pair]:
    """All ordinary pairs, then the gold pairs. Cells of gold pairs are cells of the study: nothing more is made."""
    pairs: list[Pair] = []
    for scene in plan.scenes:
        for one, other in combinations(plan.methods, 2):
            pairs.append(Pair(len(pairs), _cell(scene, one), _cell(scene, other)))
    return pairs + list(_gold_pairs(plan, len(pairs)))


def _cell(scene: Scene, method: str) -> Cell:
    return Cell(scene.person, scene.prompt, method, scene.seed)


def raters_of_pairs(plan: StudyPlan, pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Which rater blocks see ordinary pair ``i``: ``overlap`` numbers in [0, ``raters``) each; () for gold and for what
    the machine decides.

    Greedy: the raters who have seen these two methods least, then who have least work, then who know the prompt
    least. Taking the smallest counts first keeps the counts of each two methods within +-1 over raters.
    """
    random = Random(plan.name)
    result: list[tuple[int, ...]] = [()] * len(pairs)
    by_methods, by_prompt, load = Counter[object](), Counter[object](), Counter[int]()
    for pair in random.sample(pairs, len(pairs)):
        if pair.gold or not pair.rated:
            continue
        order = random.sample(range(plan.raters), plan.raters)
        order.sort(key=lambda r: (by_methods[pair.methods, r], load[r], by_prompt[pair.first.prompt, r]))
        result[pair.index] = tuple(sorted(order[: plan.overlap]))
        for rater in result[pair.index]:
            by_methods[pair.methods, rater] += 1
            by_prompt[pair.first.prompt, rater] += 1
            load[rater] += 1
    return result


def slots_for_rater(plan: StudyPlan, pairs: Sequence[Pair], rater_index: int, rng_seed: int) -> list[Slot]:
    """The sequence of rater ``rater_index`` (from 0; block ``rater_index % plan.raters``), shuffled by ``rng_seed``.

    Sides are balanced within +-1 for every two methods; no two neighbours show the same person and prompt where
    that can be had; gold every ``gold_every`` and a swapped repeat per ``repeat_every`` ordinary pairs.
    """
    random = Random(f"{plan.name}/{rng_seed}/{rater_index}")
    block = rater_index % plan.raters
    blocks = raters_of_pairs(plan, pairs)
    own = [pair for pair in pairs if block in blocks[pair.index]]
    random.shuffle(own)
    flips = _balanced_sides(plan, own, random)
    slots = [Slot(pair.index, flips[pair.index], False) for pair in _apart(own)]
    slots = _with_repeats(plan, pairs, slots, random)
    return _with_gold(plan, pairs, slots, random)


def _gold_pairs(plan: StudyPlan, start: int) -> Iterator[Pair]:
    """As many gold pairs as the fullest block needs, identity and text in turn, right side first and second in turn.

    Identity: this person against another in the same scene. Text: this prompt against another of the same prompt
    axis if there is one (a picture can satisfy two prompts of different axes at once).
    """
    if plan.gold_every == 0:
        return
    comparisons = len(plan.scenes) * len(plan.methods) * (len(plan.methods) - 1)
    wanted = -(-comparisons * plan.overlap // (2 * plan.raters)) // plan.gold_every
    candidates = _gold_candidates(plan)
    for number, (right, wrong, axis) in zip(range(wanted), candidates, strict=False):
        if number // 2 % 2 == 0:
            yield Pair(start + number, right, wrong, "first", axis)
        else:
            yield Pair(start + number, wrong, right, "second", axis)


def _gold_candidates(plan: StudyPlan) -> Iterator[tuple[Cell, Cell, Literal["identity", "text"]]]:
    """(right, wrong, axis) of gold pairs, each once, in a random order; identity and text alternate."""
    method, random = plan.methods[0], Random(f"{plan.name}/gold")
    grid, rated = plan.scenes, set(plan.scenes)
    axes = {item.text: item.axis for item in plan.prompts}
    orders = {"identity": random.sample(grid, len(grid)), "text": random.sample(grid, len(grid))}
    for scene, other in zip(orders["identity"], orders["text"], strict=True):
        strangers = [replace(scene, person=person) for person in plan.people if person != scene.person]
        if found := [wrong for wrong in strangers if wrong in rated]:
            yield _cell(scene, method), _cell(random.choice(found), method), "identity"
        prompts = [replace(other, prompt=item.text) for item in plan.prompts if item.text != other.prompt]
        prompts = [wrong for wrong in prompts if wrong in rated]
        if found := [wrong for wrong in prompts if axes[wrong.prompt] == axes[other.prompt]] or prompts:
            yield _cell(other, method), _cell(random.choice(found), method), "text"


def _balanced_sides(plan: StudyPlan, own: Sequence[Pair], random: Random) -> dict[int, bool]:
    """Pair index -> flipped. Within each two methods half are flipped; an odd one out goes where it also evens
    how often each method stands on the left over all its pairs."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for pair in own:
        groups[pair.methods].append(pair.index)
    surplus = dict.fromkeys(plan.methods, 0)
    flips: dict[int, bool] = {}
    for (first, second), members in groups.items():
        half, odd = divmod(len(members), 2)
        first_lacks = (surplus[second] - surplus[first], random.random() - 0.5) > (0, 0.0)
        if odd:
            surplus[first] += 1 if first_lacks else -1
            surplus[second] -= 1 if first_lacks else -1
        flipped = half + (odd if not first_lacks else 0)
        sides = [True] * flipped + [False] * (len(members) - flipped)
        random.shuffle(sides)
        flips.update(zip(members, sides, strict=True))
    return flips


def _scene(pair: Pair) -> tuple[str, str]:
    return pair.shown.person, pair.shown.prompt


def _apart(own: Sequence[Pair]) -> list[Pair]:
    """The pairs, their order kept as far as possible, without two neighbours of one person and prompt if possible:
    a scene that fills more than half of what is left must be taken now, else the next that differs."""
    rest, result = list(own), list[Pair]()
    counts = Counter(_scene(pair) for pair in rest)
    while rest:
        last = _scene(result[-1]) if result else None
        fullest, count = counts.most_common(1)[0]
        urgent = 2 * count > len(rest) and fullest != last
        fits = (
            (i for i, pair in enumerate(rest) if _scene(pair) == fullest)
            if urgent
            else (i for i, pair in enumerate(rest) if _scene(pair) != last)
        )
        result.append(rest.pop(next(fits, 0)))
        counts[_scene(result[-1])] -= 1
    return result


def _with_repeats(plan: StudyPlan, pairs: Sequence[Pair], slots: list[Slot], random: Random) -> list[Slot]:
    """Show one pair per ``repeat_every`` again, sides swapped, later in the sequence."""
    count = len(slots) // plan.repeat_every if plan.repeat_every else 0
    for slot in random.sample(slots, count):
        position = slots.index(slot)
        earliest = min(position + 1 + REPEAT_DISTANCE, len(slots))
        again = Slot(slot.pair_index, not slot.flipped, True)
        slots = _insert(slots, again, random.randint(earliest, len(slots)), earliest, pairs)
    return slots


def _with_gold(plan: StudyPlan, pairs: Sequence[Pair], slots: list[Slot], random: Random) -> list[Slot]:
    """Spread the gold pairs over the sequence, one somewhere in each stretch of ``gold_every``."""
    gold = [pair for pair in pairs if pair.gold]
    random.shuffle(gold)
    wanted = sum(not slot.repeat for slot in slots) // plan.gold_every if plan.gold_every else 0
    chosen = gold[:wanted]
    sides = [bool(i % 2) for i in range(len(chosen))]
    for number, (pair, right_first) in enumerate(zip(chosen, sides, strict=True)):
        flipped = (pair.gold == "first") != right_first
        stretch = len(slots) // len(chosen)
        target = number * stretch + random.randint(1, max(1, stretch - 1))
        slots = _insert(slots, Slot(pair.index, flipped, False), target, 0, pairs)
    return slots


def _insert(slots: list[Slot], new: Slot, target: int, earliest: int, pairs: Sequence[Pair]) -> list[Slot]:
    """Insert as near to ``target`` as neighbours of another person or prompt allow, never before ``earliest``."""

    def differs(position: int) -> bool:
        around = slots[max(0, position - 1) : position + 1]
        return all(_scene(pairs[slot.pair_index]) != _scene(pairs[new.pair_index]) for slot in around)

    places = sorted(range(earliest, len(slots) + 1), key=lambda position: abs(position - target))
    place = next(filter(differs, places), target)
    return [*slots[:place], new, *slots[place:]]
