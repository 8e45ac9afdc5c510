"""Takes of all ways as transcripts of one kind, and the figures of their lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from agents.speech import levels_of, mismatch
from benchmarks.peers.ways import Frame, Row
from daebon.scores.count import count
from daebon.scores.count import figures as counted
from daebon.scores.rows import ENGINE
from daebon.scoring import Line, agreement, arcs_of, mean, median
from emotion.labels import target_valence
from emotion.measure import ClassifierEmotion
from scenarios.values import Scenario
from training.evaluate import distinct
from transcript.record import Transcript, read_transcript, write_atomically
from transcript.turn import Cost, Kind, Turn

Valences = Callable[[Sequence[str]], Sequence[float]]
Level = Callable[[str, str], bool | None]  # is a line at the level wanted; None for one that carries no ending


def frame(path: Path, tokens: Callable[[str], int]) -> Frame:
    """Return what the take of ours at `path` sets for its peers; `tokens` counts those of a text."""
    take = read_transcript(path)
    scenario = Scenario.from_dict(take.scenario)
    lines = [turn for turn in take.turns if turn.kind == "dialogue"]
    text = "".join(f"{turn.speaker}: {turn.text}\n" for turn in lines)
    places = tuple((turn.scene, turn.beat) for turn in lines)
    return Frame(scenario, take.take["seed"], tuple(take.take["path"]), places, tokens(text))


def keep(frame: Frame, rows: Sequence[Row], model: str, path: Path) -> None:
    """Write what a peer played as a `transcript.json`: its n-th spoken line stands in the beat of our n-th."""
    names = [persona.name for persona in frame.scenario.personas]
    turns: list[Turn] = []
    lines = 0
    for n, row in enumerate(rows, 1):
        scene, beat = frame.places[min(lines, len(frame.places) - 1)]
        speaker = row.line.speaker
        others = tuple(name for name in names if name != speaker)
        cost = Cost(row.said.seconds, row.said.seconds, 1, row.said.prefilled, row.said.decoded) if row.said else Cost()
        turns.append(
            Turn(
                n,
                scene,
                beat,
                kind_of(row),
                row.line.text,
                speaker or None,
                () if speaker is None else others,
                row.line.parenthetical,
                by=row.by,
                cost=cost,
                present=tuple(names),
            )
        )
        lines += speaker is not None
    take = {"seed": frame.seed, "model": model, "path": list(frame.path), "beats": []}
    transcript = Transcript(frame.scenario.title, frame.scenario.to_dict(), take, tuple(turns))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(transcript.to_dict(), ensure_ascii=False, indent=1) + "\n")


def kind_of(row: Row) -> Kind:
    """Return what a row is in a transcript; a heading of the writer's is a transition."""
    if row.line.speaker is not None:
        return "dialogue"
    return "transition" if row.by == "scenario" and row.line.text.startswith("S#") else "action"


def levels_at(scenario: Scenario, path: Sequence[int]) -> dict[tuple[int, int], dict[tuple[str, str], str]]:
    """Return the speech level wanted of each pair in each (scene, beat) of a take, both from 1."""
    now = {(one.from_, one.to): str(one.level) for one in scenario.relations if one.level}
    wanted = {}
    for number, scene in enumerate(path, 1):
        for place, beat in enumerate(scenario.scenes[scene].beats, 1):
            now = {**now, **{(one.from_, one.to): str(one.level) for one in beat.relations if one.level}}
            wanted[number, place] = now
    return wanted


def guarded(text: str, wanted: str) -> bool | None:
    """Say whether a line is at a level, by the endings that our guard reads, too."""
    return mismatch(text, wanted) is None if levels_of(text) else None


def planned(take: Transcript, name: str) -> Iterator[Line]:
    """Yield the lines whose speaker has a target in the scenario's beat; the measure is left at 0."""
    scenario = Scenario.from_dict(take.scenario)
    for turn in take.turns:
        beat = scenario.scenes[take.take["path"][turn.scene - 1]].beats[turn.beat - 1]
        target = beat.emotion.get(turn.speaker or "")
        if turn.kind == "dialogue" and turn.speaker and target:
            yield Line(name, turn.scene, turn.speaker, turn.text, None, target_valence(target), 0.0, None)


def figures(
    paths: Sequence[Path], judges: Mapping[str, Valences], counters: Mapping[str, Level]
) -> dict[str, float | None]:
    """Return the figures of some takes of one way, one for each judge of valence and each counter of levels.

    None where nothing could be measured.
    """
    takes = [read_transcript(path) for path in paths]
    tallies = [count(take.to_dict())[0] for take in takes]
    found = counted(sum(tallies[1:], tallies[0]))
    arcs = arcs_of([line for take, path in zip(takes, paths, strict=True) for line in planned(take, str(path))])
    made = [[turn for turn in take.turns if turn.by in ENGINE] for take in takes]
    spoken = [[turn for turn in turns if turn.kind == "dialogue"] for turns in made]
    known = [
        float(turn.speaker in {member["persona"]["name"] for member in take.scenario["cast"]})
        for take, turns in zip(takes, spoken, strict=True)
        for turn in turns
    ]
    wrote = sum(map(len, made))
    return {
        "takes": len(takes),
        "lines": len(known),
        "known": mean(known),
        "residue": _share(found["residue"], wrote),
        "cut": _share(found["cut"], wrote),
        "hangul": found["hangul_share"],
        "copies": found["copy_share"],
        "secrets": found["secrets"],
        "distinct": mean([distinct([turn.text for turn in turns]) for turns in spoken if turns]),
        **{name: mean(levels(takes, right)) for name, right in counters.items()},
        **{
            name: median([agreement(arc, judged=_judged(arc, judge)) for arc in arcs]) for name, judge in judges.items()
        },
        "arcs": len(arcs),
    }


def levels(takes: Sequence[Transcript], right: Level) -> list[float]:
    """Return 1 or 0 for each line that carries an ending, as it is at the level its speaker owes the one spoken to, or not."""
    found = []
    for take in takes:
        wanted = levels_at(Scenario.from_dict(take.scenario), take.take["path"])
        for turn in take.turns:
            pair = (turn.speaker or "", turn.to[0] if turn.to else "")
            level = wanted[turn.scene, turn.beat].get(pair) if turn.kind == "dialogue" else None
            if level and turn.by in ENGINE and (kept := right(turn.text, level)) is not None:
                found.append(float(kept))
    return found


def counters() -> dict[str, Level]:
    """Return what judges speech levels: our guard's endings, and Kiwi's tags where it is installed."""
    if find_spec("kiwipiepy") is None:
        return {"levels": guarded}
    from benchmarks.steering.levels import counter

    return {"levels": guarded, "levels_kiwi": counter(shared=True)}


def classifier() -> Valences:
    """Return the valences that the shipped classifier reads, by which our lines were chosen, too."""
    model = ClassifierEmotion()
    return lambda texts: [reading.valence for reading in model.readings(texts)]


def _judged(arc: Sequence[Line], judge: Valences) -> dict[str, float]:
    texts = sorted({line.text for line in arc})
    return dict(zip(texts, judge(texts), strict=True))


def _share(part: float | None, whole: int) -> float | None:
    return (part or 0.0) / whole if whole else None
