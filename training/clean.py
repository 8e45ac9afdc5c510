"""Cleaning of scripts: which line is heading, action, speech, and what stays when scene changes and page matter are taken out.

`transcript.reading` reads any text and is careful to take prose for prose; here a text is known to be a script, so every
line gets its part in it, in whatever layout its writer uses: names before a tab, a colon or a gap, on lines of their own,
or speech in quotation marks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from training.script_signs import (
    CLOSING,
    DEEP,
    DIRECTION,
    GAP,
    MARKER,
    OPEN,
    PRONOUNS,
    QUOTE,
    SAYS,
    SENTENCE,
    SUBJECT,
    TRANSITION,
    TRANSITION_ALONE,
    Layout,
    indent_of,
    is_heading,
    is_label,
    name_key,
    page_matter,
    person_of,
    plain_row,
    stands_alone,
)

Part = Literal["heading", "action", "dialogue", "parenthetical", "name", "marker", "note", "blank"]


@dataclass(frozen=True)
class CleanLine:
    """A line of a script, counted from 1.

    `text` is the line without white space around it, `stripped` what is left of that without scene changes and page matter.
    `speaker` stands with `dialogue`, `parenthetical` and `name`, without voice marks (`민수 E` is 민수), "" where the text
    does not say who speaks; `said` is the speech of a dialogue line alone.
    """

    line: int
    part: Part
    text: str
    stripped: str
    speaker: str = ""
    said: str = ""


def structure(text: str) -> list[CleanLine]:
    """Return every line of a script with its part; blank lines too, so that the n-th is line n."""
    rows = [plain_row(row) for row in unicodedata.normalize("NFC", text).removesuffix("\n").split("\n")]
    pages = page_matter(rows)
    layout = Layout.of([row for n, row in enumerate(rows) if n not in pages])
    return list(_parts(rows, pages, layout))


def stripped(text: str) -> str:
    """Return a script without scene headings, transitions, page numbers and running heads; runs of blank lines become one."""
    kept: list[str] = []
    for line in structure(text):
        if line.stripped or (line.part == "blank" and kept and kept[-1]):
            kept.append(line.stripped)
    return "\n".join(kept).strip("\n") + "\n"


def _parts(rows: Sequence[str], pages: frozenset[int], layout: Layout) -> Iterator[CleanLine]:
    begun = _beginning(rows, pages, layout)
    speaker, speaking, open_quote = "", False, False
    unfinished = False  # the last row of speech or action stopped within a sentence
    last: Part = "blank"
    for n, row in enumerate(rows):
        text = row.strip()
        number = n + 1
        if not text:
            if not row.startswith("\t") and not unfinished:
                speaking = False
            yield CleanLine(number, "blank", "", "")
            continue
        closing = CLOSING.fullmatch(text) and not any(row.strip() for row in rows[n + 1 :])
        if closing or n in pages or MARKER.fullmatch(text) or TRANSITION_ALONE.fullmatch(text):
            speaking = speaking and n in pages
            yield CleanLine(number, "marker", text, "")
            continue
        if is_heading(text, layout):
            speaking, unfinished, open_quote, last = False, False, False, "heading"
            yield CleanLine(number, "heading", text, "")
            continue
        if n < begun:
            yield CleanLine(number, "note", text, text)
            continue
        part, who, said = _one(rows, n, layout, speaker, speaking, unfinished, open_quote, last)
        if part == "dialogue" and not who and layout.quoted and last == "action":
            who = _announced(rows[n - 1].strip())
        speaking = part in ("name", "dialogue", "parenthetical") and bool(who or layout.quoted)
        speaker = who if part in ("name", "dialogue", "parenthetical") else ""
        kept = text
        if part in ("dialogue", "action"):
            kept = _without_transition(text, part)
            said = _without_transition(said, part) if said else said
            unfinished = not SENTENCE.search(kept) and not DIRECTION.fullmatch(kept)
            open_quote = layout.quoted and text.count("“") > text.count("”")
        elif part == "name":
            unfinished = False
        last = part
        yield CleanLine(number, part, text, kept, speaker, said)


def _one(
    rows: Sequence[str],
    n: int,
    layout: Layout,
    speaker: str,
    speaking: bool,
    unfinished: bool,
    open_quote: bool,
    last: Part,
) -> tuple[Part, str, str]:
    """Return part, speaker and speech of one row of a scene."""
    row, text = rows[n], rows[n].strip().lstrip("•■▶●○◆◇※ ")
    for pattern in layout.labels:
        said = pattern.fullmatch(text)
        if (
            said
            and is_label(said[1])
            and (name_key(person_of(said[1])) in layout.names or layout.new_name(said, pattern))
        ):
            return "dialogue", person_of(said[1]), _undirected(said[2])
        if said and all(name_key(one) in layout.names for one in re.split(r"\s?[/&,·]\s?", person_of(said[1]))):
            return "dialogue", person_of(said[1]), _undirected(said[2])  # several at once
    if GAP in layout.labels and stands_alone(rows, n) and indent_of(rows[n + 1]) >= DEEP > indent_of(row):
        return "name", person_of(text), ""
    if layout.alone and stands_alone(rows, n) and not (unfinished and last == "dialogue"):
        known = name_key(person_of(text)) in layout.names
        centred = indent_of(row) >= DEEP and indent_of(row) > indent_of(rows[n + 1]) - 12
        if known or centred or (len(text) <= 10 and not re.search(r"[,]|다$|요$", person_of(text))):
            return "name", person_of(text), ""
    if layout.quoted:
        return _quoted(text, speaker, open_quote)
    if DIRECTION.fullmatch(text):
        goes_on = "".join(rows[n + 1 : n + 2]).startswith(("\t", "   "))
        mine = speaking and (layout.alone or row.startswith(("\t", " ")) or goes_on)
        return ("parenthetical", speaker, "") if mine else ("action", "", "")
    if speaking and (layout.alone or row.startswith(("\t", "   ")) or (unfinished and last == "dialogue")):
        return "dialogue", speaker, _undirected(text)
    return "action", "", ""


def _quoted(text: str, speaker: str, open_quote: bool) -> tuple[Part, str, str]:
    """Return the part of a row of prose: speech when it is mostly within quotation marks or goes on with them."""
    said = "".join(QUOTE.findall(text))
    rest = QUOTE.sub(" ", text).strip()
    if open_quote and (text[0] in OPEN or said):
        return "dialogue", speaker, said.strip('“”"「」『』')
    if not said or (
        text[0] not in OPEN and len(said) * 2 < len(text) and not re.search(r"[.:,]\s*[“\"「『].*[”\"」』]$", text)
    ):
        return "action", "", ""
    if text[0] not in OPEN and len(rest) > 40:
        return "action", "", ""
    subject = SUBJECT.match(rest) if rest else None
    who = subject[1] if subject and subject[1] not in PRONOUNS else ""
    return "dialogue", who, said.strip('“”"「」『』')


def _announced(before: str) -> str:
    """Return who is going to speak by a row of prose that ends in a verb of saying."""
    sentence = re.split(r"(?<=[.!?…]) ", before)[-1]
    subject = SUBJECT.match(sentence) if SAYS.search(sentence) else None
    return subject[1] if subject and subject[1] not in PRONOUNS else ""


def _undirected(said: str) -> str:
    """Return speech without the acting direction before it."""
    found = re.match(r"(?:[(（][^()（）]*[)）]\s*)+(?=\S)", said.strip())
    return said.strip()[found.end() :] if found else said.strip()


_AT_END = re.compile(
    rf"\s+(?:[(（\[<〈]\s*(?:{TRANSITION})\s*[)）\]>〉]|(?:F\.?\s?[IO]\.?|FADE (?:IN|OUT)[.:]?|(?:SMASH )?CUT TO[.:]?|O\.L\.?))$"
)
_AT_START = re.compile(rf"^(?:[(（\[<〈]\s*(?:{TRANSITION})\s*[)）\]>〉]|(?:F\.[IO]\.|FADE (?:IN|OUT)[.:]|CUT TO:))\s+")
_LAST_WORD = re.compile(r"(?<=[.!?…])\s+(?:암전|장면\s?전환|화면\s?전환|디졸브|명전)\.?$")


def _without_transition(text: str, part: Part) -> str:
    """Return text without a transition at its beginning or end; in speech only one in brackets or capitals is one."""
    bare = _AT_START.sub("", _AT_END.sub("", text))
    return _LAST_WORD.sub("", bare) if part == "action" else bare


def _beginning(rows: Sequence[str], pages: frozenset[int], layout: Layout) -> int:
    """Return the place of the first row behind title, authors and cast."""
    for n, row in enumerate(rows):
        text = row.strip()
        if text and n not in pages and is_heading(text, layout):
            return n
    for n, row in enumerate(rows):
        text = row.strip()
        if text and (text[0] in OPEN or any(pattern.fullmatch(text) for pattern in layout.labels)):
            return n
    return 0
