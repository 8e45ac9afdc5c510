"""What the word processors share: a paragraph for each turn, and a named style that says which kind of line it is.

Their libraries make the document with its styles and its title page; the turns are then streamed into its XML, because
20,000 paragraphs made one by one through a library take minutes or hundreds of MiB (docs/benchmarks.md).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from html import escape
from zipfile import ZipFile, ZipInfo

from transcript.layout import Line, Scene, Script, gather, speech
from transcript.turn import Kind

HEADING, TITLE, NOTE, CAST, NAMES, ARC = "씬 제목", "대본 제목", "대본 정보", "등장인물", "등장인물 목록", "감정선"
STYLES: dict[Kind, str] = {"dialogue": "대사", "action": "지문", "event": "사건", "transition": "전환"}

MARK = "daebon\ue000"  # the text of the paragraph in whose place `fill` puts the script

_KINDS: dict[str, Kind] = {style: kind for kind, style in STYLES.items()}
_FRONT = (TITLE, NOTE, CAST, NAMES, ARC)
_NUMBER = re.compile(r"S#(\d+)")


def front(script: Script) -> Iterator[tuple[str, str]]:
    """Yield style and text of each paragraph of the title page and the cast list."""
    yield TITLE, script.title
    yield from ((NOTE, f"{label}: {value}") for label, value in script.notes)
    if script.cast:
        yield CAST, "등장인물"
        yield from ((NAMES, str(role)) for role in script.cast)


def paragraphs(script: Script) -> Iterator[tuple[str, str]]:
    """Yield style and text of each paragraph of the script proper; a tab ends a name, LF parts the rows of a turn."""
    for scene in script.scenes:
        yield HEADING, scene.heading
        for line in scene.lines:
            rows = (f"{line.label}\t{line.said}", *line.lines[1:]) if line.kind == "dialogue" else line.lines
            yield STYLES[line.kind], "\n".join(rows)


def fill(archive: bytes, part: str, paragraph: str, rows: Iterable[str]) -> bytes:
    """Return a document in which rows of XML stand for the one paragraph that reads `MARK`.

    `part` is the file in the archive and `paragraph` how such an element opens in it (`<w:p>`).
    """
    buffer = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as source, ZipFile(buffer, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            copy = ZipInfo(info.filename, info.date_time)
            copy.compress_type = info.compress_type
            if info.filename != part:
                target.writestr(copy, data)
                continue
            place = data.index(MARK.encode())
            closing = f"</{paragraph.strip('<> ')}>".encode()
            with target.open(copy, "w") as file:
                file.write(data[: data.rindex(paragraph.encode(), 0, place)])
                for row in rows:
                    file.write(row.encode())
                file.write(data[data.index(closing, place) + len(closing) :])
    return buffer.getvalue()


def marked(text: str, tab: str, line_break: str) -> str:
    """Return text as XML, its tabs and line ends as the elements given."""
    return escape(text, quote=False).replace("\t", tab).replace("\n", line_break)


def scenes(found: Iterable[tuple[str, str]]) -> tuple[Scene, ...]:
    """Return the scenes of paragraphs, edited or not.

    A style that is not ours is told by its text: `S#1` is a heading, a tab ends a name, all else is action; before the
    first heading it is a part of the title page.
    """
    return gather(_pieces(found))


def _pieces(found: Iterable[tuple[str, str]]) -> Iterator[Scene | Line]:
    begun = False
    for style, text in found:
        number = _NUMBER.match(text)
        kind = _KINDS.get(style, "dialogue" if "\t" in text else "action")
        label, tab, said = text.partition("\t")
        if style in _FRONT or not text.strip():
            continue
        if number and (style == HEADING or (style not in _KINDS and not tab)):
            begun = True
            yield Scene(int(number[1]), text, ())
        elif style in _KINDS or begun:
            first, *more = said.split("\n")
            plain = "action" if kind == "dialogue" else kind
            yield speech(label, first, more) if kind == "dialogue" and tab else Line(plain, tuple(text.split("\n")))
