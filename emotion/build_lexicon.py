"""Make `lexicon.tsv` from VA-KOR's ratings and our judgements: `python -m emotion.build_lexicon VA_KOR_concat.csv`."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from emotion._calibration import FOLDS, SCALE, Array, Calibration, Judgement, Rated, decimals
from emotion.conjugation import nominal, predicate
from emotion.labels import BASIC, BASIC_EMOTIONS
from emotion.lexicon import COLUMNS, PARTS, READINGS, implied
from transcript.errors import DaebonError, FileError
from transcript.record import write_atomically

ANNOTATIONS = files("emotion").joinpath("annotations.tsv")
JUDGEMENTS = files("emotion").joinpath("words.tsv")
LEXICON = Path(__file__).with_name("lexicon.tsv")  # a path, as it is written

SHIFTED = "이윤형"  # the study whose words are out of step with their values, see `read_ratings`
PICTURE = "이모티콘("  # faces rated as pictures; text holds none of them
COLOURLESS = 0.4  # a word without a label counts only with an emotion and this |valence|: 감옥 does, 냄비 does not
_SUFFIXES = ("하다", "되다", "스럽다", "나다", "받다", "적")

HEADER = """\
# 대본(daebon) 정서 사전. Words with valence and arousal; made by `python -m emotion.build_lexicon CSV`, do not edit.
#
# Ratings: VA-KOR (https://github.com/smbslt3/VA-KOR), Copyright (c) 2023 smbslt3, MIT License; see NOTICE.md for the
# licence text and for the four rating studies behind it. Changed by us: brought to -1..1 (rating of -3..3 divided by
# 3, three decimals), averaged where a word was rated more than once, the words of one study put back in step with
# their values, unusable rows dropped, inflected forms renamed. SHA-256 of the file that was read:
# {digest}
#
# Words that nobody rated: the judgement of one reader, a language model that did not see the ratings (words.tsv),
# calibrated by a linear regression on the rated words (`features` in _calibration.py). Pearson r of such a value with
# the rating, {folds}-fold cross-validation over the {count} rated words, and in brackets r of the judgement as it was:
{correlations}
#
# valence   -1 unpleasant .. 1 pleasant           arousal   -1 calm .. 1 excited
# label     KOTE label that the word names        emotion   basic emotion of that label, or judged where it has none
#           (both inferred: placed by hand in annotations.tsv, words.tsv and labels.py, rated by nobody)
# source    rated: valence and arousal rated by people; derived: the rating of another form of the word taken over
#           (믿다 from 믿음); inferred: both calculated from the judgement
# reading   how the word is looked for in text: full; strict: a noun only with particles that no verb takes;
#           predicate: never as a noun; none: not at all (homographs, words without a label or much colour, and forms
#           that are found as the rated word they belong to: 슬퍼하다 as 슬프다)
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


def read_judgements(path: Traversable = JUDGEMENTS) -> dict[str, Judgement]:
    """Read `words.tsv`; raises FileError for a row that does not fit its columns, or a word judged twice."""
    found: dict[str, Judgement] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("#") or not line:
            continue
        word, pos, valence, arousal, label, emotion, reading = line.split("\t")
        try:
            row = Judgement(word, pos, float(valence), float(arousal), label, emotion, reading)
        except ValueError as error:
            raise FileError(str(path), f"{word}: {error}; write two numbers, -3 to 3", line=number) from error
        if problem := _problem(row, found):
            raise FileError(str(path), f"{word}: {problem}", line=number)
        found[word] = row
    return found


def _problem(row: Judgement, found: Mapping[str, Judgement]) -> str:
    """Return what is wrong with a judgement, "" for nothing."""
    if row.word in found or row.word != unicodedata.normalize("NFC", row.word):
        return "judged already, or not in NFC; keep one row, composed"
    if row.pos not in PARTS or (row.pos in PARTS[:2]) != row.word.endswith("다"):
        return f"{row.pos!r} is no part of speech for it; write one of {', '.join(PARTS)}"
    if not max(abs(row.valence), abs(row.arousal)) <= SCALE:
        return "judged outside -3..3"
    if row.label not in {"", *BASIC} or row.emotion != BASIC.get(row.label, row.emotion):
        return f"label {row.label!r} with emotion {row.emotion!r}; see labels.BASIC"
    if row.emotion not in {"", *BASIC_EMOTIONS} or row.reading not in READINGS:
        return f"emotion {row.emotion!r} or reading {row.reading!r} is unknown"
    return ""


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


