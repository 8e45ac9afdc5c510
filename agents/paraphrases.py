"""Concepts of drama that a fact may be about, and the words by which speech points to them: 임신 by 입덧, 홀몸, 산달."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from emotion.conjugation import Kind, follows, noun, predicate

_WORD = re.compile(r"[0-9A-Za-z가-힣]+")
_EVERYWHERE = 200  # lines of a thousand at which a word says nothing


@dataclass(frozen=True, eq=False)
class Pointer:
    """A word of the table, the concepts to which it points, and how much it says (0..1): 입덧 1, 엄마 less, 죽다 less."""

    word: str
    concepts: frozenset[str]
    weight: float


def words_of(text: str) -> list[str]:
    """Return the words of `text` (NFC) with their particles and endings, without marks."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def pointers(words: Iterable[str]) -> frozenset[Pointer]:
    """Return the words of the table among `words`, each alone or joined with the next: 다음 달에 is also looked up as 다음달에."""
    found = list(words)
    together = [first + second for first, second in pairwise(found)]
    return frozenset().union(*map(_of_word, found + together))


def concepts(words: Iterable[str]) -> frozenset[str]:
    """Return the concepts to which `words` point."""
    return frozenset().union(*(pointer.concepts for pointer in pointers(words)))


def concepts_inside(word: str) -> frozenset[str]:
    """Return the concepts of the nouns in which a compound begins or ends: 막내아들 has those of 막내 and 아들."""
    nouns = _nouns()
    halves = [word[:i] for i in range(2, len(word))] + [word[i:] for i in range(1, len(word) - 1)]
    return frozenset().union(*(nouns[half].concepts for half in halves if half in nouns))


@lru_cache(maxsize=16384)
def _of_word(word: str) -> frozenset[Pointer]:
    """Return the words of the table of which one word is a form: 죽었대 is found under 죽다, and 새할머니가 under 할머니."""
    found = _forms(word)
    for start in range(1, len(word) - 1):
        if found:
            break
        found = frozenset(p for p in _forms(word[start:]) if len(p.word) > 1 and p.word[-1] != "다")
    return found


def _forms(word: str) -> frozenset[Pointer]:
    table, letters = _table(), unicodedata.normalize("NFD", word)
    bases = ((end, *entry) for end in range(1, len(letters) + 1) for entry in table.get(letters[:end], ()))
    return frozenset(pointer for end, kind, pointer in bases if follows(kind, letters[end:]))


@cache
def _nouns() -> dict[str, Pointer]:
    """Return the nouns of the table that have two syllables or more."""
    return {pointer.word: pointer for pointer in _pointers() if len(pointer.word) > 1 and pointer.word[-1] != "다"}


@cache
def _table() -> dict[str, list[tuple[Kind, Pointer]]]:
    """Return kind and word by the bases of every word of the table, in decomposed jamo."""
    table: dict[str, list[tuple[Kind, Pointer]]] = {}
    for pointer in _pointers():
        for base, kind in predicate(pointer.word) if pointer.word.endswith("다") else noun(pointer.word):
            table.setdefault(base, []).append((kind, pointer))
    return table


@cache
def _pointers() -> tuple[Pointer, ...]:
    """Return every word of the table with its concepts, and its weight by how many lines of drama have it."""
    owners: dict[str, set[str]] = {}
    for concept, words in _rows("paraphrases.tsv"):
        for word in words.split():
            owners.setdefault(word, set()).add(concept)
    common = {word: float(lines) for lines, words in _rows("common.tsv") for word in words.split()}
    rarity = {word: 1 - math.log1p(lines) / math.log1p(_EVERYWHERE) for word, lines in common.items()}
    return tuple(Pointer(word, frozenset(names), rarity.get(word, 1.0)) for word, names in owners.items())


def _rows(name: str) -> Iterator[tuple[str, str]]:
    """Yield the two columns of a table of this room, without its notes and its heading."""
    _, _, rows = files("agents").joinpath(name).read_text(encoding="utf-8").partition("\twords\n")
    for row in rows.splitlines():
        first, words = row.split("\t")
        yield first, words
