"""The shipped scenarios: their titles, and the file that a name or path means."""

from __future__ import annotations

import os
import unicodedata
from importlib import resources
from pathlib import Path

from scenarios._problems import nearest, show
from transcript.errors import UsageError


def shipped() -> list[str]:
    """Return the titles of the shipped scenarios, in alphabetical order."""
    return sorted(_files())


def find(name_or_path: str) -> Path:
    """Return the scenario file for a path or a shipped title (with or without `.yaml`, composed or decomposed).

    An existing file wins over a title. Raises UsageError with the nearest titles for a name that is neither.
    """
    path = Path(name_or_path)
    if os.path.isfile(path):
        return path
    files = _files()
    title = unicodedata.normalize("NFC", name_or_path).strip()
    for candidate in (title, title.removesuffix(".yaml")):
        if candidate in files:
            return files[candidate]
    if name_or_path and os.path.lexists(path):
        return path
    near = " or ".join(nearest(title.removesuffix(".yaml"), tuple(files), 2))
    titles = ", ".join(sorted(files))
    raise UsageError(
        f"no scenario file {show(name_or_path)}, and no shipped scenario of that name; the nearest are {near}; "
        f"give the path of a scenario file or one of: {titles}"
    )


def _files() -> dict[str, Path]:
    folder = Path(str(resources.files("scenarios"))) / "shipped"
    return {unicodedata.normalize("NFC", file.stem): file for file in folder.glob("*.yaml")}