def average(ratings: Mapping[str, list[tuple[float, float]]], annotations: Annotations) -> Rated:
    """Return word -> (valence, arousal, source) with three decimals: renamed, averaged, dropped, derived."""
    pairs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for word, found in ratings.items():
        name = annotations["rename"].get(word, word)
        if name not in annotations["drop"] and not name.startswith(PICTURE):
            pairs[name] += found
    words = {
        word: (*(decimals(sum(side) / len(side)) for side in zip(*found, strict=True)), "rated")
        for word, found in pairs.items()
    }
    for rated, name in annotations["derive"].items():
        words.setdefault(name, (*words[rated][:2], "derived"))
    return words


def render(rated: Rated, judgements: Mapping[str, Judgement], annotations: Annotations, digest: str) -> str:
    """Return the text of `lexicon.tsv`, words in code point order.

    Raises DaebonError for an annotated word that was neither rated nor judged, as its value would be an invented one.
    """
    annotated = {word for kind in ("label", "pos", "reading") for word in annotations[kind]}
    if unknown := sorted(annotated - rated.keys() - judgements.keys()):
        raise DaebonError(f"{ANNOTATIONS.name}: neither rated nor judged: {' '.join(unknown)}; remove these words")
    calibration = Calibration(rated, judgements)
    found_already = _forms(rated, annotations)
    lines = []
    for word in sorted({*rated, *judgements}):
        judged = judgements.get(word)
        valence, arousal, source = rated.get(word) or (*calibration.value(judgements[word]), "inferred")
        by_hand = judged if source == "inferred" else None  # annotations place the label and reading of a rated word
        label = annotations["label"].get(word, by_hand.label if by_hand else "")
        pos = annotations["pos"].get(word, by_hand.pos if by_hand else "형용사" if word.endswith("다") else "명사")
        emotion = BASIC[label] if label else judged.emotion if judged else ""
        colourless = not label and (not emotion or abs(float(valence)) < COLOURLESS)
        reading = by_hand.reading if by_hand else "full"
        if colourless or (source == "inferred" and word in found_already):
            reading = "none"
        reading = annotations["reading"].get(word, reading)
        lines.append("\t".join((word, pos, valence, arousal, label, emotion, source, reading)))
    head = HEADER.format(
        digest=digest, folds=FOLDS, count=len(calibration.rows), correlations=_table(calibration.correlations())
    )
    return head + "\n".join(("\t".join(COLUMNS), *lines, ""))


def _forms(rated: Rated, annotations: Annotations) -> set[str]:
    """Return the regular forms of rated words, which are found as the rated word: its number is the better one.

    Adverbs in 히, nouns in ㅁ, verbs in 어하다 and 어지다 of a predicate, the noun before 하다, and what `_SUFFIXES` make of
    a noun: 감동적, 당황스럽다.
    """
    found: set[str] = set()
    for word in rated:
        reading = annotations["reading"].get(word, "full")
        if reading == "none":
            continue
        if annotations["pos"].get(word) in (None, "동사", "형용사") and word.endswith("다"):
            found.add(nominal(word))
            found.update(form for form, _ in implied(word))
            for base, kind in predicate(word):
                form = unicodedata.normalize("NFC", base)
                found.update({"whole": {form}, "fused": {form + "하다", form + "지다"}}.get(kind, ()))
            if word.endswith("하다") and reading != "predicate":
                root = word.removesuffix("하다")
                found.update((root, *(root + suffix for suffix in _SUFFIXES)))
        else:
            found.update(word + suffix for suffix in _SUFFIXES)
    return found


def _table(correlations: Sequence[tuple[str, int, Array, Array]]) -> str:
    return "\n".join(
        f"# {name}\t{count} words\tvalence {ours[0]:.3f} ({raw[0]:.3f})\tarousal {ours[1]:.3f} ({raw[1]:.3f})"
        for name, count, ours, raw in correlations
    )


def build(data: bytes, judgements: Mapping[str, Judgement], annotations: Annotations) -> str:
    """Return the text of `lexicon.tsv` for the bytes of VA_KOR_concat.csv; the same bytes give the same text."""
    rated = average(read_ratings(data), annotations)
    return render(rated, judgements, annotations, hashlib.sha256(data).hexdigest())


def main(arguments: list[str]) -> None:
    """Rewrite `lexicon.tsv` beside this module from the CSV named in `arguments`."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m emotion.build_lexicon VA_KOR_concat.csv")
    try:
        data = Path(arguments[0]).read_bytes()
        write_atomically(LEXICON, build(data, read_judgements(), read_annotations()))
    except (OSError, UnicodeDecodeError, KeyError, DaebonError) as error:
        raise SystemExit(f"{arguments[0]}: {error}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
