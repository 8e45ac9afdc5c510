"""Supervised fine-tuning of a LoRA by TRL: loss on what is spoken only, NEFTune noise, checkpoints to go on from.

A row holds a whole scene and, in asides, each line as its speaker says it in play (`training.asides`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.huggingface import pieces_ids
from model.repository import ADAPTER_WEIGHTS, adapter_config
from model.weights import sha256_of
from training.asides import PADDING, TRUNK, attention, positions
from training.base import load_tokenizer
from training.recipe import SftRecipe
from training.rows import Piece, Row, read_rows
from training.runs import (
    Report,
    adapter_to_go_on_from,
    base_folder,
    finish,
    fitted,
    frozen_base,
    half,
    keep_memory,
    part,
    quiet,
    run,
    settings,
)
from transcript.errors import UsageError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerFast

_LOST = -100  # target of a position without loss, as in torch
_MEASURED = 3  # every third held-out row is measured before and after


@dataclass(frozen=True)
class Example:
    """A row as ids; `mask[i]` is 1 where id i carries loss, `branches[i]` says in which aside it stands (0: in none).

    `characters` is the length of the text that carries loss.
    """

    ids: tuple[int, ...]
    mask: tuple[int, ...]
    branches: tuple[int, ...]
    characters: int

    def inputs(self) -> dict[str, list[int]]:
        """Return ids, targets, branches and positions, as `batch` takes them."""
        labels = [token if loss else _LOST for token, loss in zip(self.ids, self.mask, strict=True)]
        return {
            "input_ids": list(self.ids),
            "labels": labels,
            "branches": list(self.branches),
            "position_ids": positions(self.branches),
        }


def encoded(row: Row, tokenizer: PreTrainedTokenizerFast, limit: int) -> list[Example]:
    """Encode a row piece by piece, as a prompt ends where a loss begins, in examples of at most `limit` ids.

    Where an aside has no room any more the next example begins: the history so far, without loss, and the asides that are left.
    A history that is too long by itself ends the row.
    """
    pieces = [(pieces_ids(tokenizer, piece.text), piece, len(piece.text)) for piece in row.pieces]
    if row.ends:
        pieces.append(([tokenizer.eos_token_id], Piece("", loss=True), 0))
    found, trunk = [], [tokenizer.bos_token_id]
    open_ = _Open(trunk)
    for aside, group in groupby(pieces, key=lambda entry: entry[1].aside):
        for unit in [list(group)] if aside else [[entry] for entry in group]:
            length = sum(len(ids) for ids, _, _ in unit)
            if len(open_.ids) + length > limit and any(open_.mask):
                found.append(open_.example())
                open_ = _Open(trunk)
            if len(open_.ids) + length > limit:
                if not aside:
                    return [*found, open_.example()] if any(open_.mask) else found
                continue
            open_.asides += aside
            for ids, piece, characters in unit:
                open_.ids += ids
                open_.mask += [int(piece.loss)] * len(ids)
                open_.branches += [open_.asides if aside else TRUNK] * len(ids)
                open_.characters += characters if piece.loss else 0
                if not aside:
                    trunk = [*trunk, *ids]
    return [*found, open_.example()] if any(open_.mask) else found


class _Open:
    """An example that is being filled, from the history `trunk`."""

    def __init__(self, trunk: Sequence[int]) -> None:
        self.ids, self.mask, self.branches = list(trunk), [0] * len(trunk), [TRUNK] * len(trunk)
        self.asides = self.characters = 0

    def example(self) -> Example:
        return Example(tuple(self.ids), tuple(self.mask), tuple(self.branches), self.characters)


def batch(rows: Sequence[Mapping[str, Sequence[int]]]) -> dict[str, torch.Tensor]:
    """Return rows as tensors of (rows, ids), the shorter ones padded at the end."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)
    fill = {"input_ids": 0, "labels": _LOST, "branches": PADDING, "position_ids": 0}
    return {
        key: torch.tensor([[*row[key], *[value] * (longest - len(row[key]))] for row in rows])
        for key, value in fill.items()
    }


