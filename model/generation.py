"""What `generate` of transformers is given: a cache in which candidates share their prompt, and an ear that stops each at its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import StoppingCriteria
from transformers.cache_utils import Cache, DynamicLayer

from model.base import OnToken

_BEFORE = 8  # ids of the prompt that a candidate's first syllable and space are decoded with
_UNFINISHED = "\ufffd"  # what a part of a syllable is decoded to


class _FannedLayer(DynamicLayer):  # type: ignore[misc]
    """The keys and values of the prompt, which are another cache's and never written, and behind them each candidate's own.

    Attention sees both in one; they are joined layer by layer for as long as it looks. At 2,048 tokens of LDCC four
    candidates hold 1.7 GB in this way, and would hold 6.7 GB as copies (819,200 bytes a token).
    """

    def __init__(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        super().__init__()
        self._shared = keys, values

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        """Append to the candidates' own; return both in one."""
        own = super().update(key_states, value_states)
        return tuple(
            torch.cat([shared.expand(mine.shape[0], -1, -1, -1), mine], dim=-2)
            for shared, mine in zip(self._shared, own, strict=True)
        )

    def get_seq_length(self) -> int:
        """Return how many places are held for each candidate."""
        return int(self._shared[0].shape[-2]) + int(super().get_seq_length())


def fanned(cache: Any) -> Any:
    """Return a cache for any number of continuations of the prompt that `cache`, a batch of one, holds; it stays as it is."""
    layers = (_FannedLayer(one.keys, one.values) if one.is_initialized else DynamicLayer() for one in cache.layers)
    return Cache(layers=list(layers)) if cache.layers else Cache(layer_class_to_replicate=DynamicLayer)


class Said:
    """What one candidate has said: its text without the stop, where in it each id begins, and whether it ended by itself."""

    def __init__(self, tokenizer: Any, heard: Sequence[int]) -> None:
        """Begin behind the prompt `heard`."""
        self.text, self.ended = "", False
        self.places: list[int] = []
        self._tokenizer = tokenizer
        self._ids = list(heard[-_BEFORE:])
        self._start, self._read = 0, len(self._ids)

    def hear(self, token: int, ends: Sequence[int], stop: Sequence[str]) -> str:
        """Take one id; return the text that it completes, "" in the middle of a syllable.

        Only the last few ids are decoded, together with those before them: a sentencepiece decoder drops the space at
        the start of whatever it is given.
        """
        self.places.append(len(self.text))
        if token in ends:
            self.ended = True
            return ""
        self._ids.append(token)
        before, now = (
            self._tokenizer.decode(self._ids[self._start : end], skip_special_tokens=True)
            for end in (self._read, len(self._ids))
        )
        if now.endswith(_UNFINISHED) or len(now) <= len(before):
            return ""
        self._start, self._read = self._read, len(self._ids)
        piece: str = now[len(before) :]
        since = max(0, len(self.text) - max(map(len, stop), default=0))
        self.text += piece
        places = [place for place in (self.text.find(mark, since) for mark in stop) if place >= 0]
        if places:
            self.text, self.ended = self.text[: min(places)], True
        return piece


class Listener(StoppingCriteria):  # type: ignore[misc]
    """Hears every new id of every candidate and stops each at an id of `ends` or after a text of `stop`."""

    def __init__(
        self,
        tokenizer: Any,
        heard: Sequence[int],
        n: int,
        *,
        ends: Sequence[int],
        stop: Sequence[str],
        on_token: OnToken | None,
    ) -> None:
        """Begin `n` candidates behind the prompt `heard`."""
        self.said = [Said(tokenizer, heard) for _ in range(n)]
        self._ends, self._stop, self._on_token = ends, stop, on_token

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        """Return which candidates have ended."""
        for said, token in zip(self.said, input_ids[:, -1].tolist(), strict=True):
            if not said.ended:
                piece = said.hear(token, self._ends, self._stop)
                if self._on_token:
                    self._on_token(piece)
        return torch.tensor([said.ended for said in self.said], device=input_ids.device)
