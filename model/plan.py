"""How much memory a model takes, part by part, from its configuration alone; and whether this machine has it.

What is counted is what this project's runtimes hold: `model.huggingface` with the caches of `model.prefix` and
`model.generation`, or llama.cpp as `model.embedded` starts it. No torch is needed to plan.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from model.base import Sampling
from model.prefix import BUDGET
from model.shape import Shape
from transcript.errors import UsageError

Quantisation = Literal["nf4", "nf4-single", "8bit", "bf16", "fp16", "fp32"]
_SPELT = {"nf4": "NF4 with double quantisation", "nf4-single": "NF4 without double quantisation", "8bit": "LLM.int8"}
_HALVES = ("bf16", "fp16")
GIB = 1 << 30
_MIB = 1 << 20
_BLOCK, _NESTED = 64, 256  # weights to a scale, scales to a scale of scales (bitsandbytes; arXiv:2305.14314, section 3)
_TABLE = 4 * 16 + 4  # bytes a matrix: the sixteen values of NF4, and the mean of its scales
_BATCH = 512  # tokens that llama.cpp reads at once
_CUDA = 426 * _MIB  # of a process with PyTorch 2.10 on an RTX 6000 Ada (unslothai/unsloth-zoo#1053); not measured by us
_TORCH = 429 * _MIB  # resident after the imports, torch 2.13 for CPUs
_LLAMA, _TOKEN = (
    112 * _MIB,
    300,
)  # Python and llama.cpp; bytes for a token of the vocabulary, from 17,410 and 262,144 ones


@dataclass(frozen=True)
class Load:
    """What a play asks of a model of transformers.

    `context` is the longest prompt in tokens, with the tail of who speaks. `agents` counts those that have an adapter of
    their own or did not hear what the others heard: all others share one prefix. `budget` is in bytes (`PrefixCache`).
    """

    context: int = 2048
    agents: int = 1
    candidates: int = 4
    adapter_rank: int = 16
    quantisation: Quantisation = "nf4"
    gpu: bool = True
    budget: int = BUDGET


@dataclass(frozen=True)
class Part:
    """One use of memory, in bytes; `why` says what it is made of."""

    name: str
    bytes: int
    why: str


@dataclass(frozen=True)
class Plan:
    """The parts, the first of which are the weights; and what one token's keys and values take, in bytes."""

    parameters: int
    kv_per_token: int
    weights: int
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """The bytes of all parts."""
        return sum(part.bytes for part in self.parts)


@dataclass(frozen=True)
class Room:
    """Memory that a plan may fill: what it is, and how many bytes are free (0: that cannot be told)."""

    name: str
    free: int
    gpu: bool = False


def plan(shape: Shape, load: Load) -> Plan:
    """Return what `load` takes on a model of transformers; raises UsageError for a context that it cannot read."""
    _check_context(shape, load.context)
    width = 4 if load.quantisation == "fp32" or not (load.gpu or shape.half or load.quantisation in _HALVES) else 2
    own = Sampling().max_tokens
    linear = shape.layers * sum(_matrix_bytes(i, o, load.quantisation) for i, o in shape.matrices)
    rest = shape.unquantised * width
    ranks = shape.layers * load.adapter_rank * sum(i + o for i, o in shape.matrices)
    trunk = shape.kv_bytes(load.context, width)
    # while one more prefix is read, all that the budget holds are still there
    others = min((load.agents - 1) * trunk, max(load.budget, trunk))
    said = load.candidates * shape.kv_bytes(own, width)
    joined = load.candidates * trunk // shape.layers
    sets = load.candidates * (own + 4) * shape.vocabulary * 4  # those of each step are kept; a draw sorts copies
    dense = max(i * o for i, o in shape.matrices) * width
    per_token = shape.kv_bytes(1, width)
    parts = (
        Part("linear layers", linear, f"{shape.layers} layers, {_SPELT.get(load.quantisation, load.quantisation)}"),
        Part("embeddings, head, norms", rest, f"{8 * width} bits, never quantised"),
        Part("adapters", 4 * load.agents * ranks, f"{load.agents} of rank {load.adapter_rank}, kept in 32 bits by PEFT"),
        Part("keys and values, prompt", trunk, f"{load.context} tokens of {per_token:,} bytes{_sliding(shape, load, width)}"),
        Part("keys and values, other agents", others, f"prefixes of {load.agents - 1} more agents, as far as they are kept"),
        Part("keys and values, candidates", said + joined, f"{load.candidates} of {own} tokens; one layer is joined with the prompt's"),
        Part("logits", sets, f"{load.candidates} candidates of {own} steps, 32 bits"),
        Part("activations", _activations(shape, load.context, width) + dense, "the prompt read at once, one matrix unpacked"),
        Part("CUDA", _CUDA, "context and kernels; a figure of others, not measured here") if load.gpu
        else Part("Python and torch", _TORCH, "measured after the imports"),
    )  # fmt: skip
    return Plan(shape.parameters, per_token, linear + rest, parts)


