"""A PEFT LoRA as the GGUF adapter that llama.cpp loads, and back into the weights of the base."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from model.weights import sha256_of
from training.base import gguf_name
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
    writer.add_description(f"LoRA of {_BASE} for lines of Korean drama characters; see CARD.md")
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


def merge(model: Any, file: Path) -> Any:
    """Add the adapter of a GGUF file to the weights of `model`, the torch base it was trained on; return the model.

    W + alpha / rank * B A, as llama.cpp does at play time. Raises ModelError when a tensor of the file has no place.
    """
    import torch
    from gguf import GGUFReader

    try:
        reader = GGUFReader(file)
        alpha = float(reader.get_field("adapter.lora.alpha").contents())
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{file}: is no LoRA adapter in GGUF ({error}); give one of `daebon train adapter`") from error
    parts = {tensor.name: torch.from_numpy(tensor.data.copy()).float() for tensor in reader.tensors}
    places = {
        gguf_name(name): weight for name, weight in model.named_parameters() if ".layers." in name and weight.dim() == 2
    }
    with torch.no_grad():
        for name in sorted({name.rpartition(".lora_")[0] for name in parts}):
            if name not in places:
                raise ModelError(f"{file}: tensor {name} has no place in the model; it was trained on another base")
            down, up = parts[f"{name}.lora_a"], parts[f"{name}.lora_b"]
            places[name] += (alpha / down.shape[0]) * (up @ down)
    return model
