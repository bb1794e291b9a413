from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from tiny_store import PLAN, Store

from facepersona_core.errors import NotAssigned, RequestInvalid, VoteInvalid
from facepersona_core.study.design import plan_pairs
from storage import Assignment, StudyRecord, Vote, audit
from storage.export import COLUMNS
from storage.tables import AssignmentRow, AuditRow, SkipRow, StudyRow, VoteRow

VOTE = Vote("left", "tie", True, False, 2.5, ("hair", "pose"))


def take(store: Store, rater_id: int) -> Assignment:
    assignment = store.ratings.next(rater_id)
    assert assignment is not None
    return assignment


def count(store: Store, table: type[Any]) -> int:
    with store.db.read() as session:
        return len(session.scalars(select(table)).all())


def acts(store: Store) -> list[str]:
    with store.db.read() as session:
        return list(session.scalars(select(AuditRow.action).where(AuditRow.actor != "app").order_by(AuditRow.id)))


def test_a_rater_goes_through_the_whole_sequence(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    done, total = store.ratings.progress(rater.id)
    assert done == 0
    assert total > len(plan_pairs(PLAN)) // 2
    for position in range(1, total + 1):
        assignment = take(store, rater.id)
        assert (assignment.position, assignment.total) == (position, total)
        assert store.ratings.next(rater.id) == assignment, "a reload shows the same comparison"
        assert store.ratings.vote(rater.id, assignment.id, VOTE)
    assert store.ratings.next(rater.id) is None
    assert store.ratings.progress(rater.id) == (total, total)


def test_the_same_name_continues_and_the_token_finds_the_rater(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    assert store.ratings.join(study.id, "Rin", "ja") == rater
    assert store.ratings.rater(rater.token) == rater
    assert store.ratings.rater("guess") is None
    assert store.ratings.join(study.id, "Sam", "en").index == 1
    with pytest.raises(RequestInvalid):
        store.ratings.join(study.id, "  ", "en")


def test_a_repeat_is_a_success_and_adds_nothing(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    assignment = take(store, rater.id)
    assert store.ratings.vote(rater.id, assignment.id, VOTE)
    assert not store.ratings.vote(rater.id, assignment.id, VOTE)
    assert not store.ratings.vote(rater.id, assignment.id, replace(VOTE, seconds=9.0))
    with pytest.raises(NotAssigned):
        store.ratings.vote(rater.id, assignment.id, replace(VOTE, identity="right"))
    assert count(store, VoteRow) == 1
    assert acts(store) == ["join", "vote"]
    assert store.ratings.progress(rater.id)[0] == 1 and store.ratings.tally(study.id) == (1, 0)


def test_somebody_elses_assignment_is_refused(store: Store, study: StudyRecord) -> None:
    rin, sam = store.ratings.join(study.id, "Rin", "ja"), store.ratings.join(study.id, "Sam", "en")
    assignment = take(store, rin.id)
    for target in (assignment.id, 999_999):
        with pytest.raises(NotAssigned):
            store.ratings.vote(sam.id, target, VOTE)
        with pytest.raises(NotAssigned):
            store.ratings.skip(sam.id, target, "broken")
    assert count(store, VoteRow) == count(store, SkipRow) == 0
    assert take(store, rin.id) == assignment


def test_twelve_answers_are_undone_one_by_one_and_kept(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    answered = []
    for step in range(12):
        answered.append(take(store, rater.id))
        if step % 4 == 3:
            store.ratings.skip(rater.id, answered[-1].id, "picture is broken")
        else:
            store.ratings.vote(rater.id, answered[-1].id, VOTE)
    undone = [store.ratings.undo(rater.id) for _ in answered]
    assert undone == answered[::-1]
    assert store.ratings.undo(rater.id) is None
    assert store.ratings.progress(rater.id)[0] == 0
    assert take(store, rater.id) == answered[0]
    assert store.ratings.votes(study.id).empty and store.ratings.tally(study.id) == (9, 9)
    assert (count(store, VoteRow), count(store, SkipRow)) == (9, 3), "what was said stays as history"
    assert acts(store).count("undo") == 12
    assert store.ratings.vote(rater.id, answered[0].id, replace(VOTE, identity="right"))
    assert store.ratings.votes(study.id)["outcome"].tolist() == ["right", "tie"]
    with store.db.read() as session:
        assert audit.first_broken(session) is None


def test_skip_needs_a_reason_and_closes_the_assignment(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    assignment = take(store, rater.id)
    with pytest.raises(VoteInvalid):
        store.ratings.skip(rater.id, assignment.id, " ")
    assert store.ratings.skip(rater.id, assignment.id, "I know this person")
    assert not store.ratings.skip(rater.id, assignment.id, "I know this person")
    with pytest.raises(NotAssigned):
        store.ratings.vote(rater.id, assignment.id, VOTE)
    assert count(store, VoteRow) == 0, "the refused vote left nothing behind"
    assert take(store, rater.id).position == 2
    assert acts(store) == ["join", "skip"]


@pytest.mark.parametrize(
    "change",
    [{"identity": "both"}, {"text": ""}, {"left_acceptable": None}, {"seconds": -1.0}, {"seconds": float("nan")}],
)
def test_a_vote_outside_its_choices_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(VoteInvalid):
        replace(VOTE, **change)


def test_nothing_a_rater_gets_names_a_method_or_a_file(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    known = {path.stem for path in store.files.root.rglob("*.png")}
    names = set()
    for _ in range(store.ratings.progress(rater.id)[1]):
        assignment = take(store, rater.id)
        keys = (assignment.reference_key, assignment.left_key, assignment.right_key)
        paths = [store.ratings.rater_file(rater.token, key) for key in keys]
        seen = f"{assignment} {[path.name for path in paths]} {b''.join(path.read_bytes() for path in paths)!r}"
        assert not any(word in seen for word in (*PLAN.methods, *known))
        with Image.open(paths[0]) as reference, Image.open(paths[1]) as left, Image.open(paths[2]) as right:
            assert [image.format for image in (reference, left, right)] == ["PNG"] * 3
            assert left.size == right.size
            assert (reference.info, left.info, right.info) == ({}, {}, {})
            assert reference.size == (40, 30)
        names.update(keys)
        store.ratings.vote(rater.id, assignment.id, VOTE)
    assert len(names) == 3 * store.ratings.progress(rater.id)[1], "a key is used once, so keys cannot be compared"


def test_pictures_open_only_for_the_rater_they_belong_to(store: Store, study: StudyRecord) -> None:
    rin, sam = store.ratings.join(study.id, "Rin", "ja"), store.ratings.join(study.id, "Sam", "en")
    key = take(store, rin.id).left_key
    path = store.ratings.rater_file(rin.token, key)
    assert store.ratings.rater_file(rin.token, key) == path
    path.unlink()
    assert store.ratings.rater_file(rin.token, key).exists(), "a wiped cache is made again"
    for token, wanted in ((sam.token, key), ("", key), (rin.token, "../../facepersona.db"), (rin.token, "0" * 32)):
        with pytest.raises(NotAssigned):
            store.ratings.rater_file(token, wanted)


def test_what_comes_next_can_be_loaded_early(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    early = store.ratings.upcoming(rater.id, 2)
    for _ in range(2):
        store.ratings.vote(rater.id, take(store, rater.id).id, VOTE)
        assignment = take(store, rater.id)
        keys = {assignment.reference_key, assignment.left_key, assignment.right_key}
        assert keys <= set(early)
    assert len(early) == 6


def test_the_left_picture_is_the_left_method(store: Store, study: StudyRecord) -> None:
    """The pixels behind the left key are those of the cell that the votes table calls left."""
    rater = store.ratings.join(study.id, "Rin", "ja")
    pictures = store.studies.pictures(study.id)
    for _ in range(store.ratings.progress(rater.id)[1]):
        assignment = take(store, rater.id)
        store.ratings.vote(rater.id, assignment.id, VOTE)
        row = store.ratings.votes(study.id).iloc[-1]
        if row["is_gold"] or "class_word" in (row["left"], row["right"]):
            continue
        cell = next(
            c
            for c in pictures
            if (c.person, c.prompt, c.seed, c.method) == (row["person"], row["prompt"], row["seed"], row["left"])
        )
        shown = Image.open(store.ratings.rater_file(rater.token, assignment.left_key))
        made = Image.open(store.pictures.image_path(store.pictures.get(pictures[cell])))
        assert shown.tobytes() == made.tobytes()


def test_votes_leave_as_a_long_table(store: Store, study: StudyRecord) -> None:
    empty = store.ratings.votes(study.id)
    assert list(empty.columns) == list(COLUMNS)
    rater = store.ratings.join(study.id, "Rin", "ja")
    total = store.ratings.progress(rater.id)[1]
    for _ in range(total):
        store.ratings.vote(rater.id, take(store, rater.id).id, VOTE)
    table = store.ratings.votes(study.id)
    assert table.dtypes.equals(empty.dtypes)
    assert len(table) == 2 * total
    assert set(table["axis"]) == {"identity", "text"}
    assert set(table["rater"]) == {"Rin"}
    assert set(table["axis_of_prompt"]) == {"context", "expression"}
    gold = table[table["is_gold"]]
    assert len(gold) >= 2
    assert (gold.groupby("assignment")["expected"].agg(lambda sides: sum(side != "" for side in sides)) == 1).all()
    assert (table.loc[~table["is_gold"], "expected"] == "").all()
    assert (table.loc[~table["is_gold"], "left"] != table.loc[~table["is_gold"], "right"]).all()
    assert table["repeat"].any()
    assert str(table["at"].dtype) == "datetime64[us, UTC]"


def test_a_gold_pair_shows_the_person_of_its_right_side(store: Store, study: StudyRecord) -> None:
    rater = store.ratings.join(study.id, "Rin", "ja")
    right = {pair.id: pair.pair.shown for pair in store.studies.pairs(study.id) if pair.pair.gold}
    photos = {person.name: person.photo_keys[0] for person in store.people.list()}
    seen = 0
    for _ in range(store.ratings.progress(rater.id)[1]):
        assignment = take(store, rater.id)
        if assignment.pair_id in right:
            seen += 1
            cell = right[assignment.pair_id]
            assert (assignment.person_name, assignment.prompt) == (cell.person, cell.prompt)
            shown = Image.open(store.ratings.rater_file(rater.token, assignment.reference_key))
            assert shown.tobytes() == Image.open(store.files.path(photos[cell.person])).tobytes()
        store.ratings.vote(rater.id, assignment.id, VOTE)
    assert seen


def test_sides_are_stored_as_the_design_gave_them(store: Store, study: StudyRecord) -> None:
    from facepersona_core.study.design import slots_for_rater

    rater = store.ratings.join(study.id, "Rin", "ja")
    with store.db.read() as session:
        seed = session.get_one(StudyRow, study.id).rng_seed
        rows = session.scalars(select(AssignmentRow).order_by(AssignmentRow.position)).all()
        stored = [(row.pair.index, row.flipped, row.repeat) for row in rows]
    slots = slots_for_rater(PLAN, plan_pairs(PLAN), rater.index, seed)
    assert stored == [(slot.pair_index, slot.flipped, slot.repeat) for slot in slots]
