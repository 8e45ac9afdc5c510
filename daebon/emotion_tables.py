"""What `daebon emotion` prints: tables for a terminal, CSV and JSON lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from csv import writer
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from emotion.arcs import Row, Series, sparkline
from emotion.labels import BASIC_EMOTIONS
from emotion.lexicon import Word
from emotion.shapes import GLOSS
from transcript.layout import clean

if TYPE_CHECKING:
    from emotion.measure import Reading
    from transcript.reading import ScriptLine

SOURCES: Mapping[str, str] = {
    "rated": "people rated valence and arousal (VA-KOR)",
    "derived": "people rated another form of the word (VA-KOR)",
    "inferred": "nobody rated it; a language model judged it, calibrated on the rated words",
}
"""What each source of the lexicon means."""

_NARROW = 72  # columns under which a table leaves out labels and bars
_NAME, _TEXT, _LABELS = 12, 80, 40  # the most cells of these columns
_HALF = 4  # cells of a bar on each side of neutral

Rows = Sequence[tuple["ScriptLine", "Reading"]]


def to_utf8() -> None:
    """Print data as UTF-8 with LF whatever the terminal speaks."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def fitted(text: str, cells: int) -> str:
    """Return `text` as one clean line of exactly `cells` terminal cells, cut with … or filled with blanks."""
    line = clean(text[: 4 * cells + 4])
    if cell_len(line) <= cells and len(text) <= 4 * cells + 4:
        return set_cell_size(line, cells)
    return set_cell_size(set_cell_size(line, cells - 1).rstrip() + "…", cells)


def _print_folded(console: Console, key: str, value: str) -> None:
    """Print a value behind its key; what does not fit goes on below it."""
    for line in Text(value).wrap(console, max(8, console.width - 11)):
        console.print(Text(f"  {key:<7}  {line.plain.rstrip()}"), soft_wrap=True)
        key = ""


def _bar(value: float) -> str:
    """Draw -1..1 to the left and right of neutral."""
    full = "█" * round(abs(value) * _HALF)
    return f"{full if value < 0 else '':>{_HALF}}│{full if value > 0 else '':<{_HALF}}"


