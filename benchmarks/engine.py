"""Speed and memory of the engine on the embedded model: `python -m benchmarks.engine`.

Every figure is measured in this run; where time is compared, both sides ran in it. The long scene is benchmarks/long.yaml.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.machine import header, python

LONG = Path(__file__).parent / "long.yaml"
_ROUNDS = 5
_HEARD = 24  # turns of the scene, with one candidate and with four by turns
_DRAWS = 9

Row = tuple[str, str, str]  # what was measured, what was seen, the bound


def help_seconds() -> float:
    """Return the median wall time of `daebon --help`."""
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        subprocess.run([*python(), "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def first_line(folder: Path) -> tuple[float, float]:
    """Return seconds from process start to the first spoken line of 바다, and the peak memory of the process in MB."""
    times, peaks = [], []
    for i in range(3):
        command = [*python(), "play", "바다", "--auto", "--turns", "6", "--out", str(folder / f"first{i}")]
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        for row in process.stdout:
            if "\t" in row:
                times.append(time.perf_counter() - started)
                break
        process.stdout.read()
        _, _, usage = os.wait4(process.pid, 0)
        peaks.append(usage.ru_maxrss / 1024)
    return statistics.median(times), max(peaks)


def long_scene(folder: Path) -> tuple[list[dict[str, Any]], float]:
    """Play the long scene and return its turns and the peak memory in MB."""
    command = [*python(), "play", str(LONG), "--auto", "--quiet", "--out", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    out, problems = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"the long scene failed: {problems}")
    turns = json.loads((Path(out.strip()) / "transcript.json").read_text(encoding="utf-8"))["turns"]
    return turns, usage.ru_maxrss / 1024


def decode_share() -> tuple[float, float, float]:
    """Return decoded tokens/s of `propose`, of the bare runtime, and their ratio.

    Both have the same weights, adapter, prompt and four candidates; the rounds alternate.
    """
    import xllamacpp

    from model import ModelConfig, Sampling, load_chat_model
    from model.weights import drama_adapter, embedded_weights

    prompt = "S#1. 방파제 / 저녁\n\n민수: 왔네.\n지은: 네, 왔어요.\n" * 6 + "민수:"
    tokens = 48
    model = load_chat_model(ModelConfig.parse("embedded"))
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel, params.kv_unified = str(embedded_weights()), 8192, 4, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = len(os.sched_getaffinity(0))
    params.verbosity, params.warmup = -1, False
    lora = xllamacpp.CommonAdapterLoraInfo()
    lora.path, lora.scale = str(drama_adapter()), 1.0
    params.lora_adapters = [lora]
    bare = xllamacpp.Server(params)
    request = {"prompt": prompt, "n_cmpl": 4, "max_tokens": tokens, "ignore_eos": True, "temperature": 0.8}
    ours, theirs = [], []
    for i in range(_ROUNDS + 1):
        sampling = Sampling(max_tokens=tokens)
        proposal = model.propose(prompt, 4, seed=i, sampling=sampling, stop=[])
        started = time.perf_counter()
        bare.handle_completions({**request, "seed": i})
        seconds = time.perf_counter() - started
        if i:  # the first round fills the caches
            ours.append(proposal.decoded / proposal.seconds)
            theirs.append(4 * tokens / seconds)
    model.close()
    rates = statistics.median(ours), statistics.median(theirs)
    return *rates, rates[0] / rates[1]


def candidates() -> list[Row]:
    """Compare four candidates with one, in the processor's seconds: of whole turns of a scene, and over a prompt that is read already."""
    from agents.character import SAMPLING
    from benchmarks.huggingface import fan, prompts
    from model import ModelConfig, load_chat_model

    model = load_chat_model(ModelConfig.parse("embedded"))
    turns: dict[int, list[float]] = {1: [], 4: []}
    for n, prompt in zip(cycle((1, 1, 4, 4)), prompts(_HEARD)):  # two people speak in turn
        started = time.process_time()
        model.propose(prompt, n, seed=1, sampling=SAMPLING, stop=["\n"])
        turns[n].append(time.process_time() - started)
    medians = {n: statistics.median(seconds[1:]) for n, seconds in turns.items()}
    decoded = fan(model, prompt, 4, _DRAWS)
    model.close()
    return [
        (
            f"four candidates / one, {what} (CPU s)",
            f"{found[4]:.2f} / {found[1]:.2f} = {found[4] / found[1]:.2f}",
            "<= 2.5",
        )
        for what, found in (("a turn", medians), ("32 tokens, prompt read", decoded))
    ]


def around(turns: list[dict[str, Any]], n: int, key: str) -> float:
    """Return the median of a cost over the spoken turns from `n - 4` to `n + 4`."""
    return statistics.median(float(t["cost"][key]) for t in turns if abs(t["n"] - n) <= 4 and t["kind"] == "dialogue")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine", description=__doc__)
    parser.add_argument("--candidates", action="store_true", help="only compare four candidates with one")
    options = parser.parse_args()
    print(header(" ".join(["python -m benchmarks.engine", *sys.argv[1:]])))
    fanned = candidates()
    if options.candidates:
        show(fanned)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(
            [*python(), "play", "바다", "--auto", "--quiet", "--turns", "2", "--out", name], check=True
        )  # warm
        seconds, peak = first_line(folder)
        turns, long_peak = long_scene(folder / "long")
    spoken = [turn["cost"] for turn in turns if turn["kind"] == "dialogue"]
    outside = statistics.median(1000 * (cost["seconds"] - cost["model_seconds"]) for cost in spoken)
    ours, bare, share = decode_share()
    rows = [
        ("process start to first spoken line, warm (s)", f"{seconds:.2f}", "<= 6"),
        ("median turn, 4 candidates (s)", f"{statistics.median(cost['seconds'] for cost in spoken):.2f}", "<= 1.8"),
        *fanned,
        ("decode, ours / runtime alone (tok/s)", f"{ours:.0f} / {bare:.0f} = {share:.2f}", ">= 0.90"),
        ("peak memory, 바다 / long scene (MB)", f"{peak:.0f} / {long_peak:.0f}", "<= 800"),
        ("daebon --help (s)", f"{help_seconds():.2f}", "<= 0.7"),
        ("time outside the model per turn, median (ms)", f"{outside:.1f}", "<= 20"),
    ]
    for key, bound in (("prefilled", "<= 1.3"), ("seconds", "<= 1.5")):
        early, late = around(turns, 10, key), around(turns, 60, key)
        rows.append((f"{key} per turn, turn 60 / turn 10", f"{late:.2f} / {early:.2f} = {late / early:.2f}", bound))
    rows.append(("model calls per spoken turn, mean", f"{statistics.mean(c['calls'] for c in spoken):.2f}", "<= 2"))
    show(rows)


def show(rows: Sequence[Row]) -> None:
    """Print what was measured, what was seen, and the bound."""
    for label, value, bound in rows:
        print(f"{label:52} {value:28} {bound}")


if __name__ == "__main__":
    main()
