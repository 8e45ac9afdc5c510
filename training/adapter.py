"""Write a PEFT LoRA as the GGUF adapter that llama.cpp loads: `python -m training.adapter PEFT_DIR --out FILE.gguf`."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from model.weights import sha256_of
from training.base import gguf_name
from transcript.errors import DaebonError, ModelError

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

    try:
        config = json.loads((peft / "adapter_config.json").read_text(encoding="utf-8"))
        tensors = load_file(peft / "adapter_model.safetensors")
    except (OSError, ValueError) as error:
        raise ModelError(f"{peft}: is no PEFT adapter ({error}); give the folder that training.sft wrote") from error
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


def main() -> int:
    """Run from the command line; prints the sha256."""
    parser = argparse.ArgumentParser(prog="python -m training.adapter", description="Convert a PEFT LoRA to GGUF.")
    parser.add_argument("peft", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    try:
        digest = write_adapter(given.peft, given.out)
    except DaebonError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{digest}  {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
