"""The rows of a script in any layout and format: headings, action, and speech with its label, as written."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from training.clean import structure
from training.documents import Unreadable, read_document
from transcript.errors import FileError
from transcript.reading import read_script


@dataclass(frozen=True)
class Row:
    """A row of any layout: `kind` is heading, action, note or dialogue; `label` is the speaker as written.

    `toward` is the acting direction; a row that `goes_on` belongs to the speech of the row before.
    """

    line: int
    kind: str
    text: str
    label: str = ""
    toward: str = ""
    goes_on: bool = False


def rows_of(path: Path) -> list[Row]:
    """Return the rows of the script at `path`; raises FileError for a file that cannot be read."""
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _jsonl(path)
    if suffix in (".fountain", ".md", ".json"):
        found = [Row(line.line, line.kind, line.text, line.speaker or "") for line in read_script(path)]
        if any(row.kind == "dialogue" for row in found):
            return found
    try:
        text = "\n".join(read_document(path, columns=True).pages)
        if suffix == ".pdf" and not any(line.speaker for line in structure(text)):
            text = "\n".join(read_document(path).pages)
    except Unreadable as error:
        raise FileError(path, str(error)) from error
    if suffix == ".md":
        text = re.sub(r"[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}|^>\s?|^#+\s*(?=\S)", "", text, flags=re.MULTILINE)
    return _structured(text)


def _structured(text: str) -> list[Row]:
    """Return the rows of plain text; a direction on a row of its own goes to the speech below it."""
    rows: list[Row] = []
    toward, named = "", True
    for line in structure(text):
        if line.part == "parenthetical":
            toward = line.text
        elif line.part == "name":
            named = True
        elif line.part == "dialogue":
            opening = re.match(r"[^(（]{0,30}?[(（]([^()（）]*)[)）]", line.text)
            bare_row = line.text == line.said or line.text.startswith(("(", "（"))
            goes_on = bare_row and not named and bool(rows) and rows[-1].label == line.speaker != ""
            toward = toward or (opening[1] if opening else "")
            rows.append(Row(line.line, "dialogue", line.said, line.speaker, toward, goes_on))
            toward, named = "", False
        elif line.part in ("heading", "action", "note"):
            rows.append(Row(line.line, line.part, line.text))
    return rows


def _jsonl(path: Path) -> list[Row]:
    """Read one JSON object a line: `text`, and `speaker` where somebody says it (turns of a transcript have both)."""
    rows: list[Row] = []
    try:
        texts = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(path, f"cannot be read as UTF-8 text ({error}); save it again") from error
    scene: object = None
    for number, text in enumerate(texts, 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FileError(path, f"is no JSON object ({error}); write one object a line", line=number) from error
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            raise FileError(path, 'has no text; write {"speaker": …, "text": …}', line=number)
        if row.get("scene") != scene and isinstance(row.get("scene"), int):
            scene = row["scene"]
            rows.append(Row(number, "heading", f"S#{scene}."))
        speaker = unicodedata.normalize("NFC", str(row.get("speaker") or ""))
        kind = "dialogue" if speaker else "heading" if row.get("kind") == "heading" else "action"
        rows.append(Row(number, kind, unicodedata.normalize("NFC", row["text"]), speaker))
    return rows
