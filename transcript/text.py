"""Plain text as Korean scripts are typed: name, tab, line; 지문 at the margin, transitions to the right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from transcript.layout import Arc, Line, Scene, columns, gather, lay_out, speech
from transcript.record import Transcript

COLUMNS = 72  # a Hangul syllable takes two
INDENT = 8  # the least that stands before a transition

_HEADING = re.compile(r"S#(\d+)")


def render(transcript: Transcript, arc: Arc | None = None) -> str:
    """Return the script as text, lines ended by LF; the arcs, if given, stand behind the cast.

    From the first heading on, a tab follows a name or opens a further line of the same speech, eight or more spaces
    open a transition, `S#` and a digit at the margin open a heading, and all else is 지문, one space in where it looks
    like a heading.
    """
    script = lay_out(transcript)
    blocks = [script.title, "\n".join(f"{label}: {value}" for label, value in script.notes)]
    if script.cast:
        blocks.append("\n".join(("등장인물", *(f"- {role}" for role in script.cast))))
    if arc:
        blocks.append("\n".join(("감정선", *(f"- {label}: {bars}" for label, bars in arc.rows))))
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


def parse(script: str) -> tuple[Scene, ...]:
    """Return the scenes of a script as `render` writes it; an event comes back as action."""
    blocks = script.removesuffix("\n").split("\n\n")
    first = next((n for n, block in enumerate(blocks) if n and _HEADING.match(block)), len(blocks))
    return gather(piece for block in blocks[first:] for piece in _pieces(block.split("\n")))


def _pieces(rows: Sequence[str]) -> Iterator[Scene | Line]:
    """Yield what a block holds: its heading, its transition, its speeches, and rows of action as one."""
    start = 0
    while start < len(rows):
        row, end = rows[start], start + 1
        if "\t" in row:
            end = next((n for n in range(end, len(rows)) if not rows[n].startswith("\t")), len(rows))
            label, _, said = row.partition("\t")
            yield speech(label, said, (more[1:] for more in rows[start + 1 : end]))
        elif heading := _HEADING.match(row):
            yield Scene(int(heading[1]), row, ())
        elif row.startswith(" " * INDENT):
            yield Line("transition", (row.strip(" "),))
        elif row:
            end = next((n for n in range(end, len(rows)) if "\t" in rows[n]), len(rows))
            yield Line("action", tuple(action.removeprefix(" ") for action in rows[start:end]))
        start = end


def _speech(line: Line) -> str:
    return "\n\t".join((f"{line.label}\t{line.said}", *line.lines[1:]))


def _action(line: Line) -> str:
    return "\n".join(f" {row}" if _HEADING.match(row) else row for row in line.lines)


def _right(row: str) -> str:
    return " " * max(INDENT, COLUMNS - columns(row)) + row
