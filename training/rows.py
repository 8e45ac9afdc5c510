"""A training row: text in pieces that say where the loss is, where it comes from, and under which licence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from transcript.errors import FileError
from transcript.record import write_atomically

OURS, KOCONOVEL, CHATBOT = "Apache-2.0, daebon corpus", "CC BY-SA 4.0, KoCoNovel", "MIT, songys Chatbot_data"
YOURS = "yours"  # scripts and takes of the person who trains
Split = Literal["train", "test"]


@dataclass(frozen=True)
class Piece:
    """A stretch of a sequence, with loss or without; an `aside` is not seen by what comes after it (`training.asides`)."""

    text: str
    loss: bool = False
    aside: bool = False


@dataclass(frozen=True)
class Row:
    """One training sequence; `source` is `corpus/<name>`, `koconovel/<novel>`, `chatbot-data`, `script/…` or `take/…`.

    `turns` rows are what the engine's prompts show, `template` rows a request and a whole script; one that `ends` closes
    with the tokenizer's end.
    """

    source: str
    pieces: tuple[Piece, ...]
    licence: str = YOURS
    split: Split = "train"
    kind: Literal["turns", "template"] = "turns"
    ends: bool = False

    @property
    def text(self) -> str:
        """Return the whole sequence, asides and all."""
        return "".join(piece.text for piece in self.pieces)

    def answers(self) -> Iterator[tuple[str, str]]:
        """Yield each stretch that carries loss after what stands before it in play: the history, and its own aside."""
        heard, aside = "", ""
        for piece in self.pieces:
            if piece.loss:
                yield heard + aside, piece.text
            if piece.aside:
                aside += piece.text
            else:
                heard, aside = heard + piece.text, ""

    def of(self, split: Split) -> Row:
        """Return the row in a split."""
        return replace(self, split=split)


def write_rows(rows: Iterable[Row], file: Path) -> None:
    """Write rows as JSON lines, `pieces` as [text, loss, aside]."""
    lines = (
        {
            "source": row.source,
            "licence": row.licence,
            "split": row.split,
            "kind": row.kind,
            "ends": row.ends,
            "pieces": [[piece.text, piece.loss, piece.aside] for piece in row.pieces],
        }
        for row in rows
    )
    write_atomically(file, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))


def read_rows(file: Path) -> list[Row]:
    """Read what `write_rows` wrote; raises FileError naming the line that is no row."""
    found = []
    for number, line in enumerate(_lines(file), 1):
        try:
            row = json.loads(line)
            pieces = tuple(Piece(str(text), bool(loss), bool(aside)) for text, loss, aside in row["pieces"])
            found.append(Row(row["source"], pieces, row["licence"], row["split"], row["kind"], row["ends"]))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise FileError(
                file, f"is no row of a dataset ({error}); run `daebon train dataset`", line=number
            ) from error
    return found


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(file, f"cannot be read ({error}); run `daebon train dataset` first") from error
