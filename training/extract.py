"""What a finished script says about its people: who speaks to whom, at which level, by what name, with which words.

Any layout that `training.clean` reads will do. What is found is counted, never guessed: a pair whose lines carry no ending has
no level, and a script that repeats nothing has no sayings.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from training.addressees import addressed, manners
from training.labels import about, cast_list, forms_of, labels_of, merged, names_in, spelt
from training.script import Person, SceneRead, Script, Spoken
from training.script_rows import Row, rows_of
from transcript.errors import FileError

_GROUP = re.compile(
    r"(?:모두|일동|전원|다\s?같이|다들|함께|동시에|두\s?사람|세\s?사람|둘|셋|사람들|군중|아이들|학생들)(?: 다)?"
)
_BROKEN = re.compile(r"(?:[가-힣]?(?:요|죠|다|까)|은|는|을|를|이|가|에|의|도|고|서|지|네|야|라고요?)(?=[.,!?…~\s]|$)")


def read_people(path: Path) -> Script:
    """Read the script at `path`; raises FileError for a file that cannot be read or in which nobody speaks."""
    rows = rows_of(path)
    labels = [row.label for row in rows if row.kind == "dialogue" and row.label]
    if not labels:
        raise FileError(
            path, "no line with a speaker was found; write `이름: 대사`, or a tab, or the name on a line of its own"
        )
    notes = cast_list(rows)
    names = merged(labels, rows, notes)
    spoken, scenes = _scenes(rows, names)
    counts = Counter(line.speaker for line, _ in spoken if line.speaker)
    people = tuple(
        Person(name, labels_of(name, labels, names), *about(name, rows, notes)) for name, _ in counts.most_common()
    )
    forms = forms_of(people)
    lines = addressed(spoken, forms)
    return Script(_title(rows, path), people, tuple(lines), manners(lines, forms), tuple(scenes))


def _title(rows: Sequence[Row], path: Path) -> str:
    first = next((row for row in rows if row.kind != "note" or row.text.strip()), None)
    if first is None or first.kind not in ("note", "action") or not any(row.kind == "heading" for row in rows):
        return path.stem
    text = re.sub(r"^(?:제목|Title)\s*[:：]\s*", "", first.text.strip()).strip('<>《》「」『』[]【】"“”')
    return text if 0 < len(text) <= 40 and not text.endswith(("다.", ".")) else path.stem


def _scenes(rows: Sequence[Row], names: Mapping[str, str]) -> tuple[list[tuple[Spoken, str]], list[SceneRead]]:
    """Return every spoken line with its acting direction, and the scenes; speech that goes on over rows is one line."""
    lines: list[tuple[Spoken, str]] = []
    headings, actions = [""], defaultdict[int, list[str]](list)
    for row in rows:
        if row.kind == "heading":
            headings.append(row.text)
        elif row.kind in ("action", "prose"):
            actions[len(headings) - 1].append(row.text)
        elif row.kind == "dialogue" and row.label and row.text:
            parts = names_in(row.label, names.values())
            group = len(parts) > 1 or _GROUP.fullmatch(parts[0])
            speaker = "" if group else names[spelt(parts[0])]
            if row.goes_on and lines:
                last, direction = lines[-1]
                lines[-1] = (replace(last, text=_joined(last.text, row.text)), direction)
                continue
            lines.append((Spoken(row.line, len(headings) - 1, speaker, row.text), row.toward))
    said = defaultdict[int, list[str]](list)
    for line, _ in lines:
        said[line.scene].append(line.speaker)
    scenes = [
        SceneRead(heading, tuple(actions[n]), tuple(dict.fromkeys(filter(None, said[n]))))
        for n, heading in enumerate(headings)
        if n or said[0]
    ]
    return lines, scenes


def _joined(text: str, more: str) -> str:
    """Return speech with its next row; an ending or a particle that was broken off its word goes back to it."""
    return text + more if _BROKEN.match(more) and re.search(r"[가-힣]$", text) else f"{text} {more}"