def noise(model: Any) -> float:
    """Return the mean change of a token's embedding in training, as a share of its length: 0.0 without NEFTune's hook."""
    import torch

    embedding, was = model.get_input_embeddings(), model.training
    ids = torch.arange(4, 36, device=embedding.weight.device).unsqueeze(0) % embedding.weight.shape[0]
    with torch.no_grad():
        calm = embedding.eval()(ids)
        moved = embedding.train()(ids)
    embedding.train(was)
    return float(((moved - calm).norm(dim=-1) / calm.norm(dim=-1).clamp(min=1e-9)).mean())


def train(
    recipe: SftRecipe, data: Path, out: Path, base: Path, report: Report | None = None, adapter: Path | None = None
) -> dict[str, Any]:
    """Train a LoRA on the rows of folder `data` (`daebon train dataset`); return what `OUT/report.json` then holds.

    Goes on from the newest checkpoint of `out`; begins with `adapter` (`runs.adapter_to_go_on_from`) where one is given. `base`
    keeps the embedded base, converted. Raises UsageError when the rows, the recipe and the adapter do not fit, ModelError for
    a base or an adapter that cannot be loaded.
    """
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    quiet()
    keep_memory()
    folder = base_folder(recipe, base)
    tokenizer = load_tokenizer(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    rows = read_rows(data / "rows.jsonl")
    trained, tested = (_examples(rows, split, tokenizer, recipe.max_length) for split in ("train", "test"))
    if not trained:
        raise UsageError(f"{data}: no row has a spoken line within {recipe.max_length} tokens; raise max_length")
    torch.manual_seed(recipe.seed)
    start = adapter_to_go_on_from(adapter, folder, out) if adapter else None
    model = fitted(_with_lora(recipe, folder, start), recipe)

    class Trainer(SFTTrainer):  # type: ignore[misc]
        """Computes logits only where the loss needs them: a third of the places, and the vocabulary is the cost."""

        seen = 0

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            if model.training:
                self.seen += int((inputs["branches"] != PADDING).sum())
            summed, count = spoken_loss(model, inputs)
            loss = summed / (num_items_in_batch if num_items_in_batch is not None else count)
            if num_items_in_batch is not None and self.args.average_tokens_across_devices:
                loss = (
                    loss * self.accelerator.num_processes
                )  # the gradients are averaged over processes, the count is of all
            return (loss, {}) if return_outputs else loss

    class Hook(TrainerCallback):  # type: ignore[misc]
        """Looks at the embeddings once training runs: the noise is there or it is not."""

        share = 0.0

        def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
            self.share = self.share or noise(model)

    config = SFTConfig(
        **settings(recipe, out),
        neftune_noise_alpha=recipe.neftune or None,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
    )
    dataset = Dataset.from_list([row.inputs() for row in trained])
    hook = Hook()
    trainer = Trainer(
        model, config, data_collator=batch, train_dataset=dataset, processing_class=tokenizer, callbacks=[hook]
    )
    measured = tested[::_MEASURED]
    whole = not trainer.is_fsdp_enabled  # before training its parts are not yet where they can be run
    before = measure(trainer.model, measured if whole else [], half(recipe))
    done = run(trainer, out, report)
    after = measure(trainer.model, measured, half(recipe))
    if done["steps"] > done["resumed_at"] and bool(hook.share) != bool(recipe.neftune):
        raise UsageError(f"neftune is {recipe.neftune}, but the embeddings moved by {hook.share:.4f} in training")
    if not part(trainer):
        return {}
    return finish(
        out,
        {
            "recipe": asdict(recipe),
            **({"went_on_from": sha256_of(start / ADAPTER_WEIGHTS)} if start else {}),
            "examples": len(trained),
            "row_tokens": sum(len(row.ids) for row in trained),
            "loss_tokens": sum(sum(row.mask) for row in trained),
            "neftune_noise": round(hook.share, 4),
            "measured_rows": len(measured),
            "held_out_nats_per_token": _before_after(before, after, 0),
            "held_out_bits_per_character": _before_after(before, after, 1),
            **done,
        },
    )


def _with_lora(recipe: SftRecipe, folder: str, start: Path | None) -> Any:
    """Return the frozen base with a new LoRA, or with the one of folder `start`, whose rank and alpha must be the recipe's."""
    from peft import LoraConfig, PeftModel, get_peft_model

    if not start:
        lora = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        return get_peft_model(frozen_base(recipe, folder), lora)
    config = adapter_config(start)
    found, wanted = (config["r"], config["lora_alpha"]), (recipe.rank, recipe.alpha)
    if found != wanted:
        raise UsageError(
            f"the adapter has rank {found[0]} and alpha {found[1]}, the recipe asks for {wanted[0]} and {wanted[1]}; "
            "write the adapter's into the recipe"
        )
    return PeftModel.from_pretrained(frozen_base(recipe, folder), start, is_trainable=True)


def spoken_loss(model: Any, inputs: Any) -> tuple[torch.Tensor, int]:
    """Return the summed cross-entropy in nats of a batch, and at how many places it was taken."""
    return losses(model, inputs).sum(), int((inputs["labels"][:, 1:] != _LOST).sum())


def losses(model: Any, inputs: Any) -> torch.Tensor:
    """Return the cross-entropy in nats as (rows, places), the places being those at which a row has a target; 0 where others have."""
    import torch
    from torch.nn.functional import cross_entropy

    labels = inputs["labels"][:, 1:]
    places = (labels != _LOST).any(0).nonzero()[:, 0]
    device, config = inputs["input_ids"].device.type, getattr(model, "module", model).config  # one of several processes
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else _dtype(model)
    logits = model(
        input_ids=inputs["input_ids"],
        attention_mask=attention(inputs["branches"], inputs["position_ids"], config, dtype),
        position_ids=inputs["position_ids"],
        logits_to_keep=places,
        use_cache=False,
    ).logits
    wanted = labels[:, places]
    found: torch.Tensor = cross_entropy(
        logits.float().flatten(0, 1), wanted.flatten(), ignore_index=_LOST, reduction="none"
    )
    return found.view_as(wanted)


def _dtype(model: Any) -> torch.dtype:
    dtype: torch.dtype = getattr(model, "module", model).get_input_embeddings().weight.dtype
    return dtype


def tensors(example: Example, device: torch.device) -> dict[str, torch.Tensor]:
    """Return one example as a batch on a device."""
    return {key: value.to(device) for key, value in batch([example.inputs()]).items()}


def measure(model: Any, rows: Sequence[Example], bf16: bool) -> tuple[float, float]:
    """Return nats per token and bits per character over the spoken text of `rows`; (nan, nan) without any."""
    import torch

    was = model.training
    model.eval()
    summed, tokens = 0.0, 0
    device = next(model.parameters()).device
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        for row in rows:
            loss, count = spoken_loss(model, tensors(row, device))
            summed, tokens = summed + loss.item(), tokens + count
    model.train(was)
    if not tokens:
        return math.nan, math.nan
    return summed / tokens, summed / math.log(2) / sum(row.characters for row in rows)


def _examples(rows: Iterable[Row], split: str, tokenizer: PreTrainedTokenizerFast, limit: int) -> list[Example]:
    return [example for row in rows if row.split == split for example in encoded(row, tokenizer, limit)]


def _before_after(before: tuple[float, float], after: tuple[float, float], which: int) -> dict[str, float | None]:
    found = (before[which], after[which])
    return dict(zip(("before", "after"), (None if math.isnan(x) else round(x, 4) for x in found), strict=True))
