"""Prefix cache for transformers: keys and values of prompts that were read, so that the next prompt is read from where it parts.

All agents of a take share [world, history], which only grows, and differ in a short tail. A trunk holds the keys and values
of one prompt; a new prompt takes the trunk with which it shares most ids, cuts off what differs, and reads the rest. Where more
would be cut off than a tail (another branch, an edit far back, another person's history) the shared part is copied instead, and both
are kept within a budget of memory. What is shared is found by comparing ids, never by length. A trunk belongs to one adapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TAIL = 256  # ids that may be cut off a trunk without keeping them: one agent's tail and a line
BUDGET = 2_000_000_000  # bytes of keys and values that are kept


@dataclass
class _Trunk:
    ids: list[int]
    cache: Any
    adapter: str
    used: int


class PrefixCache:
    """The trunks of one model; `model` is called to read what is new, a batch of one."""

    def __init__(self, model: Any, budget: int = BUDGET) -> None:
        """Start without trunks; `budget` is in bytes and always leaves room for one."""
        self._model, self._budget = model, budget
        self._trunks: list[_Trunk] = []
        self._clock = 0

    def read(self, ids: Sequence[int], adapter: str = "") -> tuple[Any, int]:
        """Return a cache that holds all `ids` but the last, and how many ids had to be read for it.

        The cache stays the trunk's: take an `expanded` copy before generating. Raises ValueError for no ids.
        """
        import torch

        if not ids:
            raise ValueError("a prompt without ids cannot be read")
        wanted = list(ids[:-1])
        trunk = self._nearest(wanted, adapter)
        new = wanted[len(trunk.ids) :]
        if new:
            with torch.no_grad():
                self._model(
                    input_ids=torch.tensor([new], device=self._model.device),
                    past_key_values=trunk.cache,
                    use_cache=True,
                    logits_to_keep=1,
                )
            trunk.ids += new
        self._clock += 1
        trunk.used = self._clock
        self._evict(trunk)
        return trunk.cache, len(new) + 1

    def bytes(self) -> int:
        """Return the bytes of all keys and values that are held."""
        return sum(_bytes(trunk.cache) for trunk in self._trunks)

    def _nearest(self, wanted: list[int], adapter: str) -> _Trunk:
        """Return a trunk that holds a beginning of `wanted` and nothing else: the longest that can be had."""
        from transformers import DynamicCache

        mine = [trunk for trunk in self._trunks if trunk.adapter == adapter]
        best = max(mine, key=lambda trunk: (common(trunk.ids, wanted), trunk.used), default=None)
        shared = common(best.ids, wanted) if best else 0
        if best and len(best.ids) - shared <= TAIL and shared:
            best.cache.crop(shared - len(best.ids))
            del best.ids[shared:]
            return best
        made = _Trunk(wanted[:shared], _copied(best.cache, shared) if best and shared else DynamicCache(), adapter, 0)
        self._trunks.append(made)
        return made

    def _evict(self, newest: _Trunk) -> None:
        """Let go of trunks that were not used for longest, until the rest is within the budget."""
        for trunk in sorted(self._trunks, key=lambda trunk: trunk.used):
            if trunk is not newest and self.bytes() > self._budget:
                self._trunks.remove(trunk)


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many ids two prompts share from their beginning."""
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def expanded(cache: Any, times: int) -> Any:
    """Return a copy of a cache of one prompt for `times` continuations of it in one batch."""
    return _copied(cache, None, times)


def _copied(cache: Any, length: int | None, times: int = 1) -> Any:
    """Return a copy of the first `length` places (None: all). All layers are kept whole, sliding windows too, so that they can be cut."""
    from transformers import DynamicCache

    made = DynamicCache()
    for number, layer in enumerate(cache.layers):
        if layer.is_initialized:
            keys, values = (
                part[..., :length, :].repeat_interleave(times, dim=0).contiguous()
                for part in (layer.keys, layer.values)
            )
            made.update(keys, values, number)
    return made


def _bytes(cache: Any) -> int:
    return sum(
        part.numel() * part.element_size()
        for layer in cache.layers
        if layer.is_initialized
        for part in (layer.keys, layer.values)
    )
