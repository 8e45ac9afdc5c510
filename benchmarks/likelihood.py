"""How likely each runtime finds the same unseen lines: `python -m benchmarks.likelihood`.

The embedded weights with the shipped adapter, as transformers has them in fp32, as the loader of `hf:` reads them in four
bits (NF4), and as llama.cpp plays them (Q4_K_M, the adapter in f16). Each line is given token by token to all after
the prompt that its speaker reads, so that all score the same ids. In four bits the adapter is added to the weights before they are
rounded, or stays beside them as in play, or stays beside them with the ranks of `daebon train adapter --four-bits`.
With `--run` it is the adapter of a run of `daebon train`, and llama.cpp is left out.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import header
from model import ModelConfig, load_chat_model
from model.embedded import LlamaCppModel
from model.huggingface import HuggingFaceModel
from model.repository import adapter_folder, source
from model.weights import drama_adapter, embedded_weights
from training.adapter import write_peft
from training.base import converted, load_base, load_tokenizer
from training.corpus import read_corpus
from training.dataset import held_out, line_prompts
from training.four_bits import write_corrected
from training.gather import CORPUS

Ids = list[int]
FP32 = "transformers, fp32"
TOP = 2_000  # most likely tokens that llama.cpp is asked for; a line with one beyond them is counted and left out


def unseen(many: int, seed: int) -> list[tuple[str, str]]:
    """Return prompt and line of `many` lines of held-out scenes, each of another scene as far as there are any."""
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS, scenes)
    rng = random.Random(seed)
    left = [scene for scene in scenes if scene.name in hidden]
    rng.shuffle(left)
    found: list[tuple[str, str]] = []
    while len(found) < many:
        for scene in left[: many - len(found)]:
            place = rng.choice([at for at, line in enumerate(scene.lines) if at and line.speaker and line.to])
            found.append((line_prompts(scene, place)["persona"], f" {scene.lines[place].text}\n"))
    return found


def by_torch(model: object) -> Callable[[Ids, Ids], float]:
    """Return a function of the prompt's ids and the line's: the log-probability of the line, in nats."""
    import torch

    def scored(heard: Ids, line: Ids) -> float:
        with torch.no_grad():
            logits = model(torch.tensor([heard + line])).logits[0, len(heard) - 1 : -1]  # type: ignore[operator]
        logs = torch.log_softmax(logits.float(), -1)
        return float(logs[torch.arange(len(line)), torch.tensor(line)].double().sum())

    return scored


def by_llama(model: LlamaCppModel) -> Callable[[Ids, Ids], float]:
    """Return the same of llama.cpp, which tells the probability of the next token only; nan where one is not told."""

    def scored(heard: Ids, line: Ids) -> float:
        total = 0.0
        for at, token in enumerate(line):
            request = {"prompt": heard + line[:at], "max_tokens": 1, "temperature": 0, "logprobs": TOP}
            told = [
                top
                for _, choice, _ in model._chunks(request, None)
                for entry in (choice.get("logprobs") or {}).get("content") or ()
                for top in entry["top_logprobs"]
            ]
            total += next((float(top["logprob"]) for top in told if top["id"] == token), float("nan"))
        return total

    return scored


Scored = tuple[list[tuple[Ids, Ids]], dict[str, list[float]]]  # ids of prompts and lines; log-probabilities by runtime


def measured(folder: Path, run: str | None, pairs: Sequence[tuple[str, str]]) -> Scored:
    """Score with the adapter of a run, or with the shipped one; `folder` is for what has to be written."""
    from peft import PeftModel

    if run is None:
        run = str(write_peft(drama_adapter(), converted(embedded_weights(), folder / "base"), folder / "drama"))
        llama = load_chat_model(ModelConfig.parse("embedded"))
    else:
        llama = None
    base, adapter = source(run).base, adapter_folder(run)
    assert adapter is not None
    tokenizer = load_tokenizer(base)
    ids = ids_of(tokenizer, pairs)
    whole = PeftModel.from_pretrained(load_base(base), adapter).eval()
    found = {FP32: _scored(by_torch(whole), ids)}
    whole.merge_and_unload().save_pretrained(folder / "merged")
    tokenizer.save_pretrained(folder / "merged")
    rank = write_corrected(run, folder / "corrected")
    ways = {
        "adapter added before": str(folder / "merged"),
        "adapter beside": run,
        f"adapter beside, of rank {rank} by `--four-bits`": str(folder / "corrected"),
    }
    for way, name in ways.items():
        with HuggingFaceModel.load(name).active() as shared:
            found[f"`hf:`, NF4, {way}"] = _scored(by_torch(shared.model), ids)
    if llama is not None:
        assert isinstance(llama, LlamaCppModel)
        found["llama.cpp, Q4_K_M"] = _scored(by_llama(llama), ids)
        llama.close()
    return ids, found


def main() -> None:
    """Score the lines in every way and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.likelihood", description=__doc__)
    parser.add_argument("--lines", type=int, default=50)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--run", help="a run of `daebon train` whose adapter is used in place of the shipped one")
    arguments = parser.parse_args()
    pairs = unseen(arguments.lines, arguments.seed)
    with tempfile.TemporaryDirectory() as temporary:
        ids, found = measured(Path(temporary), arguments.run, pairs)
    told = [at for at in range(len(ids)) if all(values[at] == values[at] for values in found.values())]
    tokens = sum(len(ids[at][1]) for at in told)
    letters = sum(len(pairs[at][1]) - 2 for at in told)
    whole_line = [found[FP32][at] for at in told]
    command = f"python -m benchmarks.likelihood --lines {arguments.lines} --seed {arguments.seed}"
    command += " --run RUN" if arguments.run else ""
    sys.stdout.write(
        f"{header(command)}\n\n{len(told)} of {len(ids)} lines, {tokens} tokens, {letters} characters.\n\n"
    )
    sys.stdout.write(
        "| runtime | log-likelihood per token | against fp32 | most apart in one line, per token | r over lines |\n"
    )
    sys.stdout.write("| --- | --- | --- | --- | --- |\n")
    for name, values in found.items():
        mine = [values[at] for at in told]
        apart = max(abs(a - b) / len(ids[at][1]) for a, b, at in zip(mine, whole_line, told, strict=True))
        sys.stdout.write(
            f"| {name} | {sum(mine) / tokens:.4f} | {sum(mine) / sum(whole_line) - 1:+.2%} | {apart:.3f} | "
            f"{statistics.correlation(mine, whole_line):.4f} |\n"
        )


def ids_of(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> list[tuple[Ids, Ids]]:
    """Return the ids of each prompt and of the line after it."""

    def read(text: str) -> Ids:
        ids: Ids = tokenizer.encode(text, add_special_tokens=False)
        return ids

    return [([tokenizer.bos_token_id, *read(prompt)], read(line)) for prompt, line in pairs]


def _scored(score: Callable[[Ids, Ids], float], ids: Sequence[tuple[Ids, Ids]]) -> list[float]:
    return [score(heard, line) for heard, line in ids]


if __name__ == "__main__":
    main()
