"""What the classifier reads of a line: its sub-word pieces, and the hashed letters, jamo and words that they miss."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterator, Sequence

SPACE = "\u2581"  # stands for a space, and before the first word
BUCKETS = 1 << 16  # places of the hashed n-grams
_UNKNOWN_COST = 10.0  # below the worst piece, as in sentencepiece
_LETTERS, _JAMO = (1, 2, 3), (4, 5, 6)  # lengths of the n-grams over letters and over decomposed letters
_READ = 400  # letters of a part whose n-grams are counted


def normalised(text: str) -> str:
    """Return `text` as NFC with single spaces; NUL and other controls count as spaces, lone surrogates are dropped."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    return " ".join("".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text).split())


class Pieces:
    """A vocabulary of pieces with log-probabilities; an id is the place of a piece, `unknown` stands for other letters.

    The best path is Viterbi's over the sum of log-probabilities (the unigram segmentation of Kudo, ACL 2018).
    """

    def __init__(self, pieces: Sequence[str], scores: Sequence[float], unknown: int) -> None:
        """Take pieces and their scores, of one length."""
        self._known = {piece: (place, float(scores[place])) for place, piece in enumerate(pieces)}
        self._unknown = unknown
        self._worst = min(map(float, scores)) - _UNKNOWN_COST
        self._longest = max(map(len, pieces))

    def encode(self, text: str, limit: int) -> list[tuple[int, int]]:
        """Return at most `limit` pairs of a normalised text: the id of a piece and how many letters it covers."""
        text = SPACE + text[: limit * self._longest].replace(" ", SPACE)
        known, longest, end = self._known, self._longest, len(text)
        best = [0.0] + [-1e30] * end
        back: list[tuple[int, int]] = [(0, 0)] * (end + 1)
        for start in range(end):
            base = best[start]
            for stop in range(start + 1, min(end, start + longest) + 1):
                hit = known.get(text[start:stop])
                if hit is not None and base + hit[1] > best[stop]:
                    best[stop] = base + hit[1]
                    back[stop] = (start, hit[0])
            if base + self._worst > best[start + 1]:
                best[start + 1] = base + self._worst
                back[start + 1] = (start, self._unknown)
        pairs: list[tuple[int, int]] = []
        while end > 0:
            start, place = back[end]
            pairs.append((place, end - start))
            end = start
        return pairs[::-1][:limit]


def grams(text: str) -> list[int]:
    """Return the buckets of a normalised text's n-grams, repeated as often as they stand; never empty."""
    return [zlib.crc32(gram.encode()) % BUCKETS for gram in _grams(text[:_READ])] or [0]


def _grams(text: str) -> Iterator[str]:
    text = f" {text.lower()} "
    for length in _LETTERS:
        yield from (text[start : start + length] for start in range(len(text) - length + 1))
    letters = unicodedata.normalize("NFD", text)
    for length in _JAMO:
        yield from ("j" + letters[start : start + length] for start in range(len(letters) - length + 1))
    yield from ("w" + word for word in text.split())
