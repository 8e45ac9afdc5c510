"""What a character thinks of because it was mentioned: the entries of their lorebook whose keys stand in the last lines.

The rules are those of character cards (Character Card V2 and V3, `character_book`); keys are matched as Korean is written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from agents.names import stands_in
from scenarios.values import Lore, Persona


def recalled(persona: Persona, heard: Sequence[str]) -> tuple[str, ...]:
    """Return what `persona` thinks of now, in the order of the prompt; `heard` are the lines they heard, oldest first.

    Where `lore_budget` is too small for all, the lowest `priority`, then the lowest `insertion_order` is left out, and the
    last that still has room keeps the sentences that fit.
    """
    found = [entry for entry in persona.lore if entry.enabled and (entry.constant or _called(entry, heard))]
    kept: list[tuple[int, int, str]] = []
    room = persona.lore_budget
    for place, entry in sorted(enumerate(found), key=lambda one: (-one[1].priority, -one[1].insertion_order, one[0])):
        text = _fitting(entry.content, room)
        if not text:
            break
        kept.append((entry.insertion_order, place, text))
        room -= len(text)
    return tuple(text for _, _, text in sorted(kept))


def _fitting(text: str, room: int) -> str:
    """Return the whole sentences at the beginning of `text` that fit into `room` characters."""
    if len(text) <= room:
        return text
    ends = [match.end() for match in re.finditer(r"[.!?…]+[”’\"')]*(?=\s)|(?<=\S)(?=\n)", text[: room + 1])]
    return text[: ends[-1]] if ends else ""


def _called(entry: Lore, heard: Sequence[str]) -> bool:
    text = unicodedata.normalize("NFC", "\n".join(heard[max(0, len(heard) - entry.scan_depth) :]))
    text = text if entry.case_sensitive else text.casefold()
    bare = "".join(text.split())

    def said(keys: Iterable[str]) -> bool:
        for key in keys:
            word = unicodedata.normalize("NFC", key if entry.case_sensitive else key.casefold())
            if "".join(word.split()) in bare and stands_in(word, text):  # the first is quick and most often settles it
                return True
        return False

    return (
        said(entry.keys) and (not entry.secondary_keys or said(entry.secondary_keys)) and not said(entry.exclude_keys)
    )
