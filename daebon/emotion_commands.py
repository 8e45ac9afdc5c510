"""`daebon emotion read | arc | word`: measure any text or script, draw its arc, look a word up."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcript.errors import FileError, UsageError

if TYPE_CHECKING:
    from emotion.arcs import Series, Span
    from emotion.lexicon import Match, Word
    from emotion.measure import Reading
    from transcript.reading import ScriptLine

app = typer.Typer(help="Measure the emotion of any text or script: read, arc, word.", no_args_is_help=True)

_FORMATS = "txt, md, fountain, transcript.json; - reads stdin"
_PANELS = 8  # of a picture; the table has every speaker
_SCENES = 12  # scenes up to which their headings are drawn
_NEAREST = 8
_NUMBER = re.compile(r"^(?:S#|#|씬|Scene)[.#\s]*\d+[.:)\s]*", re.IGNORECASE)  # the picture counts scenes itself


@app.command()
def read(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help=f"Texts or scripts: {_FORMATS}.")],
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header: for a spreadsheet.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line: for a program.")] = False,
) -> None:
    """Measure the emotion of every line of a text or a script.

    A script has a name and a line (민수, tab, 왔네.); what has no names is prose,
    line by line. Valence runs from -1 (unpleasant) to 1, arousal from -1 (calm)
    to 1; percents are probabilities of KOTE's labels.

      daebon emotion read 바다.fountain
      daebon emotion read 1부.txt 2부.txt --csv > lines.csv
      echo "이제 다 끝났어." | daebon emotion read - --json

    --json gives every line of a plain text, blank ones too: line, text,
    probabilities (44 in KOTE's order), basic, valence, arousal; then speaker and
    kind for a script, file for several. The table and --csv leave out blank lines
    and, of a script, what is neither said nor seen. A transcript.json counts
    turns, not lines.
    """
    from daebon.emotion_tables import print_csv, print_json, table, to_utf8
    from daebon.terminal import stdout

    if csv and json:
        raise UsageError("--csv and --json at once; choose one")
    texts = {name: _lines(name) for name in files}
    if not json:
        texts = {name: [line for line in lines if _is_told(line)] for name, lines in texts.items()}
    readings = iter(_measured([line.text for lines in texts.values() for line in lines]))
    read = {name: [(line, next(readings)) for line in lines] for name, lines in texts.items()}
    if json or csv:
        to_utf8()
        (print_json if json else print_csv)(read)
        return
    console = stdout()
    for name, rows in read.items():
        if len(read) > 1:
            console.print(name, style="bold", markup=False)
        for row in table(rows, console.width):
            console.print(row, soft_wrap=True)


@app.command()
def arc(
    file: Annotated[str, typer.Argument(metavar="FILE", help=f"A text or a script: {_FORMATS}.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The picture, .svg or .png; default FILE's name + .arc.svg, here.")
    ] = None,
) -> None:
    """Draw the emotional arc (감정선) of a script or a prose text.

    A script has an arc per speaker, of the lines of dialogue, and one together;
    prose has one, of its sentences. Each value is smoothed over its neighbours,
    the picture says over how many. An older picture of that name is replaced.

      daebon emotion arc 바다.fountain
      daebon emotion arc takes/바다-7/transcript.json --out 바다.png

    The table says where each arc is lowest and highest, and which of six shapes
    of stories is nearest. Heed the caution below it: a short arc resembles some
    shape by chance.
    """
    from daebon.emotion_tables import print_arc
    from daebon.terminal import stdout
    from emotion.arcs import rows
    from emotion.drawing import SUFFIXES, draw

    path = _path(file)
    picture = out or Path(f"{path.stem}.arc.svg")
    if picture.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--out {picture}: {picture.suffix or 'no suffix'} is no picture; use {' or '.join(SUFFIXES)}")
    story = _staged(path) if path.suffix.lower() == ".json" else _written(path, _lines(file))
    shown = _pictured(story.arcs)
    console = stdout()
    for series, row in zip(story.arcs, rows(story.arcs), strict=True):
        print_arc(console, series, row, story.texts, story.unit)
    if len(shown) < len(story.arcs):
        left = len(story.arcs) - len(shown)
        print(f"daebon: {left} speakers with few lines are in the table, not in the picture", file=sys.stderr)
    draw(picture, shown, title=story.title, beats=story.beats, unit=story.unit)
    print(picture)


@app.command()
def word(
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="Words as they are said: 서글프다, 서글퍼서.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per word.")] = False,
) -> None:
    """Look words up in the lexicon: their numbers, source, and nearest words.

    Nearest are the words of the same basic emotion (any, where it has none) with
    the least distance in valence and arousal. A word that is not there exits with
    2 and the nearest spellings.

      daebon emotion word 서글프다
      daebon emotion word 서글퍼서 재미없네요 --json
    """
    from daebon.emotion_tables import print_word, print_word_json, to_utf8
    from daebon.terminal import stdout
    from emotion.lexicon import Lexicon

    lexicon = Lexicon.load()
    unknown = []
    console = stdout()
    if json:
        to_utf8()
    for asked in (unicodedata.normalize("NFC", word).strip() for word in words):
        found = _looked_up(lexicon.words, lexicon.matches(asked), asked)
        for name, negated in found.items():
            entry = lexicon.words[name]
            near = _nearest(entry, lexicon.words.values())
            if json:
                print_word_json(entry, asked, negated, near)
            else:
                print_word(console, entry, asked, negated, near)
        if not found:
            unknown.append(asked)
    if unknown:
        raise UsageError("; ".join(_misspelt(asked, lexicon.words) for asked in unknown))


def _path(name: str) -> Path:
    from transcript.reading import STDIN

    return STDIN if name == "-" else Path(name)


def _lines(name: str) -> list[ScriptLine]:
    from transcript.reading import read_script

    return read_script(_path(name), sys.stdin.buffer.read() if name == "-" else None)


def _is_told(line: ScriptLine) -> bool:
    from transcript.reading import TOLD

    return line.kind in TOLD and bool(line.text.strip())


def _measured(texts: Sequence[str]) -> list[Reading]:
    """Read all texts with the classifier in one go; a bar on stderr shows how far it is, on a terminal only."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from emotion.measure import ClassifierEmotion

    model = ClassifierEmotion()
    if not texts:
        return []
    stderr = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("", total=len(texts))
        return model.readings(texts, lambda done: bar.update(task, completed=done))


@dataclass(frozen=True)
class _Story:
    """What a picture and its table need: `texts` maps the number of a point to what was said there."""

    title: str
    arcs: Sequence[Series]
    beats: Sequence[Span]
    unit: str
    texts: Mapping[int, str]


def _staged(path: Path) -> _Story:
    """Measure the dialogue of a transcript; its beats and planned emotions go with it."""
    from emotion.arcs import series, spans, whole
    from transcript.record import read_transcript

    transcript = read_transcript(path)
    turns = [turn for turn in transcript.turns if turn.kind == "dialogue" and turn.speaker and turn.text.strip()]
    if not turns:
        raise _silent(path)
    readings = _measured([turn.text for turn in turns])
    turns = [replace(turn, emotion=reading.emotion) for turn, reading in zip(turns, readings, strict=True)]
    people = series(turns)
    arcs = [*([whole(turns)] if len(people) > 1 else []), *people]
    return _Story(transcript.title, arcs, spans(transcript), "턴", {turn.n: turn.text for turn in turns})


def _written(path: Path, lines: Sequence[ScriptLine]) -> _Story:
    """Measure the dialogue of a script, or the sentences of a text without."""
    from emotion.arcs import WHOLE, Series
    from transcript.reading import sentences

    spoken = [line for line in lines if line.speaker and line.text.strip()]
    if not spoken:
        said = [line.text for line in sentences(filter(_is_told, lines))]
        if not said:
            raise _silent(path)
        points = tuple((n, reading.valence) for n, reading in enumerate(_measured(said), 1))
        return _Story(path.stem, [Series(WHOLE, points)], (), "문장", dict(enumerate(said, 1)))
    readings = _measured([line.text for line in spoken])
    points = tuple((line.line, reading.valence) for line, reading in zip(spoken, readings, strict=True))
    people: dict[str, list[tuple[int, float]]] = {}
    for line, point in zip(spoken, points, strict=True):
        people.setdefault(line.speaker or "", []).append(point)
    arcs = [Series(name, tuple(of_one)) for name, of_one in people.items()]
    together = [Series(WHOLE, points)] if len(people) > 1 else []
    return _Story(path.stem, [*together, *arcs], _scenes(lines), "줄", {line.line: line.text for line in spoken})


def _silent(path: Path) -> FileError:
    return FileError(path, "holds no line to measure; give a script with dialogue, or prose")


def _scenes(lines: Sequence[ScriptLine]) -> tuple[Span, ...]:
    """Return the scenes of a script as bands of the picture; none where there are too many to tell apart."""
    from emotion.arcs import Span

    spoken = [line.line for line in lines if line.speaker]
    headings = {line.line: line.text for line in lines if line.kind == "heading" and line.line < spoken[-1]}
    # What stands before the first line is the title; of several headings there the last one is that of the scene.
    before = [n for n in headings if n < spoken[0]]
    starts = [*before[-1:], *(n for n in headings if n > spoken[0])]
    if not 1 < len(starts) <= _SCENES:
        return ()
    ends = pairwise((*starts, spoken[-1] + 1))
    return tuple(
        Span(first, after - 1, 1, n, _NUMBER.sub("", headings[first])) for n, (first, after) in enumerate(ends, 1)
    )


def _pictured(arcs: Sequence[Series]) -> list[Series]:
    """Return the arcs that get a panel: the first, which is that of all together, and those with most lines."""
    most = Counter({place: len(arc.lines) for place, arc in enumerate(arcs[1:], 1)}).most_common(_PANELS - 1)
    return [arcs[place] for place in sorted((0, *(place for place, _ in most)))]


def _looked_up(words: Mapping[str, Word], matches: Sequence[Match], asked: str) -> dict[str, bool]:
    """Return the words of the lexicon in what was asked, each with whether it is negated there (재미없다)."""
    if asked in words:
        return {asked: False}
    return {match.word: match.negated for match in matches}


def _nearest(entry: Word, words: Iterable[Word]) -> list[Word]:
    from math import dist

    others = [w for w in words if w.word != entry.word and entry.emotion in ("", w.emotion)]
    at = (entry.valence, entry.arousal)
    return sorted(others, key=lambda w: dist(at, (w.valence, w.arousal)))[:_NEAREST]


def _misspelt(asked: str, words: Mapping[str, Word]) -> str:
    """Say that a word is not known, with the three nearest in spelling; jamo are compared, not syllables."""
    from difflib import get_close_matches

    from daebon.emotion_tables import fitted

    spelt = {unicodedata.normalize("NFD", known): known for known in words}
    near = get_close_matches(unicodedata.normalize("NFD", asked), spelt, n=3)
    hint = f"did you mean {', '.join(spelt[letters] for letters in near)}?" if near else "try `daebon emotion read`"
    return f"word {fitted(asked, 40).rstrip()!r} is not in the lexicon; {hint}"
