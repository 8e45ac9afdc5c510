"""GGUF files of others, looked at before llama.cpp loads them: what their headers promise must stand in the file.

llama.cpp reads them in this process, and a header that is wrong can end it.
"""

from __future__ import annotations

import math
import mmap
from pathlib import Path

from model._gguf import DAMAGED, Field, Tensor, read_header
from transcript.errors import ModelError

_ADAPTER = "give an adapter that `daebon train adapter` wrote"
_MODEL = "convert the model with llama.cpp or give another file"
_MOST_RANK = 4_096
_BLOCKS = {  # type of a tensor: values and bytes of a block (ggml.h, ggml-common.h)
    **{0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36)},
    **{10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292)},
    **{16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82)},
    **{23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2)},
    **{34: (256, 54), 35: (256, 66), 39: (32, 17)},
}


def check_weights(path: Path) -> None:
    """Raise ModelError unless `path` is a GGUF model with a sound header and all of the tensors that it names."""
    fields, _ = _read(path, _MODEL)
    if fields.get("general.type") == b"adapter":
        raise ModelError(f"{path}: is an adapter, not a model; give it as --model embedded:{path}")


def check_adapter(path: Path) -> None:
    """Raise ModelError unless `path` is a LoRA adapter in GGUF whose pairs of matrices fit each other."""
    fields, tensors = _read(path, _ADAPTER)
    if (fields.get("general.type"), fields.get("adapter.type")) != (b"adapter", b"lora"):
        raise ModelError(f"{path}: is no LoRA adapter; {_ADAPTER}")
    alpha = fields.get("adapter.lora.alpha")
    if not isinstance(alpha, float) or not math.isfinite(alpha):
        raise ModelError(f"{path}: adapter.lora.alpha is {alpha!r} and no number; {_ADAPTER}")
    shapes = {tensor.name.decode(): tensor.shape for tensor in tensors}
    for name in sorted({name.rpartition(".lora_")[0] for name in shapes}):
        down, up = shapes.get(f"{name}.lora_a", ()), shapes.get(f"{name}.lora_b", ())
        if len(down) != 2 or len(up) != 2 or down[1] != up[0] or not 0 < up[0] <= _MOST_RANK:
            raise ModelError(f"{path}: the matrices of {name[:60]!r} do not fit each other; {_ADAPTER}")
    if not shapes:
        raise ModelError(f"{path}: holds no tensors; {_ADAPTER}")


def _read(path: Path, remedy: str) -> tuple[dict[str, object], list[Tensor]]:
    """Return the fields and tensors of a GGUF file whose tensors all lie within it."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelError(f"{path}: not a GGUF file; {remedy}")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
                fields, tensors, start, alignment = read_header(view)
                room = len(view) - start
        for tensor in tensors:
            _check(tensor, room, alignment)
        names = {tensor.name.decode() for tensor in tensors}
        if len(names) < len(tensors):
            raise ValueError("two tensors of one name")
        return {_name(field): field.value for field in fields}, tensors
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {remedy}") from error
    except DAMAGED as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"{path}: a damaged GGUF file ({reason}); download it again") from error


def _check(tensor: Tensor, room: int, alignment: int) -> None:
    if tensor.kind not in _BLOCKS:
        raise ValueError(f"tensor {tensor.name[:60]!r} is of the unknown type {tensor.kind}")
    values, size = _BLOCKS[tensor.kind]
    count = math.prod(tensor.shape)
    if not count or tensor.shape[0] % values or tensor.offset % alignment:
        raise ValueError(f"tensor {tensor.name[:60]!r} of shape {tensor.shape} at byte {tensor.offset}")
    if tensor.offset + count // values * size > room:
        raise ValueError(f"tensor {tensor.name[:60]!r} lies outside of the file: it is cut off")


def _name(field: Field) -> str:
    return field.key.decode()
