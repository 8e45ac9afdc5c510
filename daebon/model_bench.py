"""`daebon model bench`: how fast a model loads, reads and writes, and the time of a turn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from daebon.options import Json, ModelName
from daebon.terminal import print_json, stdout, working

if TYPE_CHECKING:
    from model import Proposal, StageModel

_SCENE = "844-여섯-시간째"  # three people, 24 lines, held out of training
_TURNS = 6  # lines of it for each number of candidates; the first is not timed
_DECODED = 64  # tokens of one long candidate


def bench(model: ModelName = "embedded", as_json: Json = False) -> None:
    """Measure load time, tokens/s, the time of a turn, and the peak of memory.

    The turns are lines of a scene that no adapter was trained on, each with the
    history and the tail that its speaker reads in play, with one candidate and
    with four by turns; the median of five is told. Nothing else should run
    meanwhile.

      daebon model bench
      daebon model bench ldcc --json > ldcc.json
    """
    from dataclasses import replace
    from datetime import UTC, datetime
    from itertools import cycle
    from statistics import median

    from agents.character import SAMPLING
    from daebon.machine import gpu_peak, machine, peak

    prompts = _prompts()
    with loaded_model(model) as (loaded, seconds), working("playing turns"):
        read = loaded.propose(prompts[0], 1, seed=0, sampling=replace(SAMPLING, max_tokens=1))
        told = loaded.propose(prompts[0], 1, seed=0, sampling=replace(SAMPLING, max_tokens=_DECODED))
        turns: dict[int, list[Proposal]] = {1: [], 4: []}
        for prompt, n in zip(prompts, cycle(turns)):
            turns[n].append(loaded.propose(prompt, n, seed=1, sampling=SAMPLING, stop=["\n"]))
        figures: dict[str, Any] = {
            "model": model,
            "sha256": loaded.sha256,
            "adapter_sha256": loaded.adapter_sha256,
            "machine": machine(),
            "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "load_seconds": seconds,
            "prompt_tokens": read.prefilled,
            "prefill_tokens_per_second": read.prefilled / read.seconds if read.seconds else 0.0,
            "decode_tokens_per_second": told.decoded / told.seconds if told.seconds else 0.0,
            "turn_seconds": {str(n): median(turn.seconds for turn in found[1:]) for n, found in turns.items()},
            "turn_prefilled": {str(n): median(turn.prefilled for turn in found[1:]) for n, found in turns.items()},
            "peak_resident_bytes": peak(),
            "peak_gpu_bytes": gpu_peak(),
        }
    if as_json:
        print_json(figures)
    else:
        _print_figures(figures)


@contextmanager
def loaded_model(name: str) -> Iterator[tuple[StageModel, float]]:
    """Yield the model and the seconds that loading took; it is closed after."""
    from model import ModelConfig, load_chat_model

    config = ModelConfig.parse(name)
    started = time.perf_counter()
    with working(f"loading {name}"):
        loaded = load_chat_model(config)
    try:
        yield loaded, time.perf_counter() - started
    finally:
        loaded.close()


def _prompts() -> list[str]:
    """Return what the speakers of one scene read before lines that follow one another, `_TURNS` for each number of candidates."""
    from training.corpus import read_scene
    from training.dataset import line_prompts
    from training.gather import CORPUS

    scene = read_scene(CORPUS / f"{_SCENE}.yaml")
    spoken = [place for place, line in enumerate(scene.lines) if line.speaker and line.to]
    return [line_prompts(scene, place)["persona"] for place in spoken[-2 * _TURNS :]]


def _print_figures(figures: dict[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    turns, new = figures["turn_seconds"], figures["turn_prefilled"]
    read = figures["prefill_tokens_per_second"]
    rows = [
        ("weights", figures["sha256"][:12] or "not told"),
        ("adapter", figures["adapter_sha256"][:12] or "none"),
        ("load", f"{figures['load_seconds']:.2f} s"),
        ("prefill", f"{read:.0f} tokens/s, {figures['prompt_tokens']} tokens" if read else "not told"),
        ("decode", f"{figures['decode_tokens_per_second']:.1f} tokens/s"),
        *((f"turn, {n} candidate{'s' * (n != '1')}", f"{turns[n]:.2f} s, {new[n]:.0f} tokens read") for n in turns),
        (
            "peak memory",
            f"{figures['peak_resident_bytes'] / 1e6:.0f} MB" if figures["peak_resident_bytes"] else "not told",
        ),
    ]
    if figures["peak_gpu_bytes"]:
        rows.append(("peak GPU memory", f"{figures['peak_gpu_bytes'] / 1e9:.2f} GB"))
    table = Table(box=None)
    table.add_column(Text(figures["model"]))
    table.add_column(figures["date"])
    for row in rows:
        table.add_row(*map(Text, row))
    stdout(200).print(table)
    print(figures["machine"])
