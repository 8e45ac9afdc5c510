"""LDCC's shape in four bits on a GPU: `python -m benchmarks.gpu --folder DIR`.

Weights are random (`benchmarks.shape`) and so is the LoRA beside them; memory and time don't depend on what they say. A scene
grows to `--context` tokens, a line and a new person's tail each turn, and candidates never end by themselves. torch is held to a
card of `--card` GiB, so that a peak beyond it fails. Without a GPU the same runs, and the memory says nothing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.huggingface import endless
from benchmarks.machine import header
from benchmarks.shape import LAYERS, held, ldcc, write
from model.base import Proposal, Sampling
from model.huggingface import HuggingFaceModel
from model.plan import GIB, Load, plan
from model.shape import Shape

RANK, TURNS, LINE, TAIL = 16, 6, 24, 120  # rank of the LoRA; turns that are timed; tokens of a line and of a tail
OPTIONS = ("기쁨", "슬픔", "화남", "불안", "놀람", "안심", "지침", "고마움")


def write_adapter(folder: Path, base: Path, layers: int) -> Path:
    """Write a random LoRA of all linear layers for the shape in `base`; return its folder."""
    import torch
    from peft import LoraConfig
    from safetensors.torch import save_file

    config = ldcc(layers)
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    sizes = {f"self_attn.{part}_proj": (hidden, hidden) for part in "qkvo"}
    sizes |= {"mlp.gate_proj": (hidden, inner), "mlp.up_proj": (hidden, inner), "mlp.down_proj": (inner, hidden)}
    state = {}
    for layer in range(layers):
        for module, (read, written) in sizes.items():
            at = f"base_model.model.model.layers.{layer}.{module}"
            state[f"{at}.lora_A.weight"] = torch.randn(RANK, read) * 0.01
            state[f"{at}.lora_B.weight"] = torch.randn(written, RANK) * 0.01
    LoraConfig(
        r=RANK,
        lora_alpha=2 * RANK,
        target_modules=sorted(module.rpartition(".")[2] for module in sizes),
        task_type="CAUSAL_LM",
        base_model_name_or_path=str(base),
        inference_mode=True,
    ).save_pretrained(folder)
    save_file(state, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return folder


@dataclass(frozen=True)
class Timed:
    """Medians over the turns of one number of candidates: seconds, tokens read, and tokens decoded a second with all read."""

    turn: float
    read: float
    rate: float


class Scene:
    """A prompt that grows: every token of the shape's tokenizer is a byte, so a length in tokens is one in bytes."""

    def __init__(self) -> None:
        """Take the corpus as what was said."""
        from training.corpus import read_corpus
        from training.gather import CORPUS

        spoken = [line.text for scene in read_corpus(CORPUS) for line in scene.lines if line.speaker]
        self._text = "\n".join(spoken).encode()

    def prompt(self, tokens: int, turn: int) -> str:
        """Return about `tokens` tokens, less than a letter short, that end in the tail of turn `turn`, which no other turn has."""
        tail = self._text[100_000 + turn * TAIL :][:TAIL].decode(errors="ignore")
        return self._text[: tokens - TAIL].decode(errors="ignore") + tail


def play(model: HuggingFaceModel, scene: Scene, context: int, candidates: int, sampling: Sampling) -> Timed:
    """Play the last `TURNS` turns before `context` tokens; the turn before them is read first and not timed."""
    turns, rates = list[Proposal](), []
    for turn in range(TURNS + 1):
        heard = context - sampling.max_tokens - (TURNS - turn) * LINE
        prompt = scene.prompt(heard, turn)
        said = model.propose(prompt, candidates, seed=turn, sampling=sampling)
        again = model.propose(prompt, candidates, seed=turn + 100, sampling=sampling)
        if turn:
            turns.append(said)
            rates.append(again.decoded / again.seconds)
    return Timed(
        statistics.median(said.seconds for said in turns),
        statistics.median(said.prefilled for said in turns),
        statistics.median(rates),
    )


def unkept(model: HuggingFaceModel, scene: Scene, context: int, candidates: int, sampling: Sampling) -> Proposal:
    """Return a turn at `context` tokens with nothing kept from the turn before: the whole prompt is read."""
    with model.active() as shared:
        shared.prefixes.forget()
    return model.propose(scene.prompt(context - sampling.max_tokens, 0), candidates, seed=0, sampling=sampling)


