"""Measure what is missing and print the tables: the time of a turn, the lines of whole takes, the share of the memory's limit."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.huggingface import prompts
from benchmarks.machine import header, python
from benchmarks.peers import limit, quality, speed
from benchmarks.peers.tables import limits, paces, qualities
from benchmarks.peers.voices import MODELS, Voice, Weights, runtime
from benchmarks.peers.ways import Frame, Row, acted, written
from benchmarks.scene_quality.play import ROOT, code_version, play
from model.config import ModelConfig
from model.load import load_chat_model
from model.weights import drama_adapter, embedded_weights
from transcript.record import write_atomically

PARTS = ("speed", "quality", "limit")
WAYS = ("ours", "plain", "script", "robin")
WEIGHTS: tuple[Weights, ...] = ("base", "adapter")
CANDIDATES = (1, 4)
_HEARD = 24  # turns of 바다 that stand before what is decoded


@dataclass(frozen=True)
class Wanted:
    """A take: its scenario, its seed, and after how many turns ours is stopped (None: never)."""

    title: str
    seed: int
    length: int | None

    def __str__(self) -> str:
        return f"{self.title}-{self.seed}" + (f", {self.length} turns" if self.length else "")


def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _arguments(argv)
    options.work = options.work.resolve()
    folder = options.work / _version()
    command = " ".join(["python -m benchmarks.peers", *(sys.argv[1:] if argv is None else argv)])
    sys.stdout.write(f"{header(command)}\n")
    if "speed" in options.only:
        marks = sorted(options.turns)
        name = "-".join(map(str, marks))
        found = {
            (way, weights): _kept(
                folder / "speed" / f"{way}-{weights}-{name}.json", partial(_paced, way, weights, marks, options.work)
            )
            for weights in options.weights
            for way in options.ways
        }
        sys.stdout.write(paces(found))
    if "quality" in options.only:
        judges, counters = {"r": quality.classifier()}, quality.counters()
        if options.data:
            from benchmarks.steering.judge import trained

            ngrams, _ = trained(options.data, ROOT / "training" / "corpus")
            judges["r_ngrams"] = lambda texts: ngrams.valences(texts).tolist()
        wanted = [
            Wanted(title, seed, options.length) for title in options.scenarios for seed in range(1, options.seeds + 1)
        ]
        columns = {
            (way, weights): quality.figures(_played(way, weights, wanted, options.work), judges, counters)
            for weights in options.weights
            for way in options.ways
        }
        sys.stdout.write(qualities(columns, [str(take) for take in wanted]))
    if "limit" in options.only:
        rows = {
            weights: _kept(folder / f"limit-{weights}.json", partial(_limit, weights)) for weights in options.weights
        }
        sys.stdout.write(limits(rows))


def _paced(way: str, weights: Weights, marks: Sequence[int], work: Path) -> list[dict[str, Any]]:
    _say(f"speed of {way}, {weights}")
    if way == "ours":
        return [asdict(pace) for pace in speed.ours(weights, marks)]
    with runtime(way, weights, work) as (voice, _):
        found = speed.writing(voice, marks) if way == "script" else speed.talking(way, voice, marks)
    return [asdict(pace) for pace in found]


def _played(way: str, weights: Weights, wanted: Sequence[Wanted], work: Path) -> list[Path]:
    """Return the takes of a way, playing those that are missing; peers play in the frame of our take on the adapter."""
    if way == "ours":
        return [_ours(take, weights, work) for take in wanted]
    folder = work / _version() / f"{way}-{weights}"
    paths = {take: folder / str(take) / "transcript.json" for take in wanted}
    missing = {take: path for take, path in paths.items() if not path.exists()}
    if missing:
        with runtime(way, weights, work) as (voice, tokens):
            for take, path in missing.items():
                frame = quality.frame(_ours(take, "adapter", work), tokens)
                _say(f"{way}, {weights}: {take}")
                quality.keep(frame, _rows(way, frame, voice), f"{way}, {weights}", path)
    return list(paths.values())


def _rows(way: str, frame: Frame, voice: Voice) -> list[Row]:
    if way == "script":
        return written(frame, voice)
    return acted(frame, speed.TALKS[way](frame.scenario, voice, frame.seed))


def _ours(take: Wanted, weights: Weights, work: Path) -> Path:
    _say(f"ours, {weights}: {take}")
    folder = work / code_version() / f"ours-{weights}-{take.length or 'whole'}"
    most = ("--turns", str(take.length)) if take.length else ()
    return play(take.title, take.seed, folder, python(), ("--model", MODELS[weights], *most))


def _limit(weights: Weights) -> dict[str, Any]:
    """Measure bandwidth and decoding in turn, so that both see the same machine."""
    _say(f"limit, {weights}")
    read = limit.read_for_a_token(embedded_weights(), drama_adapter() if weights == "adapter" else None)
    prompt = list(prompts(_HEARD))[-1]
    model = load_chat_model(ModelConfig.parse(MODELS[weights]))
    plain = [limit.bandwidth()]
    found = [limit.decoding(model, prompt, read, n) for n in CANDIDATES]
    model.close()
    plain.append(limit.bandwidth())
    return {"bandwidth": max(plain), "decoding": [asdict(one) for one in found]}


def _kept(path: Path, measure: Callable[[], Any]) -> dict[str, Any]:
    """Return what `path` holds, `{"when": …, "found": …}`, measuring it where it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = measure()
        row = {"when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"), "found": found}
        write_atomically(path, json.dumps(row, ensure_ascii=False) + "\n")
    row = json.loads(path.read_text(encoding="utf-8"))
    return dict(row)


def _version() -> str:
    """Return a hash of the code that makes a take of ours and of what asks, plays and times the peers."""
    digest = hashlib.sha256(code_version().encode())
    for name in ("prompts", "voices", "ways", "speed", "limit"):
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


def _say(words: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC).strftime('%H:%M:%S')} {words}\n")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--turns", type=int, nargs="+", default=[10, 60, 200], help="marks at which a turn is timed")
    parser.add_argument("--seeds", type=int, default=2, help="how many takes of each scenario")
    parser.add_argument(
        "--scenarios", nargs="+", default=["바다", "유실물"], metavar="TITLE", help="of two people each"
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts that are measured and printed")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="ours is what the others are divided by")
    parser.add_argument("--weights", nargs="+", choices=WEIGHTS, default=WEIGHTS)
    parser.add_argument(
        "--length", type=int, help="stop our takes, and so their peers, after so many turns (default: none)"
    )
    parser.add_argument("--work", type=Path, default=Path("build/peers"), help="where finished pieces are kept")
    parser.add_argument("--data", type=Path, help="folder of the shared data: the judge of n-grams learns there")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
