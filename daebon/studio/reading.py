"""Read what a person typed: lines of roles with their acting direction, pasted pages, names, numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from daebon.messages import _
from transcript.errors import UsageError

_DIRECTION = re.compile(r"\s*[(（]([^()（）]*)[)）]\s*")
_TAG = re.compile(r"\s*([^:：()（）]{1,20}?)\s*[:：]\s*")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


@dataclass(frozen=True)
class Said:
    """One thing that a person wrote: a line of `speaker` ("" for their own role), or an action where it has no words."""

    speaker: str
    text: str
    parenthetical: str | None = None

    def __str__(self) -> str:
        """Return it as it is typed."""
        name = f"{self.speaker}: " if self.speaker else ""
        return f"{name}({self.parenthetical}) {self.text}".rstrip() if self.parenthetical else f"{name}{self.text}"


def typed(text: str) -> str:
    """Return what was typed as NFC without control characters and lone surrogates; line breaks stay."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def lines_of(text: str, cast: Mapping[str, Sequence[str]]) -> list[Said]:
    """Return the lines in a text of one row or of many.

    A row that begins with a name of `cast` (name to aliases) and a colon begins a line; a row in brackets alone is an
    action; any other row goes on with the line before, so that a pasted paragraph is one line.
    """
    found: list[list[str]] = []
    for row in filter(None, (" ".join(part.split()) for part in text.splitlines())):
        speaker, words = _tagged(row, cast)
        alone = bool(_DIRECTION.fullmatch(row))
        if speaker or alone or not found or found[-1][0] == "()":
            found.append(["()" if alone else speaker, words])
        else:
            found[-1][1] += f" {words}"
    return [_said("" if speaker == "()" else speaker, words) for speaker, words in found]


def split_line(text: str) -> tuple[str, str | None]:
    """Split `(웃으며) 왔네.` into the line and the acting direction."""
    match = _DIRECTION.match(text)
    if match is None:
        return text.strip(), None
    return text[match.end() :].strip(), match.group(1).strip() or None


def name_of(word: str, cast: Mapping[str, Sequence[str]]) -> str:
    """Return the role that `word` names, by name or alias; raises UsageError with the nearest one."""
    word = word.strip()
    for name, aliases in cast.items():
        if word == name or word in aliases:
            return name
    if not word:
        raise UsageError(_("whom? the roles are {names}", names=", ".join(cast)))
    near = get_close_matches(word, cast, n=1, cutoff=0.4)
    hint = _("did you mean {name}? ", name=near[0]) if near else ""
    raise UsageError(_("no role '{word}'; {hint}the roles are {names}", word=word, hint=hint, names=", ".join(cast)))


def name_and_text(words: str, cast: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Split `지은 왜 떠났어요?` into the role and the rest; a name or alias of several words is found too."""
    for spelled in sorted({form for name, aliases in cast.items() for form in (name, *aliases)}, key=len, reverse=True):
        if words == spelled or words.startswith(f"{spelled} "):
            return name_of(spelled, cast), words.removeprefix(spelled).strip()
    return name_of(words.partition(" ")[0], cast), ""


def number_of(word: str, low: int, high: int) -> int:
    """Return `word` as a number from `low` to `high`; raises UsageError."""
    if not word.isdecimal() or not low <= int(word) <= high:
        raise UsageError(_("'{word}': give a number from {low} to {high}", word=word, low=low, high=high))
    return int(word)


def _tagged(row: str, cast: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    match = _TAG.match(row)
    if match:
        for name, aliases in cast.items():
            if match.group(1) == name or match.group(1) in aliases:
                return name, row[match.end() :]
    return "", row


def _said(speaker: str, words: str) -> Said:
    text, parenthetical = split_line(words)
    return Said(speaker, text, parenthetical)