def table(rows: Rows, width: int) -> Iterator[Text]:
    """Yield a header and a row for each line: number, speaker, text, labels, valence, basic emotion.

    No row is wider than `width` cells; under `_NARROW` there are no labels and no bars.
    """
    number = max(4, len(str(rows[-1][0].line))) if rows else 4
    who = min(_NAME, max((cell_len(line.speaker) for line, _ in rows if line.speaker), default=0))
    who = max(who, 4) if who else 0
    wide = width >= _NARROW
    left = width - number - (who + 2 if who else 0) - 2 - 4 - 2 - 5 - 2
    labels = min(_LABELS, left * 2 // 5) if wide else 0
    said = min(_TEXT, left - labels - 2 - (2 * _HALF + 2)) if wide else left
    said = max(said, 4)

    def row(at: str, name: str, text: str, felt: str, bar: str, value: str, basic: str) -> Text:
        cells = [f"{at:>{number}}", *([fitted(name, who)] if who else []), fitted(text, said)]
        if wide:
            cells += [fitted(felt, labels), f"{bar:<{2 * _HALF + 1}} {value:>5}"]
        else:
            cells.append(f"{value:>5}")
        return Text("  ".join((*cells, fitted(basic, 4))).rstrip())

    header = row("line", "name", "text", "labels", "valence" if wide else "", "" if wide else "val.", "감정")
    header.stylize("bold")
    yield header
    for line, reading in rows:
        shown = row(
            str(line.line),
            line.speaker or "",
            line.text,
            _labels(reading, labels),
            _bar(reading.valence),
            f"{reading.valence:+.2f}",
            _basic(reading) or "-",
        )
        shown.highlight_words(["█"], "green" if reading.valence > 0 else "red")
        yield shown


def _labels(reading: Reading, cells: int) -> str:
    """Return the labels that fit, strongest first, with their probability."""
    shown = ""
    for label, probability in reading.labels.items():
        more = f"{shown}, " if shown else ""
        more += f"{label} {probability:.0%}"
        if cell_len(more) > cells and shown:
            break
        shown = more
    return shown or "없음"


def _basic(reading: Reading) -> str:
    """Return the strongest basic emotion, "" for a line in which no label was found."""
    return max(reading.basic, key=lambda name: reading.basic[name]) if reading.intensity else ""


def print_json(read: Mapping[str, Rows]) -> None:
    """Print an object per line: file -> its lines with their readings."""
    for name, rows in read.items():
        for line, reading in rows:
            found: dict[str, Any] = {
                "line": line.line,
                "text": line.text,
                "probabilities": list(reading.probabilities),
                "basic": dict(reading.basic),
                "valence": reading.valence,
                "arousal": reading.arousal,
            }
            if line.speaker:
                found["speaker"] = line.speaker
            if line.kind not in ("prose", "blank"):
                found["kind"] = line.kind
            if len(read) > 1:
                found["file"] = name
            print(json.dumps(found, ensure_ascii=False))


def print_csv(read: Mapping[str, Rows]) -> None:
    """Print a header and a row per line: file -> its lines with their readings."""
    out = writer(sys.stdout, lineterminator="\n")
    head = ("file", "line", "kind", "speaker", "text", "valence", "arousal", "intensity", "emotion", "labels")
    out.writerow((*head, *BASIC_EMOTIONS))
    for name, rows in read.items():
        for line, reading in rows:
            labels = ", ".join(f"{label} {probability:.2f}" for label, probability in reading.labels.items())
            numbers = (reading.valence, reading.arousal, reading.intensity, _basic(reading), labels)
            strengths = (reading.basic[emotion] for emotion in BASIC_EMOTIONS)
            out.writerow((name, line.line, line.kind, line.speaker or "", line.text, *numbers, *strengths))


def print_arc(console: Console, series: Series, row: Row, texts: Mapping[int, str], unit: str) -> None:
    """Print the row of an arc: its curve, its ends with what `texts` has there, its shape; `unit` is the picture's."""
    kind = {"턴": "turn", "줄": "line", "문장": "sentence"}[unit]
    counted = f"{'sentence' if kind == 'sentence' else 'line'}{'s' * (row.n != 1)}"
    mean = f"mean {row.mean:+.2f}" if row.mean is not None else ""
    head = f"{fitted(row.name, _NAME)}  {row.n:>5} {counted}  {mean}  "
    bars = sparkline([value for _, value in series.measured], max(8, console.width - len(head) - _NAME))
    console.print(Text(head, style="bold").append(bars, style="cyan"), soft_wrap=True)
    for place, point in (("lowest", row.lowest), ("highest", row.highest)):
        if point is not None and row.lowest != row.highest:
            start = f"  {place:<7}  {point[1]:+.2f}  {kind} {point[0]}  "
            console.print(
                Text(start + fitted(texts[point[0]], max(8, console.width - len(start))).rstrip()),
                soft_wrap=True,
            )
    if row.agreement is not None:
        _print_folded(console, "plan", f"r = {row.agreement:.2f} between the planned and the measured arc")
    found = row.verdict
    if found.shape is not None:
        doubt = "" if found.clear else ", not clear"
        second = f"; then {found.second} r = {found.second_correlation:.2f}" if found.second else ""
        shape = f"{found.shape} ({GLOSS[found.shape]}) r = {found.correlation:.2f}{doubt}{second}"
        _print_folded(console, "shape", shape)
    _print_folded(console, "", found.caution)


def print_word_json(entry: Word, asked: str, negated: bool, near: Sequence[Word]) -> None:
    """Print a word of the lexicon as one JSON object; `asked` is how it was typed, `near` its nearest words."""
    found = {
        "asked": asked,
        "word": entry.word,
        "negated": negated,
        "pos": entry.pos,
        "valence": entry.valence,
        "arousal": entry.arousal,
        "emotion": entry.emotion or None,
        "label": entry.label or None,
        "source": entry.source,
        "nearest": [{"word": w.word, "valence": w.valence, "arousal": w.arousal} for w in near],
    }
    print(json.dumps(found, ensure_ascii=False))


def print_word(console: Console, entry: Word, asked: str, negated: bool, near: Sequence[Word]) -> None:
    """Print a word of the lexicon with its numbers, source and nearest words."""
    found = f"{asked} → {entry.word}" if asked != entry.word else entry.word
    console.print(Text(f"{found}  {entry.pos}" + (", negated" if negated else ""), style="bold"), soft_wrap=True)
    named = f", label {entry.label}" if entry.label else ""
    rows = {
        "valence": f"{entry.valence:+.2f}  {_bar(entry.valence)}",
        "arousal": f"{entry.arousal:+.2f}  {_bar(entry.arousal)}",
        "emotion": f"{entry.emotion or 'none'}{named}",
        "source": f"{entry.source}: {SOURCES[entry.source]}",
        "nearest": ", ".join(f"{w.word} ({w.valence:+.2f} {w.arousal:+.2f})" for w in near),
    }
    for key, value in rows.items():
        _print_folded(console, key, value)
