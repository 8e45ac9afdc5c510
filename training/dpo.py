"""Direct preference optimisation of an adapter by TRL, on pairs of a line that is wanted and one that is not."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from model.weights import sha256_of
from training.base import load_tokenizer
from training.pairs import evenly, read_pairs
from training.recipe import DpoRecipe
from training.runs import (
    Report,
    adapter_to_go_on_from,
    base_folder,
    finish,
    fitted,
    frozen_base,
    keep_memory,
    part,
    quiet,
    run,
    settings,
)
from transcript.errors import UsageError


def train(
    recipe: DpoRecipe, data: Path, adapter: Path, out: Path, base: Path, report: Report | None = None
) -> dict[str, Any]:
    """Go on from an adapter (`runs.adapter_to_go_on_from`) on the pairs of folder `data`; return what `OUT/report.json` then holds.

    A pair whose prompt and longer line have more than `max_length` tokens is left out. Margin and accuracy of the implicit
    rewards are reported on held-out pairs. Raises UsageError when no pair fits, ModelError for an
    `adapter` that is none.
    """
    import torch
    from datasets import Dataset
    from peft import PeftModel
    from trl import DPOConfig, DPOTrainer

    quiet()
    keep_memory()
    folder = base_folder(recipe, base)
    tokenizer = load_tokenizer(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    start = adapter_to_go_on_from(adapter, folder, out)
    fitting = [
        pair
        for pair in read_pairs(data / "pairs.jsonl")
        if (not recipe.reasons or pair.reason in recipe.reasons)
        and max(len(tokenizer.encode(pair.prompt + line)) for line in (pair.chosen, pair.rejected)) <= recipe.max_length
    ]
    pairs = {
        split: [
            {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
            for pair in evenly([pair for pair in fitting if pair.split == split], most, recipe.reasons)
        ]
        for split, most in (("train", recipe.pairs), ("test", max(1, recipe.pairs // 6)))
    }
    there = {pair.reason for pair in fitting}
    missing = [reason for reason in dict.fromkeys(recipe.reasons) if reason not in there]
    if missing:
        raise UsageError(
            f"{data}: no pair for {', '.join(missing)} within {recipe.max_length} tokens; raise max_length, take it out of the "
            "recipe's reasons, or see --own and --graded of `train dataset`"
        )
    if not pairs["train"]:
        wanted = f" for {', '.join(recipe.reasons)}" if recipe.reasons else ""
        raise UsageError(f"{data}: no pair{wanted} within {recipe.max_length} tokens; change max_length or reasons")
    torch.manual_seed(recipe.seed)
    model = fitted(PeftModel.from_pretrained(frozen_base(recipe, folder), start, is_trainable=True), recipe)

    class Trainer(DPOTrainer):  # type: ignore[misc]
        """Counts the tokens that it sees."""

        seen = 0

        def compute_loss(self, model: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if model.training:
                self.seen += int(inputs["attention_mask"].sum())
            return super().compute_loss(model, inputs, *args, **kwargs)

    config = DPOConfig(
        **settings(recipe, out),
        beta=recipe.beta,
        loss_type=["sigmoid", "sft"] if recipe.sft else ["sigmoid"],
        loss_weights=[1.0, recipe.sft] if recipe.sft else None,
        per_device_eval_batch_size=1,
    )
    tested = Dataset.from_list(pairs["test"]) if pairs["test"] else None
    trainer = Trainer(
        model,
        args=config,
        train_dataset=Dataset.from_list(pairs["train"]),
        eval_dataset=tested,
        processing_class=tokenizer,
    )
    done = run(trainer, out, report)
    held = trainer.evaluate() if tested else {}
    if not part(trainer):
        return {}
    logs = [row for row in trainer.state.log_history if "rewards/margins" in row]
    tail = logs[-max(1, len(logs) // 4) :]
    return finish(
        out,
        {
            "recipe": asdict(recipe),
            "went_on_from": sha256_of(start / "adapter_model.safetensors"),
            "pairs": {split: len(rows) for split, rows in pairs.items()},
            "trained": {name: _mean(tail, f"rewards/{name}") for name in ("margins", "accuracies")},
            "held_out": {
                name: round(held[f"eval_rewards/{name}"], 4)
                for name in ("margins", "accuracies")
                if f"eval_rewards/{name}" in held
            },
            **done,
        },
    )


def _mean(rows: list[dict[str, Any]], key: str) -> float | None:
    return round(sum(float(row[key]) for row in rows) / len(rows), 4) if rows else None
