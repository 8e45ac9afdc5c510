"""Read a text or script that somebody else wrote into lines: plain text, Markdown, Fountain, transcript.json."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from transcript.errors import FileError
from transcript.layout import clean
from transcript.record import read_transcript

Kind = Literal["prose", "dialogue", "action", "event", "transition", "heading", "note", "blank"]

TOLD: tuple[Kind, ...] = ("prose", "dialogue", "action", "event")  # what an audience sees or hears
STDIN = Path("stdin")  # the name under which it is read
SUFFIXES = (".txt", ".md", ".fountain", ".json")


@dataclass(frozen=True)
class ScriptLine:
    """One line of a file: `line` counts from 1; of a transcript.json it is the number of the turn.

    `prose` is a line of a text that is no script, `note` a row of the title block or cast list. `speaker` belongs to
    dialogue, without voice marker (`민수 E` is 민수); `text` of dialogue is what is said, without the acting direction.
    """

    line: int
    kind: Kind
    text: str
    speaker: str | None = None


def read_script(path: Path, data: bytes | None = None) -> list[ScriptLine]:
    """Return the lines of a file, in NFC; its suffix says the format, and none means plain text, as for `STDIN`.

    Plain text gives one ScriptLine per line of the file, blank ones too, so that the n-th is line n. It is a script
    when names before a tab, a colon or two spaces come again and make a third of it, or come under scene headings; else
    it is prose, a line as it stands. Markdown, Fountain and transcripts give the lines that are not blank. `data` are
    the bytes where they were read already. Raises FileError for a file that cannot be read, is no text, or has another
    suffix.
    """
    suffix = path.suffix.lower()
    if suffix not in ("", *SUFFIXES):
        raise FileError(path, f"{suffix} is not read; save it as text and give one of {', '.join(SUFFIXES)}")
    if suffix == ".json":
        return [
            ScriptLine(turn.n, turn.kind, clean(turn.text), clean(turn.speaker) if turn.speaker else None)
            for turn in read_transcript(path).turns
        ]
    text = decoded(_bytes(path) if data is None else data, path)
    rows = [row.removesuffix("\r") for row in text.split("\n" if "\n" in text else "\r")]
    if not rows[-1]:
        rows.pop()
    if suffix == ".fountain":
        return [line for line in _fountain(rows) if line.text.strip()]
    if suffix == ".md":
        return _markdown(rows)
    return _text(rows, frozenset())


def sentences(lines: Iterable[ScriptLine]) -> list[ScriptLine]:
    """Return the sentences of the lines, each with the line and kind that it has; a line's end ends a sentence."""
    found = []
    for line in lines:
        start = 0
        for end in (*(match.end() for match in _SENTENCE_END.finditer(line.text)), len(line.text)):
            if sentence := line.text[start:end].strip():
                found.append(replace(line, text=sentence))
            start = end
    return found


