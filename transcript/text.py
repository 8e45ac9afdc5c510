"""Plain text as Korean scripts are typed: name, tab, line; 지문 at the margin, transitions to the right."""

from __future__ import annotations

import re
import unicodedata

from transcript.layout import Line, lay_out
from transcript.record import Transcript

COLUMNS = 72  # a Hangul syllable takes two
INDENT = 8  # the least that stands before a transition

_HEADING = re.compile(r"S#\d")


def render(transcript: Transcript) -> str:
    """Return the script as text, lines ended by LF.

    From the first heading on, a tab follows a name or opens a further line of the same speech, eight or more spaces
    open a transition, `S#` and a digit at the margin open a heading, and all else is 지문, one space in where it looks
    like a heading.
    """
    script = lay_out(transcript)
    blocks = [script.title, "\n".join(f"{label}: {value}" for label, value in script.notes)]
    if script.cast:
        blocks.append("\n".join(("등장인물", *(f"- {role}" for role in script.cast))))
    for scene in script.scenes:
        blocks.append(scene.heading)
        speech: list[str] = []
        for line in scene.lines:
            if line.kind == "dialogue":
                speech.append(_speech(line))
                continue
            blocks += ["\n".join(speech), _right(line.lines[0]) if line.kind == "transition" else _action(line)]
            speech = []
        blocks.append("\n".join(speech))
    return "\n\n".join(filter(None, blocks)) + "\n"


def _speech(line: Line) -> str:
    direction = f"({line.parenthetical})" if line.parenthetical else ""
    first = " ".join(filter(None, (direction, line.lines[0])))
    return "\n\t".join((f"{line.label}\t{first}", *line.lines[1:]))


def _action(line: Line) -> str:
    return "\n".join(f" {row}" if _HEADING.match(row) else row for row in line.lines)


def _right(row: str) -> str:
    return " " * max(INDENT, COLUMNS - sum(map(_columns, row))) + row


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
