"""Ways to lose less to four bits, and what each costs: `python -m benchmarks.four_bits`.

The embedded weights with the drama adapter. Each way rounds the weights of the linear layers as bitsandbytes does and puts what comes out
back as whole weights, so that all run alike: products in bf16, as on a GPU, the adapter beside. What is told is the log-likelihood
of the lines of `benchmarks.likelihood` against that of the weights as they are, and the memory of linear layers and corrections
together, of this model and of LDCC (16 bits for what is kept whole, 32 bits for corrections, as PEFT has them).
`benchmarks.likelihood` measures the way that the loader takes with the loader itself.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.likelihood import Ids, ids_of, unseen
from benchmarks.machine import header
from model.huggingface import HuggingFaceModel
from model.plan import GIB
from model.shape import Shape
from model.weights import drama_adapter, embedded_weights
from training.adapter import merge, write_peft
from training.base import converted, load_base, load_tokenizer
from training.four_bits import LINES, correction, inputs

_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")  # as Shape.matrices


@dataclass(frozen=True)
class Way:
    """How linear layers are held: which stay whole (parts of their names), how the rest is rounded, what is given back."""

    name: str
    whole: tuple[str, ...] = ()
    ends: bool = False  # the first and the last layer stay whole
    block: int = 64
    double: bool = True
    rank: int = 0
    weighted: bool = False

    def keeps(self, weight: str, layers: int) -> bool:
        """Say whether a weight stays whole."""
        ends = self.ends and any(f".layers.{at}." in weight for at in (0, layers - 1))
        return ends or any(part in weight for part in self.whole)

    def bytes(self, shape: Shape) -> int:
        """Return the bytes of all linear layers and corrections of a model."""
        scale = 1 + 4 / 256 if self.double else 4
        total = 0.0
        for layer in range(shape.layers):
            for part, (given, made) in zip(_PROJECTIONS, shape.matrices, strict=True):
                kept = self.keeps(f".layers.{layer}.{part}", shape.layers)
                total += given * made * (2 if kept else 0.5 + scale / self.block)
                total += 0 if kept else 4 * self.rank * (given + made)
        return round(total)


WAYS = (
    Way("NF4 with double quantisation, as it plays"),
    Way("without double quantisation", double=False),
    Way("blocks of 32, without double quantisation", block=32, double=False),
    Way("first and last layer whole", ends=True),
    Way("attention whole", whole=_PROJECTIONS[:4]),
    Way("down_proj whole", whole=("down_proj",)),
    Way("16 more ranks, of the error itself", rank=16),
    Way("8 more ranks, weighted by what is heard", rank=8, weighted=True),
    Way("16 more ranks, weighted (`train adapter --four-bits`)", rank=16, weighted=True),
    Way("32 more ranks, weighted", rank=32, weighted=True),
)


def held(way: Way, name: str, weight: Any, heard: Any, layers: int) -> Any:
    """Return a weight of the base as `way` holds it; `heard` are mean squares of its inputs."""
    import torch
    from bitsandbytes import functional

    if way.keeps(name, layers):
        return weight
    packed, state = functional.quantize_4bit(
        weight, quant_type="nf4", blocksize=way.block, compress_statistics=way.double
    )
    found = functional.dequantize_4bit(packed, state)
    if way.rank:
        down, up = correction(weight, heard if way.weighted else torch.ones_like(heard), way.rank)
        found = found + up @ down
    return found


def likelihood(model: Any, ids: Sequence[tuple[Ids, Ids]]) -> float:
    """Return the log-probability of all lines, in nats."""
    import torch

    total = 0.0
    for heard, line in ids:
        with torch.no_grad():
            logits = model(torch.tensor([heard + line]), logits_to_keep=len(line) + 1).logits[0, :-1]
        logs = torch.log_softmax(logits.float(), -1)
        total += float(logs[torch.arange(len(line)), torch.tensor(line)].double().sum())
    return total


def measured(folder: Path, ids: Callable[[Any], Sequence[tuple[Ids, Ids]]], ways: Sequence[Way]) -> Mapping[str, float]:
    """Return the log-probability of all lines by way, and of the weights as they are under ""."""
    import torch

    base = converted(embedded_weights(), folder / "base")
    loaded = HuggingFaceModel.load(str(write_peft(drama_adapter(), base, folder / "drama")))
    heard = inputs(loaded, LINES, seed=17)
    loaded.close()
    lines = ids(load_tokenizer(base))
    model = load_base(base)
    before = {f"{name}.weight": model.get_parameter(f"{name}.weight").clone() for name in heard}
    whole = merge(model, drama_adapter())
    added = {name: whole.get_parameter(name) - weight for name, weight in before.items()}
    model = whole.to(torch.bfloat16)
    found = {"": likelihood(model, lines)}
    for way in ways:
        sys.stderr.write(f"{way.name}\n")
        with torch.no_grad():
            for name, weight in before.items():
                values = held(way, name, weight, heard[name.removesuffix(".weight")], len(model.model.layers))
                model.get_parameter(name).copy_(values + added[name])
        found[way.name] = likelihood(model, lines)
    return found


def main() -> None:
    """Measure every way and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.four_bits", description=__doc__)
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--seed", type=int, default=17)
    arguments = parser.parse_args()
    pairs = unseen(arguments.lines, arguments.seed)
    with tempfile.TemporaryDirectory() as temporary:
        found = measured(Path(temporary), lambda tokenizer: ids_of(tokenizer, pairs), WAYS)
        small = Shape.of_config(json.loads((Path(temporary) / "base" / "config.json").read_text("utf-8")), "base")
    ldcc = Shape.of_config(json.loads(Path("model/ldcc.json").read_text("utf-8")), "model/ldcc.json")
    sys.stdout.write(f"{header(' '.join(['python -m benchmarks.four_bits', *sys.argv[1:]]))}, {len(pairs)} lines\n\n")
    sys.stdout.write("| way | against whole weights | MB, this model | GiB, LDCC |\n| --- | --- | --- | --- |\n")
    for way in WAYS:
        loss = found[way.name] / found[""] - 1
        sys.stdout.write(f"| {way.name} | {loss:+.2%} | {way.bytes(small) / 1e6:.1f} | {way.bytes(ldcc) / GIB:.2f} |\n")


if __name__ == "__main__":
    main()
