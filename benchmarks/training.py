"""Speed of a training step on the embedded model, from the plain way to ours: `python -m benchmarks.training`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import header
from model.weights import embedded_weights
from training.base import converted, load_tokenizer
from training.corpus import read_corpus
from training.dataset import corpus_row, held_out
from training.gather import CORPUS
from training.recipe import Precision, SftRecipe, load_recipe
from training.runs import fitted, frozen_base, keep_memory, quiet
from training.sft import Example, batch, encoded, spoken_loss

WHOLE_VOCABULARY = 262_144
KEPT = "… freed memory kept (what a run does)"


def main() -> None:
    """Take the same scenes through forward and backward in five ways, and print tokens a second."""
    import torch
    from torch.nn.functional import cross_entropy

    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--scenes", type=int, default=3, help="scenes that each way is measured on")
    parser.add_argument("--base-cache", type=Path, help="keeps the base as torch weights")
    arguments = parser.parse_args()
    quiet()
    recipe = load_recipe(Path("embedded-sft"), SftRecipe)
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS, scenes)
    chosen = random.Random(5).sample([scene for scene in scenes if scene.name not in hidden], arguments.scenes)
    rows = [corpus_row(scene, random.Random(scene.name)) for scene in chosen]

    def everywhere(model: Any, inputs: dict[str, Any]) -> Any:
        logits = model(input_ids=inputs["input_ids"], use_cache=False).logits
        return cross_entropy(logits[0, :-1].float(), inputs["labels"][0, 1:], ignore_index=-100)

    def ours(model: Any, inputs: dict[str, Any]) -> Any:
        loss, count = spoken_loss(model, inputs)
        return loss / count

    ways: list[tuple[str, Precision, bool, Callable[[Any, dict[str, Any]], Any]]] = [
        ("fp32, the whole vocabulary, logits everywhere, a prompt for each line", "fp32", True, everywhere),
        ("… the vocabulary trimmed to Korean", "fp32", False, everywhere),
        ("… logits only where the loss is, the scene once and its lines in asides", "fp32", False, ours),
        ("… frozen products in bf16", "bf16", False, ours),
        (KEPT, "bf16", False, ours),
    ]
    with tempfile.TemporaryDirectory() as temporary:
        folder = converted(embedded_weights(), arguments.base_cache or Path(temporary))
        tokenizer = load_tokenizer(folder)
        examples = [encoded(row, tokenizer, recipe.max_length)[0] for row in rows]
        apart = [
            encoded(replace(row, pieces=pieces), tokenizer, 10_000)[0]
            for row in rows
            for pieces in _each_its_prompt(row)
        ][:: max(1, 6 // arguments.scenes)][:6]
        table = []
        for name, precision, whole, loss in ways:
            torch.manual_seed(recipe.seed)
            if name == KEPT:
                keep_memory()
            model = _adapted(replace(recipe, precision=precision), folder)
            if whole:
                model.resize_token_embeddings(WHOLE_VOCABULARY, mean_resizing=False)
                model.requires_grad_(False)
                for key, weight in model.named_parameters():
                    weight.requires_grad_("lora_" in key)
            table.append((name, *_speed(model, examples if loss is ours else apart, loss, precision == "bf16")))
    sys.stdout.write(f"{header('python -m benchmarks.training')}, {len(rows)} scenes\n\n")
    sys.stdout.write("| way | tokens/s | spoken tokens/s | times the first |\n| --- | --- | --- | --- |\n")
    for name, tokens, spoken in table:
        sys.stdout.write(f"| {name} | {tokens:.0f} | {spoken:.1f} | {spoken / table[0][2]:.1f} |\n")


def _each_its_prompt(row: Any) -> list[tuple[Any, ...]]:
    from training.rows import Piece

    return [(Piece(prompt), Piece(said, loss=True)) for prompt, said in row.answers()]


def _adapted(recipe: SftRecipe, folder: Path) -> Any:
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    return fitted(get_peft_model(frozen_base(recipe, str(folder)), lora), recipe).train()


def _speed(
    model: Any, rows: Sequence[Example], loss: Callable[[Any, dict[str, Any]], Any], bf16: bool
) -> tuple[float, float]:
    """Return tokens, and tokens with loss, a second of forward and backward; the first row warms up and is not counted."""
    import torch

    tokens = spoken = 0
    seconds = 0.0
    for number, row in enumerate([rows[0], *rows]):
        inputs = batch([row.inputs()])
        started = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            value = loss(model, inputs)
        value.backward()
        if number:
            seconds += time.perf_counter() - started
            tokens, spoken = tokens + len(row.ids), spoken + sum(row.mask)
    return tokens / seconds, spoken / seconds


if __name__ == "__main__":
    main()
