"""The page of one take: what a screenwriter wants to see of it, gathered from its transcript."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from transcript.layout import Line, Scene, clean, heading_of, lay_out, line_of
from transcript.record import Transcript, json_pieces
from transcript.report.curve import Dot, curves, goals
from transcript.report.page import fill, signed
from transcript.report.words import Lang, explain, in_order, shape_name, take_name, words
from transcript.turn import Candidate, Turn

_LABELS = 4  # of an emotion that are worth a look
_MANY_SCENES = 14
_TIP = 140  # characters of a line in a point's name


@dataclass(frozen=True)
class Shown:
    """One line of the script with its turn; `beat` is (anchor, number, goal, reason for its end) where one begins."""

    line: Line
    turn: Turn
    candidates: tuple[tuple[Candidate, bool], ...]
    beat: tuple[str, int, str, str] | None


@dataclass(frozen=True)
class Speaker:
    """Who spoke how much: `lines`, `characters` without spaces, and the `share` of these, 0..1."""

    name: str
    lines: int
    characters: int
    share: float


@dataclass(frozen=True)
class Bond:
    """From one character to another: what the scenario says, the levels asked for in order, and lines that kept them."""

    giver: str
    to: str
    levels: tuple[str, ...]
    address: str
    affection: float | None
    kept: int
    judged: int


def take_page(transcript: Transcript, lang: Lang) -> Iterator[str]:
    """Return the page in pieces; see `transcript.html.take_pieces`."""
    script = lay_out(replace(transcript, turns=()))  # its front; the lines are laid out as they are written
    scenes = [Scene(n, heading_of(transcript, n), ()) for n, _ in groupby(transcript.turns, key=_scene)]
    candidates = [candidate for turn in transcript.turns for candidate in turn.candidates]
    refused = [candidate.rejected for candidate in candidates if candidate.rejected is not None]
    reasons = Counter(reason.split(":")[0] for reason in refused)
    facts = _take(transcript.take)
    return fill(
        "take",
        lang,
        script=script,
        scenes=scenes,
        played=zip(scenes, _played(transcript), strict=True),
        many_scenes=len(scenes) > _MANY_SCENES,
        kinds=Counter(line.kind for line in map(line_of, transcript.turns) if line),
        beats=len(goals(transcript)),
        curves=curves(transcript),
        speakers=_speakers(transcript.turns),
        bonds=_bonds(transcript),
        offered=len(candidates),
        refused=len(refused),
        reasons=reasons.most_common(),
        scores={key: transcript.scores[key] for key in in_order(transcript.scores)},
        take=[(take_name(key, lang), explain(value, lang) if key == "over" else value) for key, value in facts],
        command=_command(transcript),
        people=", ".join(map(str, transcript.take.get("human") or ())),
        record=json_pieces(transcript),
        feelings=feelings,
        shape_name=lambda shape: shape_name(shape, lang),
        tip=lambda dot: _tip(dot, lang),
    )


def feelings(labels: Mapping[str, float]) -> str:
    """Return the strongest emotions with their strength in hundredths: `놀람 60, 당황/난처 50`."""
    strongest = sorted(labels.items(), key=lambda item: -item[1])[:_LABELS]
    return ", ".join(f"{name.replace('_', ' ')} {value * 100:.0f}" for name, value in strongest)


def _scene(turn: Turn) -> int:
    return turn.scene


def _played(transcript: Transcript) -> Iterator[Iterator[Shown]]:
    """Yield the lines of each scene, to be read before the next scene."""
    said = goals(transcript)
    for _, turns in groupby(transcript.turns, key=_scene):
        yield _lines(turns, said)


def _lines(turns: Iterable[Turn], said: dict[tuple[int, int], tuple[str, str]]) -> Iterator[Shown]:
    """Yield the lines of a scene; what `said` holds of a beat goes with its first line."""
    for turn in turns:
        if line := line_of(turn):
            beat = said.pop((turn.scene, turn.beat), None)
            anchor = beat and (f"b{turn.scene}-{turn.beat}", turn.beat, *beat)
            yield Shown(line, turn, _marked(turn), anchor)


def _marked(turn: Turn) -> tuple[tuple[Candidate, bool], ...]:
    """Return the candidates, each with whether it is the one that was said."""
    texts = [candidate.text for candidate in turn.candidates]
    said = texts.index(turn.text) if turn.text in texts else -1
    return tuple((candidate, place == said) for place, candidate in enumerate(turn.candidates))


def _speakers(turns: Sequence[Turn]) -> list[Speaker]:
    lines: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for turn in turns:
        if turn.kind == "dialogue":
            name = clean(turn.speaker or "") or "?"
            lines[name] += 1
            characters[name] += len("".join(clean(turn.text).split()))
    whole = sum(characters.values()) or 1
    return [Speaker(name, count, characters[name], characters[name] / whole) for name, count in lines.most_common()]


def _bonds(transcript: Transcript) -> list[Bond]:
    """Return the relations of the scenario and, after them, pairs who talked without one."""
    relations = {(str(row.get("from")), str(row.get("to"))): row for row in transcript.scenario.get("relations") or ()}
    levels: dict[tuple[str, str], list[str]] = {pair: [] for pair in relations}
    judged: Counter[tuple[str, str]] = Counter()
    broken: Counter[tuple[str, str]] = Counter()
    for turn in transcript.turns:
        if turn.kind != "dialogue" or turn.cue is None or not turn.cue.level or not turn.speaker:
            continue
        for to in turn.cue.to:
            pair = (turn.speaker, to)
            asked = levels.setdefault(pair, [])
            if turn.cue.level not in asked:
                asked.append(turn.cue.level)
            for candidate, said in _marked(turn):
                judged[pair] += said
                broken[pair] += said and (candidate.rejected or "").startswith("speech level")
    bonds = []
    for pair, asked in levels.items():
        row = relations.get(pair, {})
        wanted = asked or [str(row["level"])] if row.get("level") or asked else []
        kept = judged[pair] - broken[pair]
        bonds.append(
            Bond(*pair, tuple(wanted), str(row.get("address") or ""), row.get("affection"), kept, judged[pair])
        )
    return bonds


def _take(take: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in take.items():
        if key in ("path", "beats") or value is None or value == []:
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        yield key, {"True": "○", "False": "×"}.get(shown, shown)


def _command(transcript: Transcript) -> str:
    take, typed = transcript.take, ["daebon", "play", transcript.title]
    human = [str(name) for name in take.get("human") or ()]
    for name in human:
        typed += ["--as", name]
    typed += [] if human else ["--auto"]
    for key in ("seed", "model", "candidates", "turns"):
        if take.get(key) is not None:
            typed += [f"--{key}", str(take[key])]
    if take.get("steer") is False:
        typed.append("--no-steer")
    return shlex.join(map(clean, typed))


def _tip(dot: Dot, lang: Lang) -> str:
    """Return what a point of the curve is called: turn, line, measured and planned."""
    word = words(lang)
    text = clean(dot.turn.text)
    said = f"{dot.turn.n} {clean(dot.turn.speaker or '')}: {text if len(text) <= _TIP else text[:_TIP] + '…'}"
    planned = f", {word['planned']} {signed(dot.planned)}" if dot.planned is not None else ""
    return f"{said} ({word['measured']} {signed(dot.value)}{planned})"
