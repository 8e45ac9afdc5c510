"""An adapter that also gives back what four bits take from its base: a low-rank answer to the error of NF4, weighted by what is heard.

W = NF4(W) + E. Of E the part is kept that changes a layer's output most: the best approximation of low rank of E diag(s), where
s is the root mean square of each input over scenes of the corpus (LQER, arXiv:2402.02446). It is written as further
ranks of the adapter, so it plays like any adapter of PEFT: `hf:DIR`, and `daebon model plan` counts it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.huggingface import HuggingFaceModel, four_bits, precision
from model.repository import ADAPTER_WEIGHTS, adapter_config, source
from transcript.errors import ModelError

RANK = 16
LINES = 16  # prompts of the corpus whose inputs are measured
_FLOOR = 0.01  # of the mean input: one that is never heard must not be divided by
_OVER = 16  # more directions than wanted, for the randomised decomposition


def write_corrected(name: str, out: Path, *, rank: int = RANK, lines: int = LINES, seed: int = 17) -> int:
    """Write the adapter `name` with `rank` more ranks into the folder `out`, for `hf:OUT`; return its rank.

    `name` is what stands after `hf:`: an adapter or a run, or a base without one. The base is loaded in four bits as in play; its
    full weights are read a matrix at a time. Raises ModelError for a kind of adapter that cannot be added to.
    """
    from peft import LoraConfig
    from safetensors.torch import save_file

    found = source(name)
    own, trained = _trained(found.adapter)
    model = HuggingFaceModel.load(name)
    try:
        heard = inputs(model, lines, seed)
    finally:
        model.close()
    if lost := set(trained) - set(heard):
        raise ModelError(f"{name}: adapts {min(lost)}, which is not in four bits; only linear layers can be given back")
    state: dict[str, Any] = {}
    for module, weight in _whole(found.base, heard):
        down, up = correction(weight, heard[module], rank)
        before = trained.get(module)
        first = before or (down.new_zeros(own, down.shape[1]), up.new_zeros(up.shape[0], own))
        for part, values in (("A", _joined(first[0], down, 0)), ("B", _joined(first[1], up, 1))):
            state[f"base_model.model.{module}.lora_{part}.weight"] = values
    LoraConfig(
        r=own + rank,
        lora_alpha=own + rank,
        target_modules=sorted({module.rpartition(".")[2] for module in heard}),
        task_type="CAUSAL_LM",
        base_model_name_or_path=found.repository or str(found.base),
        revision=found.commit or None,
        inference_mode=True,
    ).save_pretrained(out)
    save_file(state, out / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    return own + rank


def inputs(model: HuggingFaceModel, lines: int, seed: int) -> dict[str, Any]:
    """Return by layer in four bits the mean square of each of its inputs, while `model` reads `lines` lines of the corpus."""
    import torch
    from bitsandbytes.nn.modules import Linear4bit

    sums: dict[str, Any] = {}
    read = 0
    with model.active() as shared:
        layers = {
            name.removesuffix(".base_layer"): layer
            for name, layer in shared.model.named_modules()
            if isinstance(layer, Linear4bit)
        }
        with _heard_by(layers, sums):
            for text in _texts(lines, seed):
                ids = model._ids(text)
                shared.model(torch.tensor([ids], device=shared.model.device), logits_to_keep=1)
                read += len(ids)
    return {name: total / read for name, total in sums.items()}


def correction(weight: Any, heard: Any, rank: int) -> tuple[Any, Any]:
    """Return A (rank x in) and B (out x rank) of what NF4 takes from `weight`; `heard` are mean squares of its inputs."""
    import torch

    scale = (heard / heard.mean()).sqrt().clamp(min=_FLOOR)
    lost = (weight.float() - rounded(weight).float()) * scale
    with torch.random.fork_rng():
        torch.manual_seed(0)
        left, sizes, right = torch.svd_lowrank(lost, q=min(rank + _OVER, *lost.shape), niter=4)
    return (right[:, :rank].T / scale).contiguous(), (left[:, :rank] * sizes[:rank]).contiguous()


def rounded(weight: Any) -> Any:
    """Return `weight` as the loader's four bits hold it."""
    from bitsandbytes import functional

    config = four_bits()
    packed, state = functional.quantize_4bit(
        weight.contiguous(),
        quant_type=config.bnb_4bit_quant_type,
        compress_statistics=config.bnb_4bit_use_double_quant,
    )
    return functional.dequantize_4bit(packed, state)


@contextmanager
def _heard_by(layers: Mapping[str, Any], sums: dict[str, Any]) -> Iterator[None]:
    """Add the squares of what each layer is given to `sums`, by input, over all tokens."""

    def hear(name: str, given: Any) -> None:
        squares = given.detach().float().reshape(-1, given.shape[-1]).square().sum(0)
        sums[name] = sums[name] + squares if name in sums else squares

    hooks = [
        layer.register_forward_pre_hook(lambda _, given, name=name: hear(name, given[0]))
        for name, layer in layers.items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _texts(lines: int, seed: int) -> list[str]:
    """Return prompt and line of so many scenes of the corpus, none of those that are held out."""
    from training.corpus import read_corpus
    from training.dataset import held_out, line_prompts
    from training.gather import CORPUS

    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS, scenes)
    rng = random.Random(seed)
    found = []
    for scene in rng.sample([scene for scene in scenes if scene.name not in hidden], lines):
        place = rng.choice([at for at, line in enumerate(scene.lines) if at and line.speaker and line.to])
        found.append(f"{line_prompts(scene, place)['persona']} {scene.lines[place].text}\n")
    return found


def _trained(folder: Path | None) -> tuple[int, dict[str, tuple[Any, Any]]]:
    """Return the rank of an adapter and by layer its A, and its B times the adapter's scale; nothing for none."""
    from safetensors.torch import load_file

    if folder is None:
        return 0, {}
    config = adapter_config(folder)
    if config.get("use_dora") or config.get("rank_pattern") or config.get("alpha_pattern"):
        raise ModelError(f"{folder}: is a LoRA with weights or ranks that differ by layer; train one of a single rank")
    rank = int(config["r"])
    scale = float(config["lora_alpha"]) / (rank**0.5 if config.get("use_rslora") else rank)
    state = load_file(folder / ADAPTER_WEIGHTS)
    names = {key.removeprefix("base_model.model.").partition(".lora_")[0] for key in state}
    try:
        pairs = {
            name: [state[f"base_model.model.{name}.lora_{part}.weight"].float() for part in "AB"] for name in names
        }
    except KeyError as error:
        raise ModelError(f"{folder}: holds no {error}; only a LoRA of linear layers can be added to") from error
    return rank, {name: (down, scale * up) for name, (down, up) in pairs.items()}


def _whole(base: Path, layers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each of `layers` with its full weight, as the loader reads it before it is rounded, where its inputs lie."""
    from safetensors import safe_open
    from transformers import AutoConfig

    kind = precision(AutoConfig.from_pretrained(base, trust_remote_code=False).dtype)
    left = set(layers)
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "pt") as tensors:
            for name in sorted(left & {key.removesuffix(".weight") for key in tensors.keys()}):  # noqa: SIM118 - not a dict
                yield name, tensors.get_tensor(f"{name}.weight").to(layers[name].device, kind)
                left.discard(name)
    if left:
        raise ModelError(f"{base}: holds no weight of {min(left)}; its files name layers in another way")


def _joined(first: Any, second: Any, at: int) -> Any:
    import torch

    return torch.cat([first.to(second.device), second], at).cpu().contiguous()
