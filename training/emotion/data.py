"""Rows for the emotion classifier, read from the folders of the shared data."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emotion.labels import LABELS
from training.corpus import read_corpus
from transcript.errors import FileError

GOEMOTIONS = 28  # labels of goemotions-korean
_TUNED = 8  # every eighth row of KOTE's validation split is held out to tune on
_SCENES_TUNED = 6  # … and so is about every sixth labelled scene of the corpus, by a hash of its name
_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*[”’\"']?")


@dataclass(frozen=True)
class Rows:
    """Texts with a 0/1 matrix of labels, (rows, labels) float32."""

    texts: tuple[str, ...]
    labels: NDArray[np.float32]
    previous: tuple[str, ...] = ()  # the line that each answers, "" for none; only the drama lines have it

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.texts)


def kote(data: Path, split: str) -> Rows:
    """Return the rows of `split`: `train` and `tune` are two parts of KOTE's val.tsv, `test` is its test.tsv.

    `tune` is every eighth row of val.tsv in the file's order (625 of 5,000). Raises FileError for a missing or broken file.
    """
    rows = list(_labelled(data / "kote" / ("test.tsv" if split == "test" else "val.tsv"), 1, 2, len(LABELS)))
    if split != "test":
        rows = [row for place, row in enumerate(rows) if (place % _TUNED == 0) == (split == "tune")]
    return _stacked(rows, len(LABELS))


def goemotions(data: Path) -> Rows:
    """Return the translated GoEmotions training rows with their 28 labels."""
    return _stacked(list(_labelled(data / "goemotions-korean" / "data" / "train.tsv", 0, 1, GOEMOTIONS)), GOEMOTIONS)


def drama(file: Path) -> Rows:
    """Return the drama lines of `file`: previous, text, label names, genre, tab-separated under a header row."""
    rows = [row for row in file.read_text(encoding="utf-8").splitlines() if row and not row.startswith("#")][1:]
    cells = [row.split("\t") for row in rows]
    labels = np.zeros((len(cells), len(LABELS)), dtype=np.float32)
    for place, (_, _, names, _) in enumerate(cells):
        labels[place, [LABELS.index(name) for name in names.split(",")]] = 1
    return Rows(tuple(cell[1] for cell in cells), labels, tuple(cell[0] for cell in cells))


def scenes(corpus: Path, labels: Path, split: str) -> Rows:
    """Return the spoken lines of the corpus that `labels` judges; `tune` is about every sixth scene, `train` the others.

    `labels` has rows of scene, number of the line in it from 1, label names, tab-separated. Raises FileError for a row that
    names no such line or label.
    """
    read = {scene.name: scene for scene in read_corpus(corpus)}
    rows: dict[str, list[tuple[str, list[int]]]] = {}
    for number, row in enumerate(labels.read_text(encoding="utf-8").splitlines(), 1):
        if not row or row.startswith(("#", "scene\t")):
            continue
        try:
            name, line, names = row.split("\t")
            rows.setdefault(name, []).append(
                (read[name].lines[int(line) - 1].text, [LABELS.index(label) for label in names.split(",")])
            )
        except (ValueError, KeyError, IndexError):
            raise FileError(labels, "expected a scene of the corpus, a line of it and labels", line=number) from None
    chosen = [name for name in sorted(rows) if (zlib.crc32(name.encode()) % _SCENES_TUNED == 0) == (split == "tune")]
    return _stacked([row for name in chosen for row in rows[name]], len(LABELS))


def joined(first: Rows, second: Rows) -> Rows:
    """Return the rows of both."""
    return Rows(first.texts + second.texts, np.concatenate([first.labels, second.labels]))


def unlabelled(data: Path, seed: int) -> tuple[str, ...]:
    """Return Korean lines without KOTE labels, shuffled by `seed`, each once: chatbot-data, koconovel, goemotions-korean."""
    lines: dict[str, None] = {}
    with (data / "chatbot-data" / "ChatbotData.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lines[_clean(row["Q"])] = lines[_clean(row["A"])] = None
    for novel in sorted((data / "koconovel" / "data" / "jsonl").iterdir()):
        for document in (novel / "text.jsonl").read_text(encoding="utf-8").splitlines():
            for sentence in _SENTENCE.findall(json.loads(document)["text"]):
                lines[_clean(sentence)] = None
    for split in ("train", "dev", "test"):
        for comment in (data / "goemotions-korean" / "data" / f"{split}.tsv").read_text(encoding="utf-8").splitlines():
            lines[_clean(comment.split("\t")[0])] = None
    kept = [line for line in lines if 2 <= len(line) <= 120]
    random.Random(seed).shuffle(kept)
    return tuple(kept)


def sources(data: Path, *ours: Path) -> dict[str, str]:
    """Return the sha256 of every data file that training reads, by its path below `data` (or as it is, for `ours`)."""
    files = [data / "kote" / "val.tsv", data / "chatbot-data" / "ChatbotData.csv"]
    files += sorted((data / "goemotions-korean" / "data").glob("*.tsv"))
    files += sorted((data / "koconovel" / "data" / "jsonl").glob("*/text.jsonl"))
    named = {str(file.relative_to(data)): file for file in files} | {file.as_posix(): file for file in ours}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in named.items()}


def _labelled(file: Path, text: int, labels: int, count: int) -> Iterator[tuple[str, list[int]]]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise FileError(file, f"{error.strerror}; pass the folder of the shared data with --data") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        cells = line.split("\t")
        try:
            indices = [int(index) for index in cells[labels].split(",")]
            if not all(0 <= index < count for index in indices):
                raise ValueError
        except (IndexError, ValueError):
            raise FileError(
                file, f"expected text and label numbers below {count}, tab-separated", line=number
            ) from None
        yield _clean(cells[text]), indices


def _stacked(rows: list[tuple[str, list[int]]], width: int) -> Rows:
    labels = np.zeros((len(rows), width), dtype=np.float32)
    for place, (_, indices) in enumerate(rows):
        labels[place, indices] = 1
    return Rows(tuple(text for text, _ in rows), labels)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))
