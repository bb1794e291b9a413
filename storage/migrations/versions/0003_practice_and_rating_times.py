"""Raters practise before they vote; rating can be paused and has an end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = (
    ("raters", "practice_right", sa.Integer()),
    ("raters", "practice_asked", sa.Integer()),
    ("studies", "rating_paused_at", sa.DateTime(timezone=True)),
    ("studies", "rating_closes_at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    """Bring the schema here from the step before."""
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    """Bring the schema back to the step before."""
    for table, name, _ in reversed(COLUMNS):
        op.drop_column(table, name)
