"""Does LDCC's shape load in four bits, and in how much memory? `python -m benchmarks.shape --layers 40 --folder DIR`.

The weights are random: they are written shard by shard in bf16 (0.6 GB a layer, 26 GB for 40), then read by the real
loader in a process of its own. Where DIR holds them already they are not written again; `--keep` leaves them there.
safetensors are mapped into memory: their pages count as resident while they are there, and the kernel drops them when it
needs the room, so the process's own memory is told beside.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.machine import header
from model.base import Sampling
from model.huggingface import HuggingFaceModel
from model.plan import GIB, Load, plan
from model.shape import Shape

CONFIG = Path(__file__).parents[1] / "model" / "ldcc.json"
LAYERS = 40


def write(folder: Path, layers: int) -> None:
    """Write a Llama of LDCC's shape with `layers` layers, and a tokenizer of bytes that fills its vocabulary."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    config = ldcc(layers)
    hidden, inner, vocabulary = config["hidden_size"], config["intermediate_size"], config["vocab_size"]
    (folder / "config.json").write_text(json.dumps(config))
    _write_tokenizer(folder, vocabulary)
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def random(*shape: int) -> Any:
        return torch.empty(shape, dtype=torch.bfloat16, device=device).normal_(0, 0.02).cpu()

    places: dict[str, str] = {}

    def save(number: int, weights: dict[str, Any]) -> None:
        name = f"model-{number:05}-of-{layers + 1:05}.safetensors"
        save_file(weights, folder / name, metadata={"format": "pt"})
        places.update(dict.fromkeys(weights, name))

    ones = torch.ones(hidden, dtype=torch.bfloat16)
    for number in range(layers):
        at = f"model.layers.{number}"
        attention = {f"{at}.self_attn.{part}_proj.weight": random(hidden, hidden) for part in "qkvo"}
        mlp = {f"{at}.mlp.{part}_proj.weight": random(inner, hidden) for part in ("gate", "up")}
        norms = {f"{at}.{part}_layernorm.weight": ones.clone() for part in ("input", "post_attention")}
        save(number + 1, {**attention, **mlp, f"{at}.mlp.down_proj.weight": random(hidden, inner), **norms})
        sys.stderr.write(f"\rlayer {number + 1} of {layers}")
    ends = {name: random(vocabulary, hidden) for name in ("model.embed_tokens.weight", "lm_head.weight")}
    save(layers + 1, {**ends, "model.norm.weight": ones})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": places}))
    sys.stderr.write("\n")


def ldcc(layers: int) -> dict[str, Any]:
    """Return LDCC's configuration with `layers` layers, for weights in bf16."""
    known = json.loads(CONFIG.read_text("utf-8"))
    architecture = {"architectures": ["LlamaForCausalLM"], "dtype": "bfloat16"}
    return {**known, **architecture, "num_hidden_layers": layers}


def held(model: Any) -> int:
    """Return the bytes of all parameters and of what bitsandbytes keeps beside them."""
    found = {}
    for value in model.parameters():
        state = getattr(value, "quant_state", None)
        scales = [part for part in (state, getattr(state, "state2", None)) if part is not None]
        beside = [one for part in scales for one in (part.absmax, part.code, part.offset) if one is not None]
        found.update({one.data_ptr(): one.numel() * one.element_size() for one in (value, *beside)})
    return sum(found.values())


def loaded(folder: str) -> dict[str, float]:
    """Load the folder as `hf:FOLDER` does, say one token, and return bytes and seconds."""
    started = time.perf_counter()
    with _watched() as own:
        model = HuggingFaceModel.load(folder)
        figures: dict[str, float] = {"load": time.perf_counter() - started}
        with model.active() as shared:
            figures["parameters"] = held(shared.model)
        said = model.propose("S#1. 부두 / 밤\n\n민수:", 1, seed=0, sampling=Sampling(max_tokens=1))
        with model.active() as shared:
            figures["parameters after a call"] = held(shared.model)
    figures |= {"own": max(own), "resident": _status("VmHWM")}
    return figures | {"tokens": said.decoded, "prefilled": said.prefilled, "first call": said.seconds}


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Yield the bytes of this process that no file stands behind, looked at every 20 ms."""
    found, over = [_status("RssAnon")], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            found.append(_status("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def _status(key: str) -> int:
    """Return a figure of this process in bytes; VmHWM is of this program alone, ru_maxrss would be its parent's too."""
    rows = Path("/proc/self/status").read_text().splitlines()
    return next(int(row.split()[1]) << 10 for row in rows if row.startswith(key))


def _write_tokenizer(folder: Path, vocabulary: int) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = ["<unk>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    letters += [f"<unused{n}>" for n in range(vocabulary - len(letters))]
    made = Tokenizer(models.BPE(vocab={letter: n for n, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>").save_pretrained(folder)


def main() -> None:
    """Write the shape, load it in another process, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shape", description=__doc__)
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--folder", type=Path, help="where the shards are written (default: a temporary folder)")
    parser.add_argument("--keep", action="store_true", help="leave the shards in --folder")
    parser.add_argument("--load", metavar="DIR", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.load:
        sys.stdout.write(json.dumps(loaded(arguments.load)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary) / "shape"
        started = time.perf_counter()
        if not (folder / "model.safetensors.index.json").exists():
            write(folder, arguments.layers)
        written = time.perf_counter() - started
        command = [sys.executable, "-m", "benchmarks.shape", "--load", str(folder)]
        figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        if arguments.folder and not arguments.keep:
            shutil.rmtree(folder)
    found = plan(Shape.of_config(ldcc(arguments.layers)), Load(gpu=False)).weights
    rows = [
        ("weights written", f"{written:.0f} s"),
        ("loaded in NF4", f"{figures['load']:.0f} s"),
        ("parameters, planned", f"{found / GIB:.3f} GiB"),
        ("parameters, held", f"{figures['parameters'] / GIB:.3f} GiB ({figures['parameters'] / found - 1:+.2%})"),
        ("parameters, held after a call", f"{figures['parameters after a call'] / GIB:.3f} GiB"),
        ("peak of own memory", f"{figures['own'] / GIB:.2f} GiB"),
        ("peak resident, with the pages of the mapped shards", f"{figures['resident'] / GIB:.2f} GiB"),
        ("first call", f"{figures['first call']:.1f} s, {figures['prefilled']} read, {figures['tokens']} said"),
    ]
    title = header(f"python -m benchmarks.shape --layers {arguments.layers}")
    sys.stdout.write(f"{title}\n\n| | |\n| --- | --- |\n" + "".join(f"| {key} | {value} |\n" for key, value in rows))


if __name__ == "__main__":
    main()
