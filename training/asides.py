"""Asides: stretches of a training row that nothing after them sees, as a tail and its line are thrown away in play.

In play a line is said after [world, history, tail] and then stands in the history without the tail. So a row holds the history
once, and beside it, for each line that teaches, an aside of its tail and the line: it sees the history before it and itself,
its positions go on from there, and whatever comes after goes on from the history. Loss and gradient are those of as many
separate prompts, for a fraction of the tokens (a tree of one trunk, as in tree attention: SpecInfer, arXiv:2305.09781).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

TRUNK, PADDING = 0, -1


def positions(branches: Sequence[int]) -> list[int]:
    """Return the position of each id by its branch: TRUNK, or the number of its aside, which goes on from the trunk."""
    found, trunk, aside, current = [], 0, 0, TRUNK
    for branch in branches:
        if branch == TRUNK:
            found.append(trunk)
            trunk += 1
        else:
            aside = aside + 1 if branch == current else 0
            found.append(trunk + aside)
        current = branch
    return found


def attention(branches: torch.Tensor, places: torch.Tensor, config: Any, dtype: torch.dtype) -> Any:
    """Return what a model of transformers takes as `attention_mask`: (batch, 1, ids, ids), 0 where it sees, else the least value.

    `branches` and `places` (positions) are (batch, ids). Models with a sliding window get one mask for each kind of layer.
    """
    import torch

    order = torch.arange(branches.shape[1], device=branches.device)
    seen = (order[:, None] >= order[None, :]) & (
        (branches[:, None, :] == TRUNK) | (branches[:, None, :] == branches[:, :, None])
    )
    least = torch.finfo(dtype).min

    def additive(allowed: torch.Tensor) -> torch.Tensor:
        return torch.zeros(allowed.shape, dtype=dtype, device=allowed.device).masked_fill(~allowed, least).unsqueeze(1)

    kinds = set(getattr(config, "layer_types", None) or ())
    if "sliding_attention" not in kinds:
        return additive(seen)
    near = places[:, :, None] - places[:, None, :] < config.sliding_window
    return {"full_attention": additive(seen), "sliding_attention": additive(seen & near)}
