"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json")]
Person = Annotated[str, typer.Argument(metavar="NAME")]
Study = Annotated[str, typer.Argument(metavar="STUDY")]
