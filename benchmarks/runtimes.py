"""Do torch and llama.cpp say the same with the same adapter? `python -m benchmarks.runtimes [--model embedded:FILE.gguf]`."""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import header
from model.config import ModelConfig
from model.load import load_chat_model
from model.weights import drama_adapter, embedded_weights
from training.adapter import merge
from training.base import converted, load_base, load_tokenizer
from training.corpus import read_corpus
from training.dataset import held_out, line_prompts
from training.gather import CORPUS

TOP = 20  # likely next tokens that are compared


def main() -> None:
    """Compare the next token's log-probabilities after held-out prompts: base and adapter, fp32 in torch, Q4_K_M in llama.cpp."""
    import torch

    parser = argparse.ArgumentParser(prog="python -m benchmarks.runtimes", description=__doc__)
    parser.add_argument("--model", default="embedded", help="embedded, or embedded:FILE.gguf")
    parser.add_argument("--prompts", type=int, default=20)
    arguments = parser.parse_args()
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS, scenes)
    chosen = random.Random(7).sample([scene for scene in scenes if scene.name in hidden], arguments.prompts)
    asked = [
        line_prompts(scene, [n for n, line in enumerate(scene.lines) if line.speaker][4])["persona"] for scene in chosen
    ]
    sys.stdout.write(
        f"{header('python -m benchmarks.runtimes')}, {len(asked)} held-out prompts, {TOP} likely tokens each\n\n"
    )
    sys.stdout.write("| model | same first token | mean difference of log p | largest |\n| --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory() as temporary:
        folder = converted(embedded_weights(), Path(temporary))
        tokenizer = load_tokenizer(folder)
        for name in ("embedded:base", arguments.model):
            config = ModelConfig.parse(name)
            model = load_base(folder).eval()
            if config.path != "base":
                merge(model, Path(config.path) if config.path else drama_adapter())
            played = load_chat_model(config)
            same, differences = 0, []
            for prompt in asked:
                found, _ = played.next_tokens(prompt, TOP)  # type: ignore[attr-defined]
                with torch.no_grad():
                    logits = model(torch.tensor([tokenizer.encode(prompt)]), logits_to_keep=1).logits[0, -1]
                ours = torch.log_softmax(logits, -1)
                first = tokenizer.convert_ids_to_tokens(int(ours.argmax())).replace("▁", " ")
                same += first == max(found, key=lambda token: found[token])
                for token, value in found.items():
                    index = tokenizer.convert_tokens_to_ids(token.replace(" ", "▁"))
                    if index != tokenizer.unk_token_id:
                        differences.append(abs(value - float(ours[index])))
            played.close()
            mean, most = statistics.mean(differences), max(differences)
            sys.stdout.write(f"| {name} | {same} of {len(asked)} | {mean:.3f} | {most:.3f} |\n")


if __name__ == "__main__":
    main()
