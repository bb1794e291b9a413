"""Indexes on what points to rows that can be deleted, so that deleting them does not read whole tables."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = (
    ("jobs", "needs_id"),
    ("pairs", "first_id"),
    ("pairs", "second_id"),
    ("assignments", "pair_id"),
    ("votes", "assignment_id"),
    ("skips", "assignment_id"),
)


def upgrade() -> None:
    """Bring the schema here from the step before."""
    for table, column in COLUMNS:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    """Bring the schema back to the step before."""
    for table, column in reversed(COLUMNS):
        op.drop_index(f"ix_{table}_{column}", table)
