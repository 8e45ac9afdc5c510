"""Letters and syllables of Korean text."""

from __future__ import annotations

import unicodedata


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one string."""
    return frozenset(text.split())


def syllable(char: str) -> tuple[int, int, int]:
    """Return the numbers of the first consonant, the vowel and the final consonant (0: none) of a syllable."""
    code = ord(char) - 0xAC00
    return code // 588, code // 28 % 21, code % 28


def coda(char: str) -> int:
    """Return the number of the final consonant, 0 where there is none, -1 for what is no syllable."""
    return syllable(char)[2] if "가" <= char <= "힣" else -1


def compose(first: int, vowel: int, last: int) -> str:
    """Write the syllable of these numbers: the inverse of `syllable`."""
    return chr(0xAC00 + first * 588 + vowel * 28 + last)


def letters(text: str) -> tuple[int, int]:
    """Count the letters (Unicode category L*) of `text` and those of them that are Hangul."""
    found = [char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char).startswith("L")]
    return len(found), sum(unicodedata.name(char, "").startswith("HANGUL") for char in found)


def plain(text: str) -> str:
    """Return the letters and digits of `text` alone, in NFC and lower case."""
    return "".join(char for char in unicodedata.normalize("NFC", text).lower() if char.isalnum())
