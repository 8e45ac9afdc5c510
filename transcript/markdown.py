"""Markdown (CommonMark, with GFM's tables and strikethrough in mind): a heading per scene, names in bold."""

from __future__ import annotations

import re

from transcript.layout import Arc, Line, Scene, gather, lay_out, named
from transcript.record import Transcript

_BREAK = "\\\n"

# Inside a line: code, emphasis, links, HTML, entities, strikethrough, tables, and a `#` that would close a heading.
_INLINE = re.compile(r"[\\`*_\[\]<>&~|]|(?<!\S)#")
# At the start of a line: lists, setext underlines, thematic breaks, table rules and definitions; `1.` and `1)`.
_OPENING = re.compile(r"^(?:(\d{1,9})(?=[.)])|(?=[-+=:]))", re.ASCII)


_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_HEADING = re.compile(r"## (S#(\d+).*)")
_SPEECH = re.compile(r"\*\*((?:\\.|[^\\*])*)\*\*(?: \*\(((?:\\.|[^\\*])*)\)\*)?(?: (.*))?")


def render(transcript: Transcript, arc: Arc | None = None) -> str:
    """Return the script as CommonMark, whatever the text holds shown as typed; arcs, if given, stand behind the cast."""
    script = lay_out(transcript)
    blocks = [f"# {_escape(script.title)}", "\n".join(f"- {label}: {_escape(value)}" for label, value in script.notes)]
    if script.cast:
        rows = (f"**{_escape(role.name)}**{_escape(str(role).removeprefix(role.name))}" for role in script.cast)
        blocks += ["## 등장인물", "\n".join(f"- {row}" for row in rows)]
    if arc:
        blocks += ["## 감정선", "\n".join(f"- {_escape(label)}: `{bars}`" for label, bars in arc.rows)]
    for scene in script.scenes:
        blocks.append(f"## {_escape(scene.heading)}")
        blocks += map(_block, scene.lines)
    return "\n\n".join(blocks) + "\n"


def parse(script: str) -> tuple[Scene, ...]:
    """Return the scenes of a script as `render` writes it; an event comes back as action."""
    blocks = script.removesuffix("\n").split("\n\n")
    first = next((n for n, block in enumerate(blocks) if _HEADING.match(block)), len(blocks))
    return gather(_piece(block) for block in blocks[first:] if block)


def _piece(block: str) -> Scene | Line:
    if heading := _HEADING.fullmatch(block):
        return Scene(int(heading[2]), _unescape(heading[1]), ())
    rows = block.split(_BREAK)
    if speech := _SPEECH.fullmatch(rows[0]):
        name, marker = named(_unescape(speech[1]))
        text = (speech[3] or "", *rows[1:])
        return Line("dialogue", tuple(map(_unescape, text)), name, marker, _unescape(speech[2] or ""))
    if len(block) > 1 and block.startswith("*"):
        return Line("transition", (_unescape(block[1:-1]),))
    return Line("action", tuple(map(_unescape, rows)))


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


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
