"""`daebon doctor`: a line for each thing that daebon needs or could use, and how to get what is missing."""

from __future__ import annotations

from typing import Annotated

import typer

_MARKS = {"ok": "ok", "optional": "-", "missing": "MISSING"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object: for a program.")] = False,
) -> None:
    """Look at this machine: what daebon needs, what it could use, and how to get what is missing, a line each.

    `ok` is there, `-` is absent and wanted for some uses only, MISSING is needed by all; the exit code is 1 with one of these.
    Nothing is downloaded, loaded or written.
    """
    import json
    from dataclasses import asdict

    from daebon.doctor import checks

    found = []
    for check in checks():
        found.append(check)
        if not as_json:
            remedy = f"; {check.remedy}" if check.remedy else ""
            typer.echo(f"{_MARKS[check.status]:8}{check.name:11}{check.said}{remedy}")
    healthy = all(check.status != "missing" for check in found)
    if as_json:
        typer.echo(
            json.dumps({"ok": healthy, "checks": [asdict(check) for check in found]}, ensure_ascii=False, indent=2)
        )
    if not healthy:
        raise typer.Exit(1)
