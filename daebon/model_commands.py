"""`daebon model list | plan | check | bench`: which models there are, what memory they take, whether and how fast they run."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transcript.errors import ModelError, UsageError

if TYPE_CHECKING:
    from model import Proposal, StageModel
    from model.plan import Load, Plan, Quantisation, Room
    from model.shape import Shape

app = typer.Typer(
    help="Look at models: which there are, what memory they take, whether they run and how fast.",
    no_args_is_help=True,
)

_NAMES = (  # name, what it is, the extra that it needs
    ("embedded", "Gemma 3 270M with the drama adapter, on any CPU; the default", ""),
    ("embedded:base", "the same without the adapter", ""),
    ("embedded:ADAPTER.gguf", "the same with an adapter that `daebon train adapter` wrote", ""),
    ("gguf:PATH", "a GGUF file, by llama.cpp", ""),
    ("ldcc", "LDCC-Instruct-Llama-2-ko-13B-v1.4 in four bits (cc-by-nc-4.0)", "hf"),
    ("hf:PATH_OR_ID", "a model of transformers in four bits, a PEFT adapter, or a run of `daebon train`", "hf"),
    ("server:URL#MODEL", "an OpenAI-compatible server: vLLM, llama.cpp's, `transformers serve`", "server"),
    ("scripted:FILE", "canned lines, for tests", ""),
)
_VOICES = "hf:, ldcc and server: give a role an adapter of its own: hf:run,지은=run2 (see docs/models.md)"
_NO_GPU = "; no GPU is found, and on a CPU four bits are for small models and for tests (plan a card with --gpu)"
_SAID = (" 오늘은 바다가 참 잔잔하네, 그렇지?", " 네, 어젯밤엔 파도가 꽤 높았는데요.")
_ROWS = f"민수:{_SAID[0]}\n지은:{_SAID[1]}\n" * 3 + "민수:"
_HANGUL = re.compile("[가-힣]")
_SCENE = "844-여섯-시간째"  # three people, 24 lines, held out of training
_TURNS = 6  # lines of it for each number of candidates; the first is not timed
_DECODED = 64  # tokens of one long candidate

Name = Annotated[str, typer.Argument(metavar="MODEL", help="A name as for --model (see `daebon model list`).")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead: for a program.")]


@app.command("list")
def list_models() -> None:
    """List the names that --model takes, what each needs, and whether that is installed.

    daebon model list
    """
    from rich.table import Table
    from rich.text import Text

    from daebon.doctor import absent, remedy

    table = Table(box=None)
    for heading in ("name", "model", "needs", "installed"):
        table.add_column(heading)
    for name, what, extra in _NAMES:
        gone = absent(extra)
        row = (name, what, f"daebon[{extra}]" if extra else "daebon", f"no: {remedy(extra, gone)}" if gone else "yes")
        table.add_row(*map(Text, row))
    _print(table)
    print(_VOICES)


@app.command()
def plan(
    model: Name = "embedded",
    context: Annotated[
        int | None,
        typer.Option(min=1, help="Longest prompt in tokens (2048); for a GGUF file the cells of its cache (8192)."),
    ] = None,
    agents: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Agents with an adapter of their own, or who heard other lines; all else share. Default: 1, and one "
            "for each adapter that the name gives a role.",
        ),
    ] = None,
    candidates: Annotated[int, typer.Option(min=1, max=8, help="Candidates per line.")] = 4,
    adapter_rank: Annotated[
        int | None, typer.Option(min=0, help="Rank of the LoRA, 0 for none; default: the adapter's own, else 16.")
    ] = None,
    quantisation: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="nf4 is what plays; to compare: nf4-single, 8bit, bf16, fp16, fp32."),
    ] = None,
    gpu: Annotated[
        float | None, typer.Option(metavar="GB", min=0.1, help="Plan for a GPU of this size, not for this machine.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how much memory a model takes, part by part, and whether it is there.

    Only the configuration is read, so the weights need not be here. Not all parts
    stand at the same moment: a peak is a little below the sum. Where it does not
    fit, the last line says with which options it would.

      daebon model plan ldcc --gpu 12
      daebon model plan ldcc --context 4096 --candidates 8
      daebon model plan hf:Qwen/Qwen3-8B --agents 3 --adapter-rank 32
      daebon model plan ldcc,지은=run-jieun --gpu 16
      daebon model plan gguf:model.gguf --context 16384 --json
    """
    from model import ModelConfig
    from model.plan import GIB, Load, Room, on_gpu, plan_file, this_machine
    from model.plan import plan as planned
    from model.shape import shape_of

    config = ModelConfig.parse(model)
    kind = _quantisation(quantisation)
    shape, adapter = shape_of(config)
    if shape.stored and (gpu or adapter_rank is not None or quantisation):
        raise UsageError(
            f"{model}: llama.cpp plays the file as it is, on the CPU; leave out --gpu, --adapter-rank, --quantisation"
        )
    room = Room(f"GPU of {gpu:g} GB", int(gpu * GIB), gpu=True) if gpu else this_machine(gpu=not shape.stored)
    rank = adapter_rank if adapter_rank is not None else adapter or 16
    many = agents or 1 + len({adapter for _, adapter in config.voices})
    load = Load(context or 2048, many, candidates, rank, kind, gpu=room.gpu)
    if room.gpu:
        load = on_gpu(shape, load, room.free)
    found = plan_file(shape, context or config.context, adapter) if shape.stored else planned(shape, load)
    fits = found.total <= room.free if room.free else None
    said = _verdict(found, room, fits, "" if fits is not False else _remedy(shape, load, room))
    said += "" if room.gpu or shape.stored else _NO_GPU
    if as_json:
        _print_json(
            {
                "model": str(config),
                "parameters": found.parameters,
                "kv_bytes_per_token": found.kv_per_token,
                "weights": found.weights,
                "parts": {part.name: part.bytes for part in found.parts},
                "total": found.total,
                "room": {"name": room.name, "free": room.free},
                "fits": fits,
                "said": said,
            }
        )
    else:
        _print_plan(model, found)
        print(said)


