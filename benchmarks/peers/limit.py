"""How near decoding comes to what the memory can hand over: bytes of weights read a second against a plain read."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from model.base import Sampling, StageModel
from model.config import ModelConfig

ARRAY = 1 << 30  # bytes, of which no cache holds a tenth
_ROUNDS, _TOKENS, _DRAWS = 5, 64, 7


@dataclass(frozen=True)
class Decoding:
    """Decoding over a prompt that is read already: tokens a second, and bytes of weights that each of them reads.

    Candidates are decoded side by side, so each step reads the weights once and `bytes` is their part of it.
    """

    candidates: int
    rate: float
    bytes: float

    def share(self, bandwidth: float) -> float:
        """Return what it reads a second as a part of `bandwidth`, in bytes a second."""
        return self.rate * self.bytes / bandwidth


def bandwidth(size: int = ARRAY) -> float:
    """Return the bytes a second at which torch sums an fp32 array of `size` bytes, the best of five.

    As many threads as the model has. A sum only reads, as decoding does; a copy writes too and came out lower.
    """
    import torch

    torch.set_num_threads(ModelConfig.parse("embedded").threads)
    array = torch.ones(size // 4)
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        array.sum()
        best = min(best, time.perf_counter() - started)
    return size / best


def read_for_a_token(weights: Path, adapter: Path | None) -> int:
    """Return the bytes that one step reads: every tensor once (the embeddings are the head, too), and the adapter's."""
    from gguf import GGUFReader

    files = [weights, adapter] if adapter else [weights]
    return sum(int(tensor.n_bytes) for file in files for tensor in GGUFReader(file).tensors)


def decoding(model: StageModel, prompt: str, read: int, candidates: int, draws: int = _DRAWS) -> Decoding:
    """Measure the median rate over `draws`, the first left out, as one in which a candidate ended by itself."""
    rates = []
    for seed in range(draws + 1):
        said = model.propose(prompt, candidates, seed=seed, sampling=Sampling(max_tokens=_TOKENS))
        if seed and all(not one.ended for one in said.completions):
            rates.append(said.decoded / said.seconds)
    if not rates:
        raise SystemExit(
            f"no draw of {candidates} had {_TOKENS} tokens each: all ended by themselves; raise _DRAWS in {__file__}"
        )
    return Decoding(candidates, statistics.median(rates), read / candidates)