def plan_file(shape: Shape, context: int, adapter: int) -> Plan:
    """Return what a GGUF file takes in llama.cpp: `context` cells that all agents and candidates share, an adapter of so many bytes."""
    _check_context(shape, context)
    per_token = shape.kv_bytes(1, 2)
    parts = (
        Part("weights", shape.stored, "as they stand in the file"),
        Part("adapter", adapter, "as it stands in its file"),
        Part("keys and values", context * per_token, f"{context} cells of {per_token:,} bytes, for all agents and candidates"),
        Part("buffers", _activations(shape, _BATCH, 4), f"{_BATCH} tokens are read at once"),
        Part("Python and llama.cpp", _LLAMA + _TOKEN * shape.vocabulary, "measured after a call, less the rest"),
    )  # fmt: skip
    return Plan(shape.parameters, per_token, shape.stored, parts)


def on_gpu(shape: Shape, load: Load, free: int) -> Load:
    """Return `load` on a GPU with `free` bytes: half of what the weights leave holds prefixes, as `model.huggingface` does."""
    return replace(load, gpu=True, budget=max(0, free - _CUDA - plan(shape, load).weights) // 2)


def this_machine(*, gpu: bool) -> Room:
    """Return the free memory of all GPUs together where `gpu` is wanted and torch finds some, else the free RAM."""
    if gpu and (cards := _cards()):
        return Room(" + ".join(name for name, _ in cards), sum(free for _, free in cards), gpu=True)
    return Room("RAM", _free_ram())


def cheaper(shape: Shape, load: Load, room: Room) -> tuple[Load, Plan] | None:
    """Return the nearest load that fits `room`: four bits, then shared prefixes, shorter prompts, fewer candidates; None if none does."""
    steps: tuple[dict[str, Any], ...] = (
        {"quantisation": "nf4"},
        {"agents": 1},
        {"context": min(load.context, 1024)},
        {"candidates": 1},
        {"context": min(load.context, 512)},
    )
    for step in steps:
        load = replace(load, **step)
        load = on_gpu(shape, load, room.free) if room.gpu else load
        found = plan(shape, load)
        if found.total <= room.free:
            return load, found
    return None


def _matrix_bytes(inputs: int, outputs: int, quantisation: Quantisation) -> int:
    """Return the bytes of a linear layer as bitsandbytes packs it, or as it is."""
    count = inputs * outputs
    scales = -(-count // _BLOCK)
    match quantisation:
        case "nf4":
            return -(-count // 2) + scales + 4 * -(-scales // _NESTED) + _TABLE
        case "nf4-single":
            return -(-count // 2) + 4 * scales + _TABLE
        case "8bit":
            return count + 4 * outputs
        case "bf16" | "fp16":
            return 2 * count
        case "fp32":
            return 4 * count


def _activations(shape: Shape, tokens: int, width: int) -> int:
    """Return the peak of what reading `tokens` at once holds: the residual and its norms, and an MLP's three products."""
    return tokens * (3 * shape.inner + 4 * shape.hidden + 2 * shape.head) * width


def _sliding(shape: Shape, load: Load, width: int) -> str:
    if not shape.windowed:
        return ""
    bounded = shape.kv_bytes(load.context, width, bounded=True) / GIB
    return f"; whole in the {shape.windowed} sliding layers too, to be cut anywhere ({bounded:.2f} GiB else)"


def _check_context(shape: Shape, context: int) -> None:
    if shape.longest and context > shape.longest:
        raise UsageError(f"--context {context}: the model reads {shape.longest} tokens at most; give no more")


def _cards() -> list[tuple[str, int]]:
    """Return name and free bytes of each GPU that torch finds; none without torch."""
    try:
        import torch
    except ImportError:
        return []
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [(str(torch.cuda.get_device_name(n)), int(torch.cuda.mem_get_info(n)[0])) for n in range(count)]


def _free_ram() -> int:
    """Return the free bytes of RAM, 0 where the system does not tell."""
    info = Path("/proc/meminfo")
    if info.is_file():
        return next(
            int(row.split()[1]) << 10 for row in info.read_text().splitlines() if row.startswith("MemAvailable")
        )
    known = getattr(os, "sysconf_names", {})
    pages = next((name for name in ("SC_AVPHYS_PAGES", "SC_PHYS_PAGES") if name in known), None)
    return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE") if pages else 0
