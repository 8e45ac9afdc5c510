"""Time and memory of every export of a long take: `python -m benchmarks.exports [--scenes 1000] [--only docx,pdf]`."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.machine import header
from scenarios import find, load_scenario
from transcript.exports import FORMATS, export
from transcript.record import Transcript
from transcript.turn import Candidate, Cost, Cue, Emotion, Turn

_TURNS = 20  # of a scene
_LONGEST = {"hwpx": 20.0, "hwp": 20.0, "docx": 20.0, "pdf": 20.0}  # seconds allowed for 1,000 scenes; 5 for the others


def long_take(scenes: int) -> Transcript:
    """Return a take of `scenes` scenes, made of the shipped 바다: its actions, goals and the lines of its personas."""
    scenario = load_scenario(find("바다"))
    lines = {persona.name: cycle(persona.voice.examples) for persona in scenario.personas}
    said = cycle((name, text) for name, of_one in lines.items() for text in (next(of_one) for _ in range(7)))
    shown = cycle(
        [scene.action for scene in scenario.scenes] + [b.goal + "." for s in scenario.scenes for b in s.beats]
    )
    turns = []
    for n in range(scenes * _TURNS):
        if n % _TURNS in (0, 9):
            turns.append(Turn(n + 1, n // _TURNS + 1, 1, "action", next(shown), by="scenario"))
            continue
        name, text = next(said)
        turns.append(
            Turn(
                n=n + 1,
                scene=n // _TURNS + 1,
                beat=1 + n % _TURNS // 10,
                kind="dialogue",
                text=text,
                speaker=name,
                parenthetical="고개를 돌리며" if n % 4 == 0 else None,
                marker="E" if n % 50 == 7 else None,
                cue=Cue(name, tuple(lines), "되묻는다", {"놀람": 0.6}, "해체"),
                why="next in turn",
                emotion=Emotion(0.1, 0.4, {"놀람": 0.41, "불안": 0.3}),
                cost=Cost(1.2, 1.1, 1, 38, 96),
                candidates=tuple(Candidate(text, score=0.6 - i / 10, logprob=-1.2) for i in range(4)),
                present=tuple(lines),
            )
        )
    plan = scenario.to_dict()
    path = [n % len(plan["scenes"]) for n in range(scenes)]
    return Transcript(scenario.title, plan, {"seed": 7, "model": "embedded", "path": path, "beats": []}, tuple(turns))


def _measure(name: str, scenes: int) -> tuple[float, float, float, float]:
    """Return seconds by the clock and of the processor, MiB of the file, and MiB that the export took at its peak."""
    code = f"from benchmarks.exports import once; once({name!r}, {scenes})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, used, size, memory = map(float, done.stdout.split())
    return seconds, used, size, memory


def once(name: str, scenes: int) -> None:
    """Export one take in one format and print the figures of `_measure`; the libraries were loaded before."""
    with tempfile.TemporaryDirectory() as folder:
        export(long_take(1), [name], Path(folder))
        take = long_take(scenes)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, used = time.perf_counter(), time.process_time()
        (path,) = export(take, [name], Path(folder))
        seconds, used = time.perf_counter() - start, time.process_time() - used
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(seconds, used, path.stat().st_size / 2**20, (after - before) / 1024)


def main(
    scenes: Annotated[int, typer.Option(help="Scenes of the take, of 20 turns each.")] = 1000,
    only: Annotated[str, typer.Option(help="Formats, by commas; all if left out.")] = "",
) -> None:
    """Print a row for each format."""
    print(header(f"python -m benchmarks.exports --scenes {scenes}"))
    print(f"{'format':10}{'seconds':>9}{'CPU':>9}{'allowed':>9}{'file MiB':>10}{'peak MiB':>10}")
    for name in only.split(",") if only else [*FORMATS, "json"]:
        seconds, used, size, memory = _measure(name, scenes)
        allowed = _LONGEST.get(name, 5.0)
        print(f"{name:10}{seconds:9.2f}{used:9.2f}{allowed:9.0f}{size:10.2f}{memory:10.0f}", flush=True)


if __name__ == "__main__":
    typer.run(main)
