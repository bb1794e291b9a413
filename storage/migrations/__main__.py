"""Write the next migration: the difference between the newest one and the models."""

from __future__ import annotations

import sys
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from storage.migrations import config

if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('Usage: python -m storage.migrations "what changes"')
    with create_engine("sqlite://").connect() as connection:
        command.upgrade(config(connection), "head")
        number = 1 + len(list((Path(__file__).parent / "versions").glob("[0-9]*.py")))
        command.revision(config(connection), sys.argv[1], autogenerate=True, rev_id=f"{number:04}")
