"""Supervised fine-tuning of the embedded model on the CPU: `python -m training.sft --recipe FILE --data DIR --out DIR`.

A plain loop, one sequence at a time without padding: the loss needs logits at a third of the positions only, and the
product with the vocabulary is a large part of the cost. A run that was stopped goes on from its last checkpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from model.weights import embedded_weights
from training.base import Tokenizer, converted, load_base
from training.corpus import read_corpus
from training.dataset import Row, chatbot_rows, corpus_row, held_out, novel_rows
from transcript.errors import DaebonError, FileError

if TYPE_CHECKING:
    import torch

CORPUS = Path(__file__).parent / "corpus"
_LOST = -100  # target of a position without loss, as in torch
_MEASURED = 3  # every third held-out scene is measured before and after
_Positive = Annotated[int, Field(gt=0)]
_Tokens = Annotated[int, Field(ge=0)]
_Share = Annotated[float, Field(ge=0, lt=1)]


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Recipe:
    """Every number of a run; the keys of the YAML file are these fields."""

    seed: int
    corpus_epochs: _Positive
    novel_tokens: _Tokens
    chatbot_tokens: _Tokens
    max_length: _Positive
    rank: _Positive
    alpha: _Positive
    dropout: _Share
    learning_rate: Annotated[float, Field(gt=0)]
    warmup: _Share
    batch: _Positive
    weight_decay: Annotated[float, Field(ge=0)]
    neftune: Annotated[float, Field(ge=0)]
    precision: Literal["fp32", "bf16"]
    threads: _Positive
    checkpoint_steps: _Positive

    @staticmethod
    def load(path: Path) -> Recipe:
        """Read a recipe; raises FileError naming the key that is missing, unknown or out of range."""
        try:
            data = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
            return TypeAdapter(Recipe).validate_python(data)
        except (OSError, YAMLError) as error:
            raise FileError(path, f"is not YAML ({' '.join(str(error).split())}); correct the file") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(map(str, first["loc"]))
            raise FileError(path, f"{first['msg']}; see the class Recipe", key=key) from error


@dataclass(frozen=True)
class Example:
    """A row as ids: `targets[i]` is the id after place i where that carries loss, else -100; `characters` have it."""

    source: str
    ids: tuple[int, ...]
    targets: tuple[int, ...]
    characters: int


def encoded(row: Row, tokenizer: Tokenizer, limit: int) -> Example:
    """Encode a row piece by piece, as a prompt ends where a loss begins; drop whole pieces above `limit` ids."""
    ids, marks, characters = [tokenizer.bos], [False], 0
    for piece in row.pieces:
        added = tokenizer.encode(piece.text)
        if len(ids) + len(added) > limit:
            break
        ids += added
        marks += [piece.loss] * len(added)
        characters += len(piece.text) if piece.loss else 0
    targets = [index if mark else _LOST for index, mark in zip(ids[1:], marks[1:], strict=True)]
    return Example(row.source, tuple(ids), (*targets, _LOST), characters)


def examples(recipe: Recipe, data: Path, tokenizer: Tokenizer) -> tuple[list[Example], list[Example]]:
    """Return the training sequences in the order of the run, and the held-out ones, whose tails never change."""
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS / "held_out.txt", scenes)
    rng = random.Random(recipe.seed)
    tested = [
        encoded(corpus_row(scene, random.Random(f"test {scene.name}")), tokenizer, recipe.max_length)
        for scene in scenes
        if scene.name in hidden
    ]
    other = [
        *_some(novel_rows(data / "koconovel", rng), recipe.novel_tokens, tokenizer, recipe.max_length),
        *_some(chatbot_rows(data / "chatbot-data", rng), recipe.chatbot_tokens, tokenizer, recipe.max_length),
    ]
    rng.shuffle(other)
    trained = []
    for epoch in range(recipe.corpus_epochs):
        rows = [corpus_row(scene, rng) for scene in scenes if scene.name not in hidden]
        part = [encoded(row, tokenizer, recipe.max_length) for row in rows] + other[epoch :: recipe.corpus_epochs]
        rng.shuffle(part)
        trained += part
    return trained, tested


def _some(rows: Iterable[Row], tokens: int, tokenizer: Tokenizer, limit: int) -> list[Example]:
    chosen: list[Example] = []
    for row in rows:
        example = encoded(row, tokenizer, limit)
        if tokens < len(example.ids):
            break
        tokens -= len(example.ids)
        chosen.append(example)
    return chosen


class Trainer:
    """A LoRA on the base model with its optimiser; `step` counts finished optimiser steps."""

    def __init__(self, recipe: Recipe, base: Path, total: int) -> None:
        """Load the base of folder `base` and put a fresh adapter on it; `total` is the number of steps to come."""
        import torch
        from peft import LoraConfig, get_peft_model

        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.recipe, self.total, self.step = recipe, total, 0
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        self.model: Any = get_peft_model(load_base(base), config)
        if recipe.precision == "bf16":  # else autocast would convert every frozen weight again for every sequence
            for module in self.model.modules():
                if hasattr(module, "base_layer"):
                    module.base_layer.to(torch.bfloat16)
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        self.optimizer = torch.optim.AdamW(self.weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
        if recipe.neftune:
            self.model.get_input_embeddings().register_forward_hook(self._noise)

    def _noise(self, module: Any, _: Any, output: torch.Tensor) -> torch.Tensor:
        """Add uniform noise of alpha / sqrt(length * width) to the embeddings (NEFTune, arXiv:2310.05914)."""
        import torch

        if not module.training:
            return output
        bound = self.recipe.neftune / math.sqrt(output.shape[1] * output.shape[2])
        return output + torch.empty_like(output).uniform_(-bound, bound)

    def loss(self, example: Example) -> torch.Tensor:
        """Return the summed cross-entropy in nats, with logits at the positions that carry loss only."""
        import torch
        from torch.nn.functional import cross_entropy, linear

        inner = self.model.get_base_model()
        targets = torch.tensor(example.targets)
        places = (targets != _LOST).nonzero()[:, 0]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.recipe.precision == "bf16"):
            states = inner.model(torch.tensor([example.ids]), use_cache=False).last_hidden_state[0, places]
            logits = linear(states, inner.lm_head.weight)
        return cross_entropy(logits.float(), targets[places], reduction="sum")

    def update(self, batch: Sequence[Example]) -> float:
        """Take one optimiser step on `batch`; return its mean loss per token. Depends on seed and step number only."""
        import torch

        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)
        self.model.train()
        tokens = sum(target != _LOST for example in batch for target in example.targets)
        summed = 0.0
        for example in batch:
            loss = self.loss(example)
            (loss / tokens).backward()
            summed += loss.item()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate(self.step, self.total, self.recipe.warmup)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.step += 1
        return summed / tokens

    def measure(self, rows: Sequence[Example]) -> tuple[float, float]:
        """Return nats per token and bits per character over the loss positions of `rows`."""
        import torch

        self.model.eval()
        with torch.no_grad():
            summed = sum(self.loss(row).item() for row in rows)
        tokens = sum(target != _LOST for row in rows for target in row.targets)
        return summed / tokens, summed / math.log(2) / sum(row.characters for row in rows)

    def save(self, file: Path) -> None:
        """Write adapter, optimiser and step under another name and rename, so that a kill leaves the old checkpoint."""
        import torch

        new = file.with_suffix(".new")
        adapter = {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}
        torch.save({"adapter": adapter, "optimizer": self.optimizer.state_dict(), "step": self.step}, new)
        os.replace(new, file)

    def restore(self, file: Path) -> None:
        """Go on from a file that `save` wrote."""
        import torch

        state = torch.load(file, weights_only=True)
        self.model.load_state_dict(state["adapter"], strict=False)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def rate(step: int, total: int, warmup: float) -> float:
    """Return the share 0..1 of the learning rate at `step`: linear warm-up, then half a cosine."""
    rising = max(1, round(warmup * total))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def train(recipe: Recipe, data: Path, out: Path, base: Path) -> dict[str, Any]:
    """Train; write `checkpoint.pt`, `steps.jsonl`, `adapter/` (PEFT), `report.json` into `out`; return the report."""
    folder = converted(embedded_weights(), base)
    tokenizer = Tokenizer.load(folder)
    trained, tested = examples(recipe, data, tokenizer)
    out.mkdir(parents=True, exist_ok=True)
    batches = [trained[at : at + recipe.batch] for at in range(0, len(trained), recipe.batch)]
    trainer = Trainer(recipe, folder, len(batches))
    checkpoint, log = out / "checkpoint.pt", out / "steps.jsonl"
    started, before, done = time.perf_counter(), trainer.measure(tested[::_MEASURED]), 0
    print(f"held out before: {before[0]:.3f} nats/token, {before[1]:.3f} bits/character", file=sys.stderr)
    if checkpoint.exists():
        trainer.restore(checkpoint)
    begun = time.perf_counter()
    for batch in batches[trainer.step :]:
        loss = trainer.update(batch)
        done += sum(len(example.ids) for example in batch)
        speed = done / (time.perf_counter() - begun)
        row = {
            "step": trainer.step,
            "loss": round(loss, 4),
            "tokens": done,
            "seconds": round(time.perf_counter() - begun, 1),
        }
        with log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"step {trainer.step}/{trainer.total}  loss {loss:.3f}  {speed:.0f} tokens/s", file=sys.stderr)
        if trainer.step % recipe.checkpoint_steps == 0 or trainer.step == trainer.total:
            trainer.save(checkpoint)
    seconds = time.perf_counter() - begun
    after = trainer.measure(tested[::_MEASURED])
    trainer.model.save_pretrained(out / "adapter")
    report = {
        "recipe": asdict(recipe),
        "base_sha256": json.loads((folder / "base.json").read_text())["sha256"],
        "data_sha256": hashlib.sha256(repr(trained).encode()).hexdigest(),
        "rows": {
            kind: sum(row.source.startswith(kind) for row in trained) for kind in ("corpus", "koconovel", "chatbot")
        },
        "held_out_rows": len(tested),
        "measured_rows": len(tested[::_MEASURED]),
        "tokens": sum(len(row.ids) for row in trained),
        "loss_tokens": sum(target != _LOST for row in trained for target in row.targets),
        "steps": trainer.total,
        "held_out_nats_per_token": {"before": round(before[0], 4), "after": round(after[0], 4)},
        "held_out_bits_per_character": {"before": round(before[1], 4), "after": round(after[1], 4)},
        "tokens_per_second": round(done / seconds, 1) if done else None,
        "seconds": round(time.perf_counter() - started, 1),
    }
    (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return report


def main() -> int:
    """Run from the command line; the report goes to stdout, progress to stderr."""
    parser = argparse.ArgumentParser(prog="python -m training.sft", description="Train the LoRA of the embedded model.")
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with koconovel/ and chatbot-data/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="folder that keeps the converted base; default OUT/base")
    given = parser.parse_args()
    try:
        report = train(Recipe.load(given.recipe), given.data, given.out, given.base or given.out / "base")
    except DaebonError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
