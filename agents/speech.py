"""Speech levels (상대높임): which of the six a line is spoken in, by the ending of each sentence.

The endings stand in `endings.tsv`: the longest that a clause ends on wins. An ending that two levels share is given to
both, and a fragment (`첫차.`) to none, so a guard that asks `mismatch` turns down only what is surely wrong. What stands
between quotation marks is another's speech and is not read; of `그랬소, 아이를 봤다고` the clause that closes the
sentence counts, and of `왔소, 그 사람이` the one before.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import get_args

from scenarios.values import Level

LEVELS: tuple[Level, ...] = get_args(Level)

Levels = frozenset[Level]
_PLAIN: Levels = frozenset({"해체", "해라체"})  # mixed freely between the same two people
_MIXED: dict[str, Levels] = {"해체": _PLAIN, "해라체": _PLAIN, "하게체": frozenset({"하게체", "해체"})}
_POLITE: Levels = frozenset({"합쇼체", "해요체"})  # endings that no other word looks like
_YOU = re.compile(r"자네|여보게|이보게|이 사람아|[가-힣] 서방(?![가-힣])")  # whoever says this speaks 하게체
_QUOTED = re.compile(r"“[^”]*”|‘[^’]*’|\"[^\"]*\"|「[^」]*」|『[^』]*』|(?<![가-힣])'[^']*'")
_LAUGH = re.compile(r"[ㄱ-ㅎㅏ-ㅣ]+")
_SENTENCE = re.compile(r"(?<![^.!?…~\n])[^.!?…~\n]*[가-힣][^.!?…~\n]*[.!?…~]*")
_CLAUSE = re.compile(r"[,，、;:—–]+")
_TELLING = re.compile(r"(?<![가-힣])(그러|그랬|그래|그거|그게|이러|이랬|하더|하시|하며|하고|하는|했|라고|라며|라는)")
_CALLED = re.compile(r"(야|아|님|씨)\s*\Z")  # who is spoken to
_HAILED = re.compile(  # who is spoken to, behind an ending and without a comma
    r"(?:(?<=[요다까죠쇼어해마냐오]) (?=(?:우리 )?(?:엄마|아빠|누나|언니|오빠|형|형님|여보|자기야|[가-힣]{1,3}님|[가-힣]{2,3} 씨)\Z)"
    r"|(?<=[요다까죠지어아해야네]) (?=(?:뭐|야|임마|인마|참)\Z)"
    r"|(?<=[요다까어해마냐라지니]) (?=(?:[이저내] )?(?:나쁜 |미친 |못난 )?"
    r"(?:자식|새끼|바보|놈|년|녀석|인간|화상|것|양반|친구|사람)[아야]\Z))"
)
_DRAWN = re.compile(r"([요고다까냐자지어아해네래줘봐])([아애어에오우으이]+)(?=[.!?…~\s]|\Z)")  # 싫어요오, 뭐 해에
_ECHO = re.compile(r"[다라냐자려]고\s*[?!]*\?")
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_NO_HANGUL = re.compile(r"(?<![^가-힣])[^가-힣]+\Z")  # looked for once in a run, or a long one would take for ever
_COMPATIBLE = {
    **{chr(0x3131 + i): chr(0x11A8 + j) for j, i in enumerate([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16])},
    **{letter: chr(0x11A8 + place) for letter, place in zip("ㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ", range(15, 27), strict=True)},
    **{chr(0x314F + i): chr(0x1161 + i) for i in range(21)},
}


@dataclass(frozen=True)
class Ending:
    """A row of the table: the levels that use it and its role (main, joint, phrase or word)."""

    levels: Levels
    role: str


_FRAGMENT = Ending(frozenset(), "word")


@cache
def endings() -> tuple[dict[str, Ending], int]:
    """Return the table by its endings' letters (decomposed Hangul), and the length of the longest."""
    table: dict[str, Ending] = {}
    for row in files("agents").joinpath("endings.tsv").read_text(encoding="utf-8").splitlines():
        if not row or row.startswith(("#", "ending\t")):
            continue
        ending, levels, role = row.split("\t")
        found = frozenset(level for level in LEVELS if level in levels.split("|"))
        table[_letters(ending.replace("_", " "))] = Ending(found, role)
    return table, max(map(len, table))


def levels_of(line: str) -> Levels:
    """Return every level that a sentence of `line` is spoken in; empty for a fragment, which carries no ending."""
    return frozenset[Level]().union(*read(line))


def read(line: str) -> tuple[Levels, ...]:
    """Return, for every sentence of `line`, the levels whose speakers end it this way (empty for a fragment).

    An ending that 하게체 and 해체 share is settled by `자네` and by the line's other sentences.
    """
    return tuple(ending.levels for ending in _endings_of(line))