@app.command()
def check(model: Name = "embedded") -> None:
    """Load a model, let it read and write Korean, and say in one line how that went.

    It draws a short line and has to tell, of two lines, the one that a script
    repeats. Exits with 0, or with 1 and what is wrong.

      daebon model check
      daebon model check hf:run && daebon play 바다 --model hf:run
    """
    from model import ModelConfig
    from model.base import Sampling

    with _loaded(model) as (loaded, seconds), _working("drawing a line"):
        cold = Sampling(temperature=0, max_tokens=32)
        loaded.propose(_ROWS, 1, seed=0, sampling=cold, stop=["\n"])
        drawn = loaded.propose(_ROWS, 1, seed=0, sampling=cold, stop=["\n"])
        line = drawn.completions[0].text.strip()
        sure = loaded.score(_ROWS, _SAID).probabilities[0]
        weights = f"{loaded.sha256[:12] or 'no sha'}, adapter {loaded.adapter_sha256[:12] or 'none'}"
        for role, adapter in ModelConfig.parse(model).voices:
            weights += f", {role}'s {loaded.voice(role).adapter_sha256[:12] or adapter}"
    if not _HANGUL.search(line) or "\ufffd" in line:
        raise ModelError(f"{model}: wrote {line!r} in a Korean script; take a model that was made for Korean")
    if sure <= 0.5:
        raise ModelError(
            f"{model}: gave a line that the script repeats {sure:.0%} only, against another; its weights or its tokenizer "
            "are not what they should be"
        )
    print(
        f"{model}: {weights}, loaded in {seconds:.1f} s, {_rate(drawn.decoded, drawn.seconds)}, Korean read and written: ok"
    )


@app.command()
def bench(model: Name = "embedded", as_json: Json = False) -> None:
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
    with _loaded(model) as (loaded, seconds), _working("playing turns"):
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
        _print_json(figures)
    else:
        _print_figures(figures)


def _prompts() -> list[str]:
    """Return what the speakers of one scene read before lines that follow one another, `_TURNS` for each number of candidates."""
    from training.corpus import read_scene
    from training.dataset import line_prompts
    from training.gather import CORPUS

    scene = read_scene(CORPUS / f"{_SCENE}.yaml")
    spoken = [place for place, line in enumerate(scene.lines) if line.speaker and line.to]
    return [line_prompts(scene, place)["persona"] for place in spoken[-2 * _TURNS :]]


@contextmanager
def _loaded(name: str) -> Iterator[tuple[StageModel, float]]:
    """Yield the model and the seconds that loading took; it is closed after."""
    from model import ModelConfig, load_chat_model

    config = ModelConfig.parse(name)
    started = time.perf_counter()
    with _working(f"loading {name}"):
        loaded = load_chat_model(config)
    try:
        yield loaded, time.perf_counter() - started
    finally:
        loaded.close()


@contextmanager
def _working(what: str) -> Iterator[None]:
    """Say on stderr what is going on, where that is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(f"{what} …")):
        yield


def _quantisation(name: str | None) -> Quantisation:
    from typing import get_args

    from model.plan import Quantisation

    known: Sequence[Quantisation] = get_args(Quantisation)
    found = next((one for one in known if one == (name or "nf4")), None)
    if found is None:
        raise UsageError(f"--quantisation {name}: no such; use one of {', '.join(known)}")
    return found


def _remedy(shape: Shape, load: Load, room: Room) -> str:
    """Return the options with which it fits, or another model."""
    from model.plan import GIB, cheaper

    if shape.stored:
        return "give a smaller --context, or a smaller file"
    found = cheaper(shape, load, room)
    if found is None:
        return "take a smaller model: embedded needs no GPU (daebon model plan)"
    fields = ("quantisation", "agents", "context", "candidates")
    changed = [f"--{key} {getattr(found[0], key)}" for key in fields if getattr(found[0], key) != getattr(load, key)]
    return f"with {' '.join(changed)} it takes {found[1].total / GIB:.2f} GiB and fits"


def _verdict(found: Plan, room: Room, fits: bool | None, remedy: str) -> str:
    from model.plan import GIB

    if fits is None:
        return f"{found.total / GIB:.2f} GiB; how much memory is free cannot be told on this system"
    sizes = f"{found.total / GIB:.2f} GiB of {room.free / GIB:.2f} GiB free ({room.name})"
    return f"it fits: {sizes}" if fits else f"it does not fit: {sizes}; {remedy}"


def _print_plan(name: str, found: Plan) -> None:
    from rich.table import Table
    from rich.text import Text

    from model.plan import GIB

    table = Table(box=None)
    table.add_column(Text(name))
    table.add_column("GiB", justify="right")
    table.add_column("made of")
    for part in filter(lambda part: part.bytes, found.parts):
        table.add_row(Text(part.name), f"{part.bytes / GIB:.2f}", Text(part.why))
    note = f"{found.parameters / 1e9:.3f} B parameters, weights {found.weights / GIB:.2f} GiB"
    table.add_row(Text("together", style="bold"), Text(f"{found.total / GIB:.2f}", style="bold"), note)
    _print(table)


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
    _print(table)
    print(figures["machine"])


def _rate(tokens: int, seconds: float) -> str:
    return f"{tokens / seconds:.0f} tok/s" if seconds else "no speed told"


def _print(table: Any) -> None:
    """Print a table, as wide as it is where there is no terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=200)).print(table)


def _print_json(found: dict[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