def decoded(data: bytes, name: Path) -> str:
    """Return the text (NFC) of UTF-8 with or without byte order mark, of UTF-16, or of CP949; FileError for no text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _checked(_tried(data, encoding), data, name)
    text = _tried(data, "utf-8")
    nulls = data.count(0)
    if (text is None and nulls) or nulls * 4 > len(data):
        # The high byte of a space, a full stop or a line's end is 0, and its place tells the order of the bytes.
        wide = _tried(data, "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be")
        text = wide if wide and _is_korean(wide) else text
    elif text is None:
        korean = _tried(data, "cp949")
        text = korean if korean and _is_korean(korean) else None
    return _checked(text, data, name)


_SENTENCE_END = re.compile(r"(?<![.!?…。])[.!?…。]++[”’\"'」』)\]]*+(?=\s|$)")

# --- encodings

_KOREAN = re.compile(r"[\t-\r -~가-힣ᄀ-ᇿ\u2000-\u206f\u3000-\u318f\uff00-\uffef]")
_MOST_BLANKS = 200
_BLANKS = re.compile(r"[^\S\n]{201,}")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f]")


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FileError(path, f"cannot be read ({getattr(error, 'strerror', None) or error}); give a file") from error


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_korean(text: str) -> bool:
    """Tell whether a guess at the encoding gave Korean or English; a wrong one gives Chinese letters and the like."""
    return len(_KOREAN.findall(text)) >= 0.7 * len(text)


def _checked(text: str | None, data: bytes, name: Path) -> str:
    if text is None:
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise FileError(name, "is not text in UTF-8, UTF-16 or CP949; save it as UTF-8", line=line) from error
    if text is None or len(_CONTROL.findall(text)) > 0.1 * len(text):
        raise FileError(name, f"is not text; save it as text and give one of {', '.join(SUFFIXES)}")
    return _BLANKS.sub(_shortened, unicodedata.normalize("NFC", text))


def _shortened(blanks: re.Match[str]) -> str:
    """Return the first of very many blanks in a row: they mean nothing, and patterns would look at each from each."""
    return blanks[0][:_MOST_BLANKS]


# --- plain text

_NAME = r"(?!\d+\s*[:：])[가-힣A-Za-z0-9·/&]{1,12}(?: [가-힣A-Za-z0-9.]{1,8}){0,2}(?:\s?[(（][^()（）]*[)）])?"
_TAB = re.compile(r"(\S[^\t]{0,39})\t+(.*)")
_COLON = re.compile(rf"({_NAME})\s?[:：]\s*(?!//)(\S.*)")
_GAP = re.compile(rf"({_NAME})(?:  +|　 *)(\S.*)")
_SCENE = re.compile(r"S#\.?\s?\d|씬\s?#?\d|Scene\s\d|(?:INT|EXT|I/E)[./ ]", re.IGNORECASE)
_NUMBER = re.compile(r"#\d+[.\s]|#\d+$")
_MARKER = re.compile(r"\s+(?:E|N|F|NA|[VO]\.?\s?[OLS]\.?)$")
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]")
_DIRECTION = re.compile(r"(?:[(（][^()（）]*[)）]\s*)+(?=\S)")
_LONGEST_LABEL = 80
_TRANSITION = " " * 8


def _text(rows: Sequence[str], headings: frozenset[int]) -> list[ScriptLine]:
    """Read rows of plain text; `headings` are the places of those that are known to be headings."""
    layout, names = _layout(rows)
    if layout is None:
        kinds: Iterator[Kind] = (
            "heading" if n in headings else "prose" if row.strip() else "blank" for n, row in enumerate(rows)
        )
        return [ScriptLine(n, kind, row) for n, (kind, row) in enumerate(zip(kinds, rows, strict=True), 1)]
    lines: list[ScriptLine] = []
    first = next((n for n, row in enumerate(rows) if _SCENE.match(row)), 0)
    speaker: str | None = None
    for n, row in enumerate(rows):
        said = layout.fullmatch(row)
        person = _person(said[1]) if said else ""
        kind: Kind = "action"
        text = row.strip()
        if not text:
            kind, speaker = "blank", speaker if row.startswith("\t") else None
        elif n in headings or _SCENE.match(row) or (n >= first and _NUMBER.match(row) and not said):
            kind, speaker = "heading", None
        elif said and (person in names or (layout is not _GAP and n >= first)):
            kind, speaker, text = "dialogue", person, _undirected(said[2])
        elif speaker and row.startswith(("\t", "  ")):
            kind, text = "dialogue", _undirected(text)
        else:
            kind = "note" if n < first else "transition" if row.startswith(_TRANSITION) else "action"
            speaker = None
        lines.append(ScriptLine(n + 1, kind, text, speaker if kind == "dialogue" else None))
    return lines


def _layout(rows: Sequence[str]) -> tuple[re.Pattern[str] | None, frozenset[str]]:
    """Return how names stand before lines, and those that are sure to be names; (None, …) for prose.

    One name before a colon makes no script, nor do a few in a long text; names that come again under scene headings do.
    """
    filled = [row for row in rows if row.strip()]
    scenes = any(_SCENE.match(row) for row in filled)
    best: tuple[int, re.Pattern[str] | None, frozenset[str]] = (0, None, frozenset())
    for layout in (_TAB, _COLON, _GAP):
        people = Counter(_person(said[1]) for said in map(layout.fullmatch, filled) if said)
        sure = 1 if layout is _TAB and scenes else 2  # times that a name must stand there
        total = sum(count for count in people.values() if count >= sure)
        if total > best[0] and (scenes or total * 3 >= len(filled)):
            best = total, layout, frozenset(name for name, count in people.items() if count >= sure)
    return best[1:]


def _person(label: str) -> str:
    """Return the name in a label: `민수 E`, `민수(고개를 돌리며)` and `민수 (V.O)` are 민수."""
    label = label[:_LONGEST_LABEL].strip()
    name = _MARKER.sub("", _BRACKETS.sub("", label)).strip()
    return clean(name or label)


def _undirected(said: str) -> str:
    said = said.strip()
    direction = _DIRECTION.match(said)
    return said[direction.end() :] if direction else said


# --- Markdown

_MD_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*)")
_MD_RULE = re.compile(r" {0,3}(?:(?:[-*_]\s*){3,}|=+|-+)\s*")
_MD_OPENING = re.compile(r"\s*(?:>\s?)*(?:(?:[-*+]|\d{1,9}[.)])\s+)?")
_MD_SPEECH = re.compile(r"\*\*(.{1,60}?)\s*[:：]?\*\*(?:\s*[:：]\s*|\s+|$)(.*)")
_MD_ALONE = re.compile(r"\*([^*\s][^*]*)\*")
_MD_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MD_LINK = re.compile(r"!?\[([^\]]{0,400})\]\([^)]{0,400}\)|</?[A-Za-z][^>]{0,400}>")
_EMPHASIS = re.compile(r"(\*{1,3}|(?<!\w)_{1,3}|~~|`{1,3})(?=\S)(.{1,400}?)(?<=\S)\1")
_MD_BREAK = "\\"
_HIDDEN = 0x10FF00  # moves an escaped sign to letters that nobody uses, out of the way of those that mean something


def _markdown(rows: Sequence[str]) -> list[ScriptLine]:
    """Bring Markdown to plain text row by row: a bold name before a tab, a transition indented."""
    plain: list[str] = []
    headings = set()
    code, goes_on = False, False
    for n, row in enumerate(rows):
        text = _MD_ESCAPED.sub(lambda sign: chr(_HIDDEN + ord(sign[1])), row)
        if text.lstrip().startswith(("```", "~~~")):
            code, shown = not code, ""
        elif code or _MD_RULE.fullmatch(text):
            shown = row if code else ""
        elif heading := _MD_HEADING.fullmatch(text):
            headings.add(n)
            shown = _inline(heading[1].rstrip().rstrip("#"))
        elif speech := _MD_SPEECH.fullmatch(text):
            shown = f"{_inline(speech[1])}\t{_inline(speech[2].removesuffix(_MD_BREAK))}"
        elif alone := _MD_ALONE.fullmatch(text):
            shown = _TRANSITION + _inline(alone[1])
        else:
            shown = ("\t" if goes_on else "") + _inline(_MD_OPENING.sub("", text, count=1).removesuffix(_MD_BREAK))
        goes_on = text.endswith(_MD_BREAK) and ("\t" in shown)
        plain.append(shown)
    lines = (replace(line, text=line.text.replace("\t", " ").strip()) for line in _text(plain, frozenset(headings)))
    return [line for line in lines if line.text]


def _inline(text: str) -> str:
    """Return text without links and emphasis, with its escaped signs back."""
    return _plain(_MD_LINK.sub(lambda link: link[1] or "", text), _EMPHASIS)


def _plain(text: str, emphasis: re.Pattern[str]) -> str:
    for _ in range(2):  # bold within italic
        text = emphasis.sub(r"\2", text)
    return "".join(chr(ord(sign) - _HIDDEN) if 0 < ord(sign) - _HIDDEN < 128 else sign for sign in text).rstrip()


# --- Fountain

_KEY = re.compile(r"[A-Za-z][A-Za-z ]*:")
_FORCED_HEADING = re.compile(r"\.(?=\w)")
_SLUG = re.compile(r"(?:INT|EXT|EST|INT\./EXT|INT/EXT|I/E)[. ]", re.IGNORECASE)
_SCENE_NUMBER = re.compile(r"#[^#\s]+#$")
_FOUNTAIN_ESCAPED = re.compile(r"\\([*_\[])")
_FOUNTAIN_EMPHASIS = re.compile(r"(\*{1,3}|_)(?=\S)(.{1,400}?)(?<=\S)\1")


def _fountain(rows: Sequence[str]) -> Iterator[ScriptLine]:
    """Yield the lines of Fountain 1.1 (fountain.io/syntax); title page, sections and synopses are notes."""
    rows = _without(_without("\n".join(rows), "/*", "*/"), "[[", "]]").split("\n")
    title = bool(rows) and _KEY.match(rows[0]) is not None
    speaker: str | None = None
    after_blank = True
    for n, row in enumerate(rows, 1):
        text, alone = row.strip(), n == len(rows) or not rows[n].strip()
        if not text:
            title = False
            speaker = speaker if row == "  " else None
        elif title:
            yield ScriptLine(n, "note", text)
        elif speaker:
            if not _BRACKETS.fullmatch(text):
                said = text[1:] if text.startswith(("\\", "~")) else text
                yield ScriptLine(n, "dialogue", _printed(said), speaker)
        elif text.startswith("@") or (after_blank and not alone and _is_cue(text)):
            speaker = _person(_printed(text.removeprefix("@").rstrip("^ ")))
        else:
            yield _described(n, text, after_blank and alone)
        after_blank = not text


def _without(text: str, opening: str, closing: str) -> str:
    """Return text without the boneyard or the notes, their line ends kept."""
    seen, start = [], 0
    while (begin := text.find(opening, start)) >= 0 and (end := text.find(closing, begin + 2)) >= 0:
        seen += [text[start:begin], "\n" * text.count("\n", begin, end)]
        start = end + 2
    return "".join((*seen, text[start:]))


def _described(n: int, text: str, stands_alone: bool) -> ScriptLine:
    if text.startswith("!"):
        return ScriptLine(n, "action", _printed(text[1:]))
    if _FORCED_HEADING.match(text) or _SLUG.match(text):
        return ScriptLine(n, "heading", _printed(_SCENE_NUMBER.sub("", text.removeprefix("."))))
    if text.startswith(">") and text.endswith("<"):
        return ScriptLine(n, "action", _printed(text[1:-1].strip()))
    if text.startswith(">") or (stands_alone and text.isupper() and text.endswith("TO:")):
        return ScriptLine(n, "transition", _printed(text.removeprefix(">").strip()))
    if text.startswith(("#", "=")):
        return ScriptLine(n, "note", text.strip("#= "))
    return ScriptLine(n, "action", _printed(text.removeprefix("~")))


def _is_cue(text: str) -> bool:
    head = text.partition("(")[0]
    return head.isupper() and not text.startswith(("!", ".", ">", "#", "=", "~")) and not _SLUG.match(text)


def _printed(text: str) -> str:
    """Return text as it is printed: without emphasis, with its escaped signs back."""
    return _plain(_FOUNTAIN_ESCAPED.sub(lambda sign: chr(_HIDDEN + ord(sign[1])), text), _FOUNTAIN_EMPHASIS)
