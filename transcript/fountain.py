"""Fountain (fountain.io/syntax): what reads as another element is forced in action and escaped in dialogue."""

from __future__ import annotations

import re
from dataclasses import replace

from transcript.layout import NBSP, Line, Scene, Script, gather, lay_out
from transcript.record import Transcript

_BLANK = "  "  # two spaces keep a blank line inside its dialogue

_EMPHASIS_OR_NOTE = re.compile(r"[*_]|\[(?=\[)|(?<=[\[\\])\[")
_MARK = re.compile(r"[@#>~=!(\\]|\.(?!\.)|(?:INT|EXT|EST|[IE]/[IE])(?:[./\s]|$)|FADE IN:", re.IGNORECASE)
_DIRECTION = re.compile(r"\([^()]*\)")
_SMALL = re.compile(r"[a-z]")

# A bracket in a name would begin its extension, a caret would make the dialogue dual; neither can be escaped.
_NAME = str.maketrans("()^", "（）＾")
_READ_NAME = str.maketrans("（）＾", "()^")

_HEADING = re.compile(r"\.(S#(\d+).*?)(?: #[^#\s]+#)?")
_CUE = re.compile(r"@(.*?)(?: \((.*)\))?")
_ESCAPED = re.compile(r"\\([*_\[])")


def render(transcript: Transcript) -> str:
    """Return the script as Fountain 1.1, lines ended by LF.

    Beyond the syntax page this follows what readers do: a forced heading starts with a Latin letter, every line of an
    action is forced by itself, `TV가 켜진다.` counts as capitals. To read a row of dialogue back, drop one backslash at
    its start, then those before `*`, `_` and `[`. In names, and at the end of a transition, signs that cannot be
    escaped become their full-width forms.
    """
    script = lay_out(transcript)
    return "\n\n".join((_title_page(script), *(block for scene in script.scenes for block in _scene(scene)))) + "\n"


def parse(script: str) -> tuple[Scene, ...]:
    """Return the scenes of a script as `render` writes it.

    An event comes back as action; in a name full-width brackets and carets come back as ASCII, which they mostly were.
    """
    return gather(_piece(block) for block in script.removesuffix("\n").split("\n\n")[1:] if block)


def _piece(block: str) -> Scene | Line:
    if heading := _HEADING.fullmatch(block):
        return Scene(int(heading[2]), _unescape(heading[1]), ())
    rows = block.split("\n")
    if cue := _CUE.fullmatch(rows[0]):
        name, marker = (_unescape(part or "").translate(_READ_NAME) for part in cue.groups())
        direction = rows[1][1:-1] if re.fullmatch(r"\(.*\)", "".join(rows[1:2])) else ""
        said = [_unescape(row.removeprefix("\\")) for row in rows[2 if direction else 1 :]]
        text = (said[0].removeprefix(NBSP), *said[1:]) if said else ("",)
        return Line("dialogue", tuple("" if row == _BLANK else row for row in text), name, marker, _unescape(direction))
    if block.startswith("> "):
        return Line("transition", (re.sub("＜$", "<", _unescape(block[2:])),))
    return Line("action", tuple(_unescape(row.removeprefix("!")) for row in rows))


def _title_page(script: Script) -> str:
    rows = [f"Title: {_escape(script.title)}", "Credit: 만든 도구", f"Author: {_escape(script.tool)}"]
    if script.date:
        rows.append(f"Draft date: {_escape(script.date)}")
    # A row that began with a Latin word and a colon would be read as a key of its own.
    notes = [f"{label}: {value}" for label, value in script.about]
    if script.cast:
        notes += ["등장인물", *(f"· {role}" for role in script.cast)]
    if notes:
        rows += ["Notes:", *(f"    {_escape(note)}" for note in notes)]
    return "\n".join(rows)


def _scene(scene: Scene) -> list[str]:
    return [f".{_escape(scene.heading)} #{scene.number}#", *map(_block, scene.lines)]


def _block(line: Line) -> str:
    if line.kind == "dialogue":
        return _dialogue(line)
    if line.kind == "transition":
        return f"> {_escape(re.sub('<$', '＜', line.lines[0]))}"  # `> … <` is centered text
    return "\n".join(_action(row) for row in line.lines)


def _action(row: str) -> str:
    return f"!{_escape(row)}" if row.startswith(".") or _MARK.match(row) or _is_capitals(row) else _escape(row)


def _dialogue(line: Line) -> str:
    extension = f" ({_escape(line.marker.translate(_NAME))})" if line.marker else ""
    rows = [f"@{_escape(line.name.translate(_NAME))}{extension}"]
    if line.parenthetical:
        rows.append(f"({_escape(line.parenthetical)})")
    elif _DIRECTION.fullmatch(line.lines[0]):
        line = replace(line, lines=(f"{NBSP}{line.lines[0]}", *line.lines[1:]))
    for before, row in zip(("-", *line.lines), line.lines, strict=False):
        if not row:
            rows.append(_BLANK)
        elif (_MARK.match(row) and not _DIRECTION.fullmatch(row)) or (not before and _is_capitals(row)):
            rows.append(f"\\{_escape(row)}")
        else:
            rows.append(_escape(row))
    return "\n".join(rows)


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _is_capitals(row: str) -> bool:
    """Tell whether readers take `row` for a name: capitals and no small letter before a bracket; Hangul is neither."""
    head = row.partition("(")[0]
    return any(map(str.isupper, head)) and not _SMALL.search(head)


def _escape(text: str) -> str:
    """Escape emphasis, notes and, by its star, the boneyard."""
    return _EMPHASIS_OR_NOTE.sub(r"\\\g<0>", text)
