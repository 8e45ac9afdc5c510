"""Find and read the persona files that a scenario names; nothing outside the scenario's folder is opened."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from scenarios._fields import MAX_CAST
from scenarios._keys import Translation
from scenarios._problems import Place, Problem, near, show
from scenarios._yaml import KeyPath, read
from scenarios.values import Persona
from transcript.errors import FileError

_INSIDE = "put the persona file in that folder, or in a folder in it"
_SUFFIXES = (".yaml", ".yml")


def read_cast(cast: list[Any], folder: Path, into: Translation) -> bool:
    """Put the personas of the files in place of their paths, in `cast`; return whether every persona is there.

    A file that cannot be read is a problem of `into`, and a stand-in keeps its place in the cast.
    """
    complete = len(cast) <= MAX_CAST
    for at, entry in enumerate(cast[:MAX_CAST]):
        path: KeyPath = ("cast", at)
        member = {"persona": entry} if isinstance(entry, str) else entry
        if isinstance(member, dict) and isinstance(member.get("persona"), str):
            place = into.place(path if isinstance(entry, str) else (*path, "persona"))
            persona = _persona(folder, member["persona"].strip(), place, into, (*path, "persona"))
            complete = complete and persona is not None
            cast[at] = {**member, "persona": persona or {"name": f"?{at}"}}
        else:
            complete = complete and isinstance(member, dict) and isinstance(member.get("persona"), dict)
    return complete


def _persona(folder: Path, name: str, place: Place, into: Translation, to: KeyPath) -> dict[str, Any] | None:
    if fault := _misspelt(name):
        into.problems.append(Problem(place, *fault))
        return None
    file = folder.joinpath(*_on_disk(folder, name))
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        into.problems.append(Problem(place, f"{show(name)} is a link out of the folder of this file", _INSIDE))
        return None
    if not os.path.lexists(file):
        parent = PurePosixPath(name).parent
        beside = {entry: show(str(parent / entry)) for entry in _listing(file.parent) if entry.endswith(_SUFFIXES)}
        what, remedy = f"{show(name)} does not exist in {show(str(folder))}", "correct the path or write the file"
        into.problems.append(Problem(place, what, remedy, near(PurePosixPath(name).name, beside)))
        return None
    try:
        document = read(file, place.mark)
    except FileError as error:
        into.problems.append(Problem(Place(file, (error.line or 0, 0), error.key, place.mark), error.problem))
        return None
    return into.translate(document, Persona, to)


def _misspelt(name: str) -> tuple[str, str] | None:
    """Say what is wrong with a path as it is written, and the remedy; None when it stays in its folder."""
    if not name:
        return "the path is empty", "write the path of a persona file, such as personas/지은.yaml"
    if name.startswith("/") or PureWindowsPath(name).anchor:
        return f"{show(name)} is an absolute path", "write it relative to the folder of this file"
    if "\\" in name:
        return f"{show(name)} has a backslash", "write / between folders"
    if os.path.normpath(name).split(os.sep)[0] == "..":
        return f"{show(name)} leads out of the folder of this file", _INSIDE
    return None


def _on_disk(folder: Path, name: str) -> list[str]:
    """Return the parts of a path as the disk spells them: another system may have stored them decomposed (NFD)."""
    parts: list[str] = []
    for part in PurePosixPath(name).parts:
        here = folder.joinpath(*parts)
        if not os.path.lexists(here / part):
            wanted = unicodedata.normalize("NFC", part)
            part = next((entry for entry in _listing(here) if unicodedata.normalize("NFC", entry) == wanted), part)
        parts.append(part)
    return parts


def _listing(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
