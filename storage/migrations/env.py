"""Run by alembic: migrates the connection that `storage.migrations.config` was given, in its transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage.tables import Base, UTCDateTime


def render_item(kind: str, item: Any, _: object) -> str | Literal[False]:
    """A migration must not change with the models, so it names no type of theirs."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UTCDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
