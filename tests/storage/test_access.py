"""Keys of owners and analysts."""

from __future__ import annotations

import pytest
from tiny_store import Store

from facepersona_core.errors import RequestInvalid, UnknownKey
from storage import AccessKeys


def test_a_key_opens_until_it_is_revoked(store: Store) -> None:
    keys = AccessKeys(store.db)
    owner, analyst = keys.add("Mika", "owner"), keys.add("Ken", "analyst")
    assert (keys.role(owner), keys.role(analyst), keys.role("x"), keys.role("")) == ("owner", "analyst", None, None)
    first, second = keys.list()
    assert (first.name, first.role, second.name, second.revoked_at) == ("Mika", "owner", "Ken", None)
    assert keys.revoke(second.id).revoked_at is not None
    assert keys.role(analyst) is None and keys.role(owner) == "owner"


def test_the_database_does_not_hold_the_key(store: Store) -> None:
    key = AccessKeys(store.db).add("Mika", "owner")
    assert list(store.folder.rglob("*.db"))
    for path in store.folder.rglob("*.db*"):
        assert key.encode() not in path.read_bytes()


def test_what_cannot_be_is_refused(store: Store) -> None:
    keys = AccessKeys(store.db)
    with pytest.raises(RequestInvalid):
        keys.add(" ", "owner")
    with pytest.raises(RequestInvalid):
        keys.add("Mika", "king")  # type: ignore[arg-type]
    with pytest.raises(UnknownKey):
        keys.revoke(1)