def mismatch(text: str, wanted: str | None) -> str | None:
    """Return the level found in `text` when some sentence surely is not at the `wanted` one, else None.

    A connective (`…나쁘니까.`) beside a sentence at the wanted level is no fault.
    """
    if wanted is None:
        return None
    accepted = _MIXED.get(wanted, {wanted})
    found = _endings_of(text)
    kept = any(ending.levels & accepted for ending in found)
    for ending in found:
        if ending.levels and not ending.levels & accepted and not (kept and ending.role == "joint"):
            return next(level for level in LEVELS if level in ending.levels)
    return None


def settles(text: str, wanted: str | None) -> bool:
    """Say whether some sentence of `text` carries an ending of the `wanted` level (a fragment carries none)."""
    accepted = _PLAIN if wanted in _PLAIN else {wanted}
    return any(levels & accepted for levels in read(text))


def _endings_of(line: str) -> list[Ending]:
    """Return the ending of each sentence, shared ones settled by the rest of the line."""
    text = _DRAWN.sub(_shortened, unicodedata.normalize("NFC", line))
    spoken = _QUOTED.sub(" ", text)
    text = _LAUGH.sub(".", spoken if re.search(r"[가-힣]", spoken) else text)
    sentences = _SENTENCE.findall(text)
    found = [_ending(sentence) for sentence in sentences]
    for place, sentence in enumerate(sentences[:-1]):
        if found[place].role == "joint" and sentence.rstrip().endswith("…"):
            found[place] = _FRAGMENT  # a pause, not an end
    for place, sentence in enumerate(sentences):
        if found[place].role == "joint" and _ECHO.search(sentence):
            found[place] = Ending(found[place].levels, "main")  # 면접이라고? to a superior wants its 요
    sure = frozenset[Level]().union(*(ending.levels for ending in found if len(ending.levels) == 1))
    if _YOU.search(text):
        sure |= {"하게체"}
    return [Ending(ending.levels & sure or ending.levels, ending.role) for ending in found]


def _shortened(match: re.Match[str]) -> str:
    """Return a drawn-out ending without the vowels that only repeat its own: 다고오 → 다고, 요오 → 요; 해에 → 해, which sounds alike."""
    vowel = (ord(match[1]) - 0xAC00) // 28 % 21
    echo = {"ㅐ": "에", "ㅛ": "오", "ㅑ": "아", "ㅕ": "어", "ㅝ": "어", "ㅘ": "아"}.get(
        _VOWELS[vowel], chr(0xAC00 + (11 * 21 + vowel) * 28)
    )
    return match[1] if set(match[2]) <= {echo, chr(0xAC00 + (11 * 21 + vowel) * 28)} else match[0]


def _ending(sentence: str) -> Ending:
    """Return the ending of a sentence: of its last clause that has one, with the level of a polite one before it."""
    question = sentence.rstrip().endswith("?")
    said = _HAILED.sub(", ", _NO_HANGUL.sub("", sentence))
    clauses = [clause for clause in _CLAUSE.split(said) if clause.strip()]
    joint = _FRAGMENT
    for place, clause in reversed(list(enumerate(clauses))):
        ending = ending_of(clause, question and place == len(clauses) - 1)
        if ending is None or not ending.levels:
            continue
        if ending.role == "joint":
            called = all(_CALLED.search(later) for later in clauses[place + 1 :])
            joint = ending if called and not joint.levels else joint
            continue
        before = _closed(clauses[:place]) if not _TELLING.search(clause) else frozenset[Level]()
        return Ending(ending.levels & before or ending.levels | (before & _POLITE), "main")
    return joint


def _closed(clauses: list[str]) -> Levels:
    """Return the level of the last of `clauses` that is closed by an ending only one level has."""
    for clause in reversed(clauses):
        ending = ending_of(clause, False)
        if ending and ending.role == "main" and len(ending.levels) == 1:
            return ending.levels
    return frozenset()


def ending_of(clause: str, question: bool) -> Ending | None:
    """Return the longest ending of the table on which `clause` ends."""
    table, longest = endings()
    words = _NO_HANGUL.sub("", clause).strip()
    letters = _letters("^ " + words)
    for length in range(min(longest, len(letters)), 0, -1):
        tail = letters[-length:]
        found = (table.get(tail + "?") if question else None) or table.get(tail)
        if found:
            return found if found.role != "phrase" or " " in words else None
    return None


def _letters(text: str) -> str:
    """Return `text` with every syllable decomposed; a lone consonant counts as the end of a syllable."""
    return unicodedata.normalize("NFD", "".join(_COMPATIBLE.get(letter, letter) for letter in text))