def gib(value: float) -> str:
    """Return bytes as GiB and GB."""
    return f"{value / GIB:.2f} GiB ({value / 1e9:.2f} GB)"


def main() -> None:
    """Write the shape where it is not yet, load it, play, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--folder", type=Path, required=True, help="where the shards are written, 26 GB, and kept")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--card", type=float, default=12.0, help="GiB that torch may take (default: %(default)s)")
    arguments = parser.parse_args()
    import torch

    gpu = torch.cuda.is_available()
    base = arguments.folder / "shape"
    if not (base / "model.safetensors.index.json").exists():
        write(base, arguments.layers)
    adapter = write_adapter(arguments.folder / "adapter", base, arguments.layers)
    if gpu:
        whole = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, arguments.card * GIB / whole))
    free = torch.cuda.mem_get_info()[0] if gpu else 0
    rows: list[tuple[str, str]] = []
    model, seconds = _loaded(adapter)
    load = Load(arguments.context, candidates=arguments.candidates, adapter_rank=RANK, gpu=gpu)
    planned = plan(Shape.of_config(ldcc(arguments.layers)), load)
    with model.active() as shared:
        adapted = sum(v.numel() * v.element_size() for k, v in shared.model.named_parameters() if "lora_" in k)
        parameters = held(shared.model) - adapted
    rows += [
        ("loaded in NF4 with a LoRA", f"{seconds:.1f} s"),
        ("parameters, planned", gib(planned.weights)),
        ("parameters, held", f"{gib(parameters)}, {parameters / planned.weights - 1:+.2%}"),
    ]
    peak_of_load = torch.cuda.max_memory_allocated() if gpu else 0
    endless(model)
    scene, sampling = Scene(), Sampling(max_tokens=48)
    warm = model.propose(scene.prompt(512, 0), 1, seed=0, sampling=sampling)
    if gpu:
        torch.cuda.reset_peak_memory_stats()
    timed = {n: play(model, scene, arguments.context, n, sampling) for n in (1, arguments.candidates)}
    scored = model.score(scene.prompt(arguments.context - sampling.max_tokens, TURNS), OPTIONS)
    bare = {n: unkept(model, scene, arguments.context, n, sampling) for n in timed}
    several = timed[arguments.candidates]
    for n, found in timed.items():
        text = f"{found.turn:.2f} s, {found.read:.0f} tokens read; decodes {found.rate:.1f} tokens/s"
        rows.append((f"turn of {n} × {sampling.max_tokens} tokens", text))
    reading = bare[1].seconds - sampling.max_tokens / timed[1].rate
    rows += [
        (f"turn of {arguments.candidates}, times that of one", f"{several.turn / timed[1].turn:.2f} ×"),
        *(
            (
                f"the same of {n} with nothing kept",
                f"{said.seconds:.2f} s, {said.prefilled} tokens read, {said.seconds / timed[n].turn:.2f} ×",
            )
            for n, said in bare.items()
        ),
        ("reads", f"{bare[1].prefilled / reading:.0f} tokens/s"),
        (f"{len(OPTIONS)} options scored", f"{scored.seconds:.3f} s"),
        ("first call of all", f"{warm.seconds:.1f} s"),
    ]
    if gpu:
        taken = free - torch.cuda.mem_get_info()[0]
        rows += [
            ("peak of the load", gib(peak_of_load)),
            ("peak of the play: tensors", gib(torch.cuda.max_memory_allocated())),
            ("peak of the play: torch with its cache", gib(torch.cuda.max_memory_reserved())),
            ("the card gave, CUDA's context not counted", gib(taken)),
            ("planned in all, CUDA's context counted", gib(planned.total)),
        ]
    title = header(f"python -m benchmarks.gpu --layers {arguments.layers} --context {arguments.context}")
    sys.stdout.write(f"{title}\n\n| | |\n| --- | --- |\n" + "".join(f"| {key} | {value} |\n" for key, value in rows))


def _loaded(folder: Path) -> tuple[HuggingFaceModel, float]:
    import time

    started = time.perf_counter()
    model: Any = HuggingFaceModel.load(str(folder))
    return model, time.perf_counter() - started


if __name__ == "__main__":
    main()
