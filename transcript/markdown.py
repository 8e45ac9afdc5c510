"""Markdown (CommonMark, with GFM's tables and strikethrough in mind): a heading per scene, names in bold."""

from __future__ import annotations

import re

from transcript.layout import Line, lay_out
from transcript.record import Transcript

_BREAK = "\\\n"

# Inside a line: code, emphasis, links, HTML, entities, strikethrough, tables, and a `#` that would close a heading.
_INLINE = re.compile(r"[\\`*_\[\]<>&~|]|(?<!\S)#")
# At the start of a line: lists, setext underlines, thematic breaks, table rules and definitions; `1.` and `1)`.
_OPENING = re.compile(r"^(?:(\d{1,9})(?=[.)])|(?=[-+=:]))", re.ASCII)


def render(transcript: Transcript) -> str:
    """Return the script as CommonMark; whatever the text holds is shown as typed."""
    script = lay_out(transcript)
    blocks = [f"# {_escape(script.title)}", "\n".join(f"- {label}: {_escape(value)}" for label, value in script.notes)]
    if script.cast:
        rows = (f"**{_escape(role.name)}**{_escape(str(role).removeprefix(role.name))}" for role in script.cast)
        blocks += ["## 등장인물", "\n".join(f"- {row}" for row in rows)]
    for scene in script.scenes:
        blocks.append(f"## {_escape(scene.heading)}")
        blocks += map(_block, scene.lines)
    return "\n\n".join(blocks) + "\n"


def _block(line: Line) -> str:
    if line.kind == "dialogue":
        direction = f"*({_escape(line.parenthetical)})*" if line.parenthetical else ""
        first = " ".join(filter(None, (f"**{_escape(line.label)}**", direction, _escape(line.lines[0]))))
        return _BREAK.join((first, *map(_opening, line.lines[1:])))
    if line.kind == "transition":
        return f"*{_escape(line.lines[0])}*"
    return _BREAK.join(map(_opening, line.lines))


def _escape(text: str) -> str:
    return _INLINE.sub(r"\\\g<0>", text)


def _opening(row: str) -> str:
    """Escape a row of text that stands at the start of a line."""
    return _OPENING.sub(r"\1\\", _escape(row))
