"""`daebon model plan`: what memory a model takes, part by part, and what to give up where it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from daebon.options import Json, ModelName
from daebon.terminal import print_json, stdout
from transcript.errors import UsageError

if TYPE_CHECKING:
    from model.plan import Load, Plan, Quantisation, Room
    from model.shape import Shape

_NO_GPU = "; no GPU is found, and on a CPU four bits are for small models and for tests (plan a card with --gpu)"


def plan(
    model: ModelName = "embedded",
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
        print_json(
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
    stdout(200).print(table)
