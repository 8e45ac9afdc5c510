"""Fountain (fountain.io/syntax): what reads as another element is forced in action and escaped in dialogue."""

from __future__ import annotations

import re

from transcript.layout import Line, Scene, Script, lay_out
from transcript.record import Transcript

_BLANK = "  "  # two spaces keep a blank line inside its dialogue

_EMPHASIS_OR_NOTE = re.compile(r"[*_]|\[(?=\[)|(?<=[\[\\])\[")
_MARK = re.compile(r"[@#>~=!(\\]|\.(?!\.)|(?:INT|EXT|EST|[IE]/[IE])(?:[./\s]|$)|FADE IN:", re.IGNORECASE)
_DIRECTION = re.compile(r"\([^()]*\)")
_SMALL = re.compile(r"[a-z]")

# A bracket in a name would begin its extension, a caret would make the dialogue dual; neither can be escaped.
_NAME = str.maketrans("()^", "（）＾")


def render(transcript: Transcript) -> str:
    """Return the script as Fountain 1.1, lines ended by LF.

    Beyond the syntax page this follows what readers do: a forced heading starts with a Latin letter, every line of an
    action is forced by itself, `TV가 켜진다.` counts as capitals. To read a row of dialogue back, drop one backslash at
    its start, then those before `*`, `_` and `[`. In names, and at the end of a transition, signs that cannot be
    escaped become their full-width forms.
    """
    script = lay_out(transcript)
    return "\n\n".join((_title_page(script), *(block for scene in script.scenes for block in _scene(scene)))) + "\n"


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
    for before, row in zip(("-", *line.lines), line.lines, strict=False):
        if not row:
            rows.append(_BLANK)
        elif (_MARK.match(row) and not _DIRECTION.fullmatch(row)) or (not before and _is_capitals(row)):
            rows.append(f"\\{_escape(row)}")
        else:
            rows.append(_escape(row))
    return "\n".join(rows)


def _is_capitals(row: str) -> bool:
    """Tell whether readers take `row` for a name: capitals and no small letter before a bracket; Hangul is neither."""
    head = row.partition("(")[0]
    return any(map(str.isupper, head)) and not _SMALL.search(head)


def _escape(text: str) -> str:
    """Escape emphasis, notes and, by its star, the boneyard."""
    return _EMPHASIS_OR_NOTE.sub(r"\\\g<0>", text)
