"""Prefix cache for transformers: keys and values of prompts that were read, so that the next prompt is read from where it parts.

All agents of a take share [world, history], which only grows, and differ in a short tail. A trunk holds the keys and values
of one prompt; a new prompt takes the trunk with which it shares most ids, cuts off what differs, and reads the rest. Where more
would be cut off than a tail (another branch, an edit far back, another person's history) the shared part is copied instead, and both
are kept within a budget of memory. What is shared is found by comparing ids, never by length. A trunk belongs to one adapter.

Every layer keeps all places, those of sliding windows too: transformers masks by the window, and a layer that drops what left
its window could not be cut. A model with another kind of memory than keys and values is refused (`check_keys_and_values`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from transcript.errors import ModelError

TAIL = 256  # ids that may be cut off a trunk without keeping them: one agent's tail and a line
BUDGET = 2_000_000_000  # bytes of keys and values that are kept
_ATTENTION = {"full_attention", "sliding_attention"}


@dataclass
class _Trunk:
    ids: list[int]
    cache: Any
    adapter: str
    used: int


@dataclass
class _Habit:
    """In which steps an adapter was used: the first, the last, how many; a step lasts until another adapter is used."""

    first: int
    last: int
    times: int = 1

    def wait(self, now: int) -> float:
        """Return the steps until it is probably used again, from its mean interval; infinite when that is not known."""
        if self.times < 2:
            return inf
        interval, idle = (self.last - self.first) / (self.times - 1), now - self.last
        return max(0.0, interval - idle) if idle <= 2 * interval else inf


class PrefixCache:
    """The trunks of one model; `model` is called to read what is new, a batch of one."""

    def __init__(self, model: Any, budget: int = BUDGET) -> None:
        """Start without trunks; `budget` is in bytes and always leaves room for one."""
        self._model, self._budget = model, budget
        self._trunks: list[_Trunk] = []
        self._habits: dict[str, _Habit] = {}
        self._clock, self._step, self._last = 0, 0, ""

    def read(self, ids: Sequence[int], adapter: str = "") -> tuple[Any, int]:
        """Return a cache that holds all `ids` but the last, and how many ids had to be read for it.

        The cache stays the trunk's: generate with a `fan.fanned` one. The model must have `adapter` switched on. Raises
        ValueError for no ids.
        """
        import torch

        if not ids:
            raise ValueError("a prompt without ids cannot be read")
        wanted = list(ids[:-1])
        trunk = self._nearest(wanted, adapter)
        new = wanted[len(trunk.ids) :]
        if new:
            try:
                with torch.no_grad():
                    self._model(
                        input_ids=torch.tensor([new], device=self._model.device),
                        past_key_values=trunk.cache,
                        use_cache=True,
                        logits_to_keep=1,
                    )
            except BaseException:
                self._trunks.remove(trunk)  # some of its layers are longer than its ids now
                raise
            trunk.ids += new
        self._used(trunk)
        self._evict(trunk)
        return trunk.cache, len(new) + 1

    def bytes(self) -> int:
        """Return the bytes of all keys and values that are held."""
        return sum(_bytes(trunk.cache) for trunk in self._trunks)

    def forget(self, adapter: str | None = None) -> None:
        """Let go of the trunks of an adapter, or of all."""
        self._trunks = [trunk for trunk in self._trunks if adapter not in (None, trunk.adapter)]

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

    def _used(self, trunk: _Trunk) -> None:
        self._clock += 1
        trunk.used = self._clock
        if trunk.adapter == self._last and self._habits:
            return
        self._step, self._last = self._step + 1, trunk.adapter
        habit = self._habits.setdefault(trunk.adapter, _Habit(self._step, self._step, 0))
        habit.last, habit.times = self._step, habit.times + 1

    def _evict(self, newest: _Trunk) -> None:
        """Let go of trunks until the rest is within the budget: first those whose next use lies furthest.

        The agents speak in turn, so the one who spoke last but one is often the next but last: the least recently used
        trunk would be the wrong one. Next uses are foreseen for the newest trunk of each adapter; the others (branches
        that were left) go before, the least recently used first.
        """

        def wait(trunk: _Trunk) -> tuple[float, int]:
            current = all(one.used <= trunk.used for one in self._trunks if one.adapter == trunk.adapter)
            return self._habits[trunk.adapter].wait(self._step) if current else inf, -trunk.used

        for trunk in sorted(self._trunks, key=wait, reverse=True):
            if trunk is not newest and self.bytes() > self._budget:
                self._trunks.remove(trunk)


def check_keys_and_values(model: Any, name: str) -> None:
    """Raise ModelError when `model` remembers a prompt by more than keys and values, which cannot be cut at a place."""
    kinds = set(getattr(model.config.get_text_config(), "layer_types", None) or ()) - _ATTENTION
    if model._is_stateful or kinds:
        kind = ", ".join(sorted(kinds)) or "recurrent"
        raise ModelError(
            f"{name}: has {kind} layers, whose state cannot be cut back to where two prompts part, so agents could not "
            "share it; take a model whose layers are full or sliding attention"
        )


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many ids two prompts share from their beginning."""
    return next(
        (n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )


def _copied(cache: Any, length: int) -> Any:
    """Return a copy of the first `length` places."""
    from transformers import DynamicCache

    made = DynamicCache()
    for number, layer in enumerate(cache.layers):
        if layer.is_initialized:
            made.update(*(part[..., :length, :].clone() for part in (layer.keys, layer.values)), number)
    return made


def _bytes(cache: Any) -> int:
    return sum(
        part.numel() * part.element_size()
        for layer in cache.layers
        if layer.is_initialized
        for part in (layer.keys, layer.values)
    )
