"""The commands `daebon persona import` and `daebon persona export`: character cards in and out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from scenarios.cards import Imported

_SURE = 0.6  # share of the sentences at one speech level from which a card's example lines settle it
_FEWEST = 2  # example lines with an ending that settle it


def import_card(
    card: Annotated[
        Path, typer.Argument(metavar="CARD", help="A character card: .json, .png or .charx; V1, V2 or V3.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the persona file.")] = Path("personas"),
    user: Annotated[str, typer.Option("--user", help="Whom {{user}} in the card is: a name of your play.")] = "당신",
) -> None:
    """Make a persona of a character card; prints the path of its file.

    The whole card is kept in the persona under `extensions`, its picture and files in a folder beside it.
    """
    from scenarios.cards import import_card as write

    written = write(card, out, user, _read)
    for notice in written.notices:
        print(f"daebon: {card}: {notice}", file=sys.stderr)
    if written.folder:
        count = sum(1 for _ in written.folder.iterdir())
        print(f"daebon: {card}: {count} files of the card are in {written.folder}", file=sys.stderr)
    print(written.file)


def export_persona(
    persona: Annotated[Path, typer.Argument(metavar="PERSONA", help="A persona file.")],
    to: Annotated[
        str, typer.Option("--to", help="Formats, by commas: v1.json, v2.json, v3.json, v1.png, v2.png, v3.png, charx.")
    ] = "v2.png",
    out: Annotated[Path, typer.Option("--out", help="Folder of the cards.")] = Path("."),
) -> None:
    """Write a persona as character cards; prints their paths.

    What came from a card and was not changed keeps what the card said, down to fields that daebon does not know.
    """
    from scenarios.cards import export_card

    paths, notices = export_card(persona, [name.strip() for name in to.split(",") if name.strip()], out, _read)
    for notice in notices:
        print(f"daebon: {persona}: {notice}", file=sys.stderr)
    for path in paths:
        print(path)


def _read(value: Mapping[str, Any], user: str, stem: str) -> Imported:
    """Read a card, and take the speech level from its example lines where the card names none."""
    from agents.speech import levels_of
    from scenarios.cards import persona_of
    from training.addressees import level_of

    found = persona_of(value, user, stem)
    voice = found.persona.voice
    telling = [(line, 1.0) for line in voice.examples if levels_of(line)]
    if voice.level or len(telling) < _FEWEST:
        return found
    level, share = level_of(telling)
    if share < _SURE:
        return found
    return replace(found, persona=replace(found.persona, voice=replace(voice, level=level)))
