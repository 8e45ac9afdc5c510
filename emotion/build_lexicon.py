"""Make `lexicon.tsv` from VA-KOR's ratings and our annotations: `python -m emotion.build_lexicon VA_KOR_concat.csv`."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from emotion.labels import BASIC
from emotion.lexicon import COLUMNS, PARTS, READINGS
from transcript.errors import DaebonError, FileError
from transcript.record import write_atomically

ANNOTATIONS = files("emotion").joinpath("annotations.tsv")
LEXICON = Path(__file__).with_name("lexicon.tsv")  # a path, as it is written

SCALE = 3.0  # VA-KOR brings its four studies to -3..3; we divide, so that 0 stays 0 and the ends become -1 and 1
SHIFTED = "이윤형"  # the study whose words are out of step with their values, see `read_ratings`
PICTURE = "이모티콘("  # faces rated as pictures; text holds none of them
COLOURLESS = 0.4  # a word without a label counts in a line only from this |valence| on: 감옥 does, 냄비 does not

HEADER = """\
# 대본(daebon) 정서 사전. Words with valence and arousal; made by `python -m emotion.build_lexicon CSV`, do not edit.
#
# Ratings: VA-KOR (https://github.com/smbslt3/VA-KOR), Copyright (c) 2023 smbslt3, MIT License; see NOTICE.md for the
# licence text and for the four rating studies behind it. Changed by us: brought to -1..1 (rating of -3..3 divided by
# 3, three decimals), averaged where a word was rated more than once, the words of one study put back in step with
# their values, unusable rows dropped, inflected forms renamed. SHA-256 of the file that was read:
# {digest}
#
# valence   -1 unpleasant .. 1 pleasant           arousal   -1 calm .. 1 excited
# label     KOTE label that the word names        emotion   basic emotion of that label
#           (both inferred: placed by hand in annotations.tsv and labels.py, rated by nobody; empty for most words)
# source    rated: rated by people; derived: the rating of another form of the word taken over (믿다 from 믿음)
# reading   how the word is looked for in text: full; strict: a noun only with particles that no verb takes;
#           predicate: never as a noun; none: not at all (homographs, and words without a label or much colour)
"""

Annotations = Mapping[str, Mapping[str, str]]  # kind -> word -> value


def read_annotations(path: Traversable = ANNOTATIONS) -> Annotations:
    """Read `annotations.tsv`; raises FileError for an unknown kind or value, or a word placed twice."""
    allowed = {"label": set(BASIC), "pos": set(PARTS), "reading": set(READINGS)}
    found: dict[str, dict[str, str]] = {kind: {} for kind in ("drop", "rename", "derive", *allowed)}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line:
            continue
        kind, value, words = line.split("\t")
        if kind not in found or value not in allowed.get(kind, {value}):
            raise FileError(str(path), f"{kind} {value!r} is unknown; see the comments of the file", line=number)
        for word in words.split():
            if word in found[kind]:
                raise FileError(str(path), f"{word} has a {kind} already; keep one of the two", line=number)
            found[kind][word] = value
    return found


def read_ratings(data: bytes) -> dict[str, list[tuple[float, float]]]:
    """Return word -> its (valence, arousal) pairs in -1..1 from VA-KOR's `source,word,V,A` table (UTF-8, BOM).

    The rows of 이윤형 (Hong, Nam & Lee 2016) carry their values in dictionary order, but their words in the order of
    a printed page with two columns (가구 공허 가난 과부 …), so nearly every word stands beside the value of another:
    환희 is rated -2.3 and 신경질 +2.3. Sorting these words puts them back in step: over the 35 words that another study
    rated too, the correlation of valence goes from .10 to .96, and the pairs become those of VA-KOR's single file
    VA_KOR_2016_LEE.csv. On a table that is in step already the sorting changes nothing.
    """
    rows = list(csv.DictReader(io.StringIO(unicodedata.normalize("NFC", data.decode("utf-8-sig")))))
    in_step = iter(sorted(row["word"] for row in rows if row["source"] == SHIFTED))
    ratings: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number, row in enumerate(rows, start=2):
        try:
            pair = float(row["V"]) / SCALE, float(row["A"]) / SCALE
        except (TypeError, ValueError) as error:
            raise DaebonError(f"line {number}: {row} has no rating ({error}); give VA_KOR_concat.csv") from error
        if not all(-1 <= value <= 1 for value in pair):
            raise DaebonError(f"line {number}: {row['word']} is rated outside -3..3; give VA_KOR_concat.csv")
        ratings[next(in_step) if row["source"] == SHIFTED else row["word"]].append(pair)
    return ratings


def average(ratings: Mapping[str, list[tuple[float, float]]], annotations: Annotations) -> dict[str, tuple[str, ...]]:
    """Return word -> (valence, arousal, source) with three decimals: renamed, averaged, dropped, derived."""
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for word, found in ratings.items():
        name = annotations["rename"].get(word, word)
        if name not in annotations["drop"] and not name.startswith(PICTURE):
            pairs[name] += found
    words = {
        word: (*(f"{round(sum(side) / len(side), 3) + 0.0:.3f}" for side in zip(*found, strict=True)), "rated")
        for word, found in pairs.items()
    }
    for rated, name in annotations["derive"].items():
        words.setdefault(name, (*words[rated][:2], "derived"))
    return words


def render(words: Mapping[str, tuple[str, ...]], annotations: Annotations, digest: str) -> str:
    """Return the text of `lexicon.tsv`, words in code point order.

    Raises DaebonError for an annotated word that nobody rated: a word without a value would be an invented one.
    """
    annotated = {word for kind in ("label", "pos", "reading") for word in annotations[kind]}
    if unknown := sorted(annotated - words.keys()):
        raise DaebonError(f"{ANNOTATIONS.name}: not rated: {' '.join(unknown)}; remove these words")
    lines = []
    for word in sorted(words):
        valence, arousal, source = words[word]
        label = annotations["label"].get(word, "")
        pos = annotations["pos"].get(word, "형용사" if word.endswith("다") else "명사")
        colourless = not label and abs(float(valence)) < COLOURLESS
        reading = "none" if colourless else annotations["reading"].get(word, "full")
        lines.append("\t".join((word, pos, valence, arousal, label, BASIC.get(label, ""), source, reading)))
    return HEADER.format(digest=digest) + "\n".join(("\t".join(COLUMNS), *lines, ""))


def build(data: bytes, annotations: Annotations) -> str:
    """Return the text of `lexicon.tsv` for the bytes of VA_KOR_concat.csv; the same bytes give the same text."""
    return render(average(read_ratings(data), annotations), annotations, hashlib.sha256(data).hexdigest())


def main(arguments: list[str]) -> None:
    """Rewrite `lexicon.tsv` beside this module from the CSV named in `arguments`."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m emotion.build_lexicon VA_KOR_concat.csv")
    try:
        write_atomically(LEXICON, build(Path(arguments[0]).read_bytes(), read_annotations()))
    except (OSError, UnicodeDecodeError, KeyError, DaebonError) as error:
        raise SystemExit(f"{arguments[0]}: {error}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
