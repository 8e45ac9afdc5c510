"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Lang = Annotated[str | None, typer.Option("--lang", help="Language of what you read, ko or en; default: the locale's.")]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="URL",
        help="A run store on PostgreSQL, postgresql://USER@HOST/DATABASE (extra postgres), in place of a file in --out.",
    ),
]
ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="A name as for --model (see `daebon model list`).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead: for a program.")]
