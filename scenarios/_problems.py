"""What is wrong in a file, where it stands, and the error that names the first problem and counts the rest."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from transcript.errors import FileError

Mark = tuple[int, int]  # line and column, from 1
NOWHERE: Mark = (0, 0)
MAX_SHOWN = 60  # characters of a bad value in a message
MAX_COMPARED = 80  # characters of a bad word that are compared with the known ones


@dataclass(frozen=True)
class Place:
    """A mark and key path in a file; `outer` is the mark in the scenario that names this persona file."""

    file: Path
    mark: Mark = NOWHERE
    key: str = ""
    outer: Mark | None = None

    @property
    def line(self) -> int | None:
        """The line, from 1; None when the whole file is meant."""
        return self.mark[0] or None

    @property
    def order(self) -> tuple[Mark, Mark]:
        """Sort by the place in the scenario, then by the place in the persona file."""
        return (self.mark, NOWHERE) if self.outer is None else (self.outer, self.mark)


@dataclass(frozen=True)
class Problem:
    """One mistake. `near` finds the known words most like a bad one; it is slow, so only the first problem calls it."""

    place: Place
    what: str
    remedy: str = ""
    near: Callable[[], str] | None = None

    def text(self) -> str:
        """Return what is wrong, the nearest known words and the remedy, in one line."""
        near = self.near() if self.near else ""
        hint = f"the nearest is {near}" if near else ""
        return "; ".join(part for part in (self.what, hint, self.remedy) if part)


def every_error(problems: Iterable[Problem]) -> list[FileError]:
    """Return an error for each place where something is wrong, in file order."""
    return [FileError(p.place.file, p.text(), line=p.place.line, key=p.place.key) for p in _ordered(problems)]


def _ordered(problems: Iterable[Problem]) -> list[Problem]:
    places: dict[Place, Problem] = {}
    for problem in problems:
        places.setdefault(problem.place, problem)  # what is wrong twice at one place has one cause
    return sorted(places.values(), key=lambda problem: problem.place.order)


def first_error(problems: Iterable[Problem]) -> FileError | None:
    """Return the error for the first problem in file order, with the count of the other places, or None."""
    ordered = _ordered(problems)
    if not ordered:
        return None
    first, more = ordered[0], len(ordered) - 1
    text = first.text() + (f" (and {more} more)" if more else "")
    return FileError(first.place.file, text, line=first.place.line, key=first.place.key)


def nearest(word: str, choices: Sequence[str], n: int = 1) -> list[str]:
    """Return the `n` choices most like `word`, best first; Hangul is compared letter by letter (민슈 is near 민수)."""
    wanted = _letters(word[:MAX_COMPARED])
    matcher = SequenceMatcher(b=wanted, autojunk=False)

    def likeness(choice: str) -> float:
        matcher.set_seq1(_letters(choice[:MAX_COMPARED]))
        return matcher.ratio()

    return sorted(choices, key=likeness, reverse=True)[:n]


def near(word: str, choices: Mapping[str, str]) -> Callable[[], str]:
    """Return what finds the choice most like `word`; `choices` maps each known word to how it is shown."""
    return lambda: "".join(choices[choice] for choice in nearest(word, tuple(choices)))


def show(value: object) -> str:
    """Return a bad value as a message shows it: one line, shortened, control characters escaped."""
    if isinstance(value, str):
        return repr(value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 1] + "…")
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return f"a list of {len(value)}" if isinstance(value, list) else "a mapping"


def _letters(text: str) -> str:
    return unicodedata.normalize("NFD", text).casefold()
