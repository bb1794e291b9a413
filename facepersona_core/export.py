"""Tables as files: CSV for people, Parquet for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def to_csv(table: pd.DataFrame) -> bytes:
    """With a byte order mark, so that spreadsheet programs read Japanese names rightly."""
    return _flat(table).to_csv(index=False).encode("utf-8-sig")


def to_parquet(table: pd.DataFrame) -> bytes:
    """With the types of the columns."""
    buffer = BytesIO()
    _flat(table).to_parquet(buffer, index=False)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[pd.DataFrame], bytes]] = {".csv": to_csv, ".parquet": to_parquet}
"""File suffix to writer."""


def _flat(table: pd.DataFrame) -> pd.DataFrame:
    """``details`` of scores as JSON text: a column of free-form dicts fits no table format."""
    if "details" not in table:
        return table
    return table.assign(details=[json.dumps(dict(value), ensure_ascii=False) for value in table["details"]])
