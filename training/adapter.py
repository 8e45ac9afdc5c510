"""A PEFT LoRA as the GGUF adapter that llama.cpp loads, and back into the weights of the base."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from model.weights import sha256_of
from training.base import gguf_name, torch_name
from transcript.errors import ModelError

MAX_BYTES = 16_000_000
_BASE, _LICENCE = "gemma-3-270m (Q4_K_M, trimmed to Korean)", "Gemma Terms of Use; ai.google.dev/gemma/terms"
_NAME = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")


def write_adapter(peft: Path, out: Path) -> str:
    """Write the adapter of folder `peft` to `out` in f16, at most 16 MB; return its sha256.

    Tensors are named as in llama.cpp's convert_lora_to_gguf.py: the tensor of the base with `.lora_a` (rank x in) and
    `.lora_b` (out x rank). Raises ModelError when the folder is no LoRA of the embedded model.
    """
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    peft = peft / "adapter" if (peft / "adapter").is_dir() else peft
    try:
        config = json.loads((peft / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = load_file(peft / "adapter_model.safetensors")
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{peft}: is no PEFT adapter ({error}); give the folder that `daebon train sft` wrote"
        ) from error
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(out, "gemma3")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(config["lora_alpha"]))
    writer.add_name("daebon drama")
    writer.add_description(f"LoRA of {_BASE} for lines of Korean drama characters; see its card")
    writer.add_license(_LICENCE)
    for name, values in sorted(tensors.items()):
        found = _NAME.fullmatch(name)
        if not found:
            raise ModelError(f"{peft}: tensor {name!r} is not part of a LoRA; train with target_modules='all-linear'")
        writer.add_tensor(f"{gguf_name(found[1] + '.weight')}.lora_{found[2].lower()}", values.astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    size = out.stat().st_size
    if size > MAX_BYTES:
        raise ModelError(f"{out}: {size:,} bytes, more than {MAX_BYTES:,}; train with a lower rank")
    return sha256_of(out)


def card(run: Path, file: Path, digest: str) -> str:
    """Return the model card of an adapter in Markdown, from the report of its run."""
    report = json.loads((run / "report.json").read_text(encoding="utf-8")) if (run / "report.json").exists() else {}
    recipe = report.get("recipe", {})
    shown = ("base", "rank", "alpha", "learning_rate", "epochs", "neftune", "beta", "sft", "precision", "seed")
    rows = {
        "file": f"{file.name}, {file.stat().st_size:,} bytes, sha256 {digest}",
        "recipe": ", ".join(f"{key} {recipe[key]}" for key in shown if key in recipe),
        "run": ", ".join(
            f"{report[key]} {name}"
            for key, name in (
                ("steps", "steps"),
                ("tokens", "tokens"),
                ("seconds", "s"),
                ("tokens_per_second", "tokens/s"),
            )
            if key in report
        ),
        "went on from": report.get("went_on_from", ""),
        "held-out bits per character": " → ".join(map(str, report.get("held_out_bits_per_character", {}).values())),
        "held-out pairs": ", ".join(f"{key} {value}" for key, value in report.get("held_out", {}).items()),
        "licence": _LICENCE,
    }
    lines = [
        f"# {file.name}",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {key} | {value} |" for key, value in rows.items() if value),
    ]
    return "\n".join(lines) + "\n"


def write_merged(run: Path, out: Path) -> None:
    """Write the base of a run with its adapter added to the weights, as a folder for `hf:OUT`; raises ModelError."""
    from peft import PeftModel

    from model.repository import adapter_folder
    from training.base import load_tokenizer

    folder = adapter_folder(str(run))
    if folder is None:
        raise ModelError(f"{run}: is no PEFT adapter; give the folder that `daebon train sft` wrote")
    import torch
    from transformers import AutoModelForCausalLM

    base = str(json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))["base_model_name_or_path"])
    try:
        model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, use_safetensors=True)
        load_tokenizer(base).save_pretrained(out)
        PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(out)
    except (OSError, ValueError) as error:
        raise ModelError(f"{base}: {str(error).splitlines()[0]}; the adapter was trained on it") from error


def write_peft(file: Path, base: Path, out: Path) -> Path:
    """Write the adapter of a GGUF file as a folder of PEFT on the torch base in folder `base`; return `out`, for `hf:OUT`.

    Values stay what they are in the file (f16, raised to 32 bits). Raises ModelError when a tensor has no place in the model.
    """
    from peft import LoraConfig
    from safetensors.torch import save_file

    alpha, parts = _parts(file)
    state, targets = {}, set()
    for name, (down, up) in parts.items():
        module = torch_name(name, file).removesuffix(".weight")
        targets.add(module.rpartition(".")[2])
        for part, values in (("A", down), ("B", up)):
            state[f"base_model.model.{module}.lora_{part}.weight"] = values.contiguous()
    rank = next(iter(parts.values()))[0].shape[0]
    LoraConfig(
        r=rank,
        lora_alpha=int(alpha),
        target_modules=sorted(targets),
        task_type="CAUSAL_LM",
        base_model_name_or_path=str(base),
        inference_mode=True,
    ).save_pretrained(out)
    save_file(state, out / "adapter_model.safetensors", metadata={"format": "pt"})
    return out


def merge(model: Any, file: Path) -> Any:
    """Add the adapter of a GGUF file to the weights of `model`, the torch base it was trained on; return the model.

    W + alpha / rank * B A, as llama.cpp does at play time. Raises ModelError when a tensor of the file has no place.
    """
    import torch

    alpha, parts = _parts(file)
    places = {
        gguf_name(name): weight for name, weight in model.named_parameters() if ".layers." in name and weight.dim() == 2
    }
    with torch.no_grad():
        for name, (down, up) in parts.items():
            if name not in places:
                raise ModelError(f"{file}: tensor {name} has no place in the model; it was trained on another base")
            places[name] += (alpha / down.shape[0]) * (up @ down)
    return model


def _parts(file: Path) -> tuple[float, dict[str, tuple[Any, Any]]]:
    """Return alpha and, by the base's tensor, A (rank x in) and B (out x rank) in 32 bits of an adapter in GGUF."""
    import torch
    from gguf import GGUFReader

    try:
        reader = GGUFReader(file)
        alpha = float(reader.get_field("adapter.lora.alpha").contents())
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{file}: is no LoRA adapter in GGUF ({error}); give one of `daebon train adapter`") from error
    parts = {tensor.name: torch.from_numpy(tensor.data.copy()).float() for tensor in reader.tensors}
    names = sorted({name.rpartition(".lora_")[0] for name in parts})
    return alpha, {name: (parts[f"{name}.lora_a"], parts[f"{name}.lora_b"]) for name in names}
