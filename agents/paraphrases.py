"""Concepts of drama that a fact may be about, and the words by which speech points to them: 임신 by 입덧, 홀몸, 산달."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from emotion.conjugation import Kind, follows, noun, predicate

_WORD = re.compile(r"[0-9A-Za-z가-힣]+")


def words_of(text: str) -> list[str]:
    """Return the words of `text` (NFC) with their particles and endings, without marks."""
    return _WORD.findall(unicodedata.normalize("NFC", text))


def concepts(words: Iterable[str]) -> frozenset[str]:
    """Return the concepts to which `words` point, each alone or joined with the next: 다음 달에 is also looked up as 다음달에."""
    found = list(words)
    together = [first + second for first, second in pairwise(found)]
    return frozenset().union(*map(_of_word, found + together))


@lru_cache(maxsize=4096)
def _of_word(word: str) -> frozenset[str]:
    """Return the concepts of one word in any of its forms: 죽었대 is found under 죽다."""
    table, letters = _table(), unicodedata.normalize("NFD", word)
    found: set[str] = set()
    for end in range(1, len(letters) + 1):
        for kind, names in table.get(letters[:end], ()):
            if follows(kind, letters[end:]):
                found |= names
    return frozenset(found)


@cache
def _table() -> dict[str, list[tuple[Kind, frozenset[str]]]]:
    """Return kind and concepts by the bases of every word of the table, in decomposed jamo."""
    owners: dict[str, set[str]] = {}
    for row in files("agents").joinpath("paraphrases.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        if row.startswith(("#", "concept\t")):
            continue
        concept, words = row.split("\t")
        for word in words.split():
            owners.setdefault(word, set()).add(concept)
    table: dict[str, list[tuple[Kind, frozenset[str]]]] = {}
    for word, names in owners.items():
        for base, kind in predicate(word) if word.endswith("다") else noun(word):
            table.setdefault(base, []).append((kind, frozenset(names)))
    return table
