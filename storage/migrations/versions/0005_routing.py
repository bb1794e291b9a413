"""Pairs that the machine decides, and the probability with which each was sent to people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here from the step before."""
    # Columns only: a table that is built anew cannot replace one that others point to.
    op.add_column("pairs", sa.Column("rated", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("pairs", sa.Column("probability", sa.Double(), nullable=False, server_default="1.0"))
    op.add_column("pairs", sa.Column("route", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    """Bring the schema back to the step before."""
    for name in ("route", "probability", "rated"):
        op.drop_column("pairs", name)
