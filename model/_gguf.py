"""Trim the vocabulary of a GGUF file: keep some tokens, slice their embedding rows, copy the rest byte for byte.

The layout follows the GGUF specification, version 3 (ggml-org/ggml, docs/gguf.md). The `gguf` package reads the same file in
11 s because it wraps each of 262,144 token strings in numpy views; walking the header with `struct` takes 0.4 s.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from transcript.errors import ModelError

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_SCALAR = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_BLOCK_BYTES = {
    0: (1, 4),
    1: (1, 2),
    8: (32, 34),
}  # tensor type: (values per block, bytes per block) for F32, F16, Q8_0
_TOKEN_ARRAYS = ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type")
_EMBEDDING = "token_embd.weight"
_NORMAL = 1
_MOST_AXES = 4
DAMAGED = (struct.error, LookupError, TypeError, ValueError, AttributeError, OverflowError)
"""What reading a header raises where the file is damaged or another's."""
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
_PLAIN = re.compile("[\u2581 -~\u2010-\u2027\u3000-\u303f\uff01-\uff5e]*")
_WRITTEN = re.compile(
    "[\u0000-\u017f\u2000-\u2bff\u3000-\u303f\uff00-\uffef]"
)  # Latin, marks, arrows, CJK and wide punctuation
_LAST_PLAIN_ID = 6_000  # a lower id is an earlier merge, so keeping all low ids keeps their merges closed


@dataclass(frozen=True)
class Field:
    """One key of the header and its value."""

    key: bytes
    kind: int
    item: int  # element type of an array, else 0
    value: object  # a scalar, bytes, or a list of either


@dataclass(frozen=True)
class Tensor:
    """One tensor of the header: `kind` is ggml's number of its type, `offset` is in bytes from where the data start."""

    name: bytes
    shape: tuple[int, ...]
    kind: int
    offset: int


def keep_korean(text: str, index: int, kind: int) -> bool:
    """Say whether a token stays: special ones, Hangul, single Latin letters and marks, early ASCII or punctuation.

    Other scripts (Hanja, kana, Cyrillic…) still work as input: they fall back to byte tokens. 17,410 of Gemma 3's 262,144
    tokens stay.
    """
    if kind != _NORMAL or _HANGUL.search(text):
        return True
    if len(text) == 1:
        return _WRITTEN.match(text) is not None
    return index < _LAST_PLAIN_ID and _PLAIN.fullmatch(text) is not None


def trim_vocabulary(
    source: bytes | bytearray, out: BinaryIO, name: str, keep: Callable[[str, int, int], bool] = keep_korean
) -> int:
    """Write the GGUF file `source` to `out` with only the tokens for which `keep(text, id, type)` holds; return how many.

    No weight is requantised: rows of the embedding table are copied. Raises ModelError, which mentions `name`, when
    `source` is not a GGUF file with a row-quantised embedding table and a token list.
    """
    data = memoryview(source)
    try:
        fields, tensors, start, alignment = read_header(data)
        kept, fields = _trim_fields(fields, keep)
        _write(out, data[start:], fields, tensors, kept, alignment)
    except DAMAGED as error:
        raise ModelError(f"{name}: not a GGUF file that can be trimmed ({error})") from error
    return len(kept)


def _trim_fields(fields: list[Field], keep: Callable[[str, int, int], bool]) -> tuple[list[int], list[Field]]:
    by_key = {field.key.decode(): field for field in fields}
    tokens, kinds = (by_key[key].value for key in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"))
    if not (isinstance(tokens, list) and isinstance(kinds, list)):
        raise TypeError("tokens that are no list")
    kept = [i for i, (text, kind) in enumerate(zip(tokens, kinds, strict=True)) if keep(text.decode(), i, kind)]
    new_id = {old: new for new, old in enumerate(kept)}

    def trimmed(field: Field) -> Field:
        key = field.key.decode()
        if key in _TOKEN_ARRAYS:
            if not isinstance(field.value, list):
                raise TypeError(f"{key} is no list")
            return Field(field.key, field.kind, field.item, [field.value[i] for i in kept])
        if key.startswith("tokenizer.ggml.") and key.endswith("_token_id"):
            if not isinstance(field.value, int):
                raise TypeError(f"{key} is no number")
            return Field(field.key, field.kind, field.item, new_id[field.value])
        return field

    return kept, [trimmed(field) for field in fields]


def read_header(data: memoryview) -> tuple[list[Field], list[Tensor], int, int]:
    """Return the fields, the tensors, where the tensor data start, and their alignment; raises one of DAMAGED."""
    if bytes(data[:4]) != _MAGIC:
        raise KeyError("no GGUF mark at the start")
    at = 4

    def take(code: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + code, data, at)
        at += struct.calcsize("<" + code)
        return value  # type: ignore[no-any-return]

    def take_bytes() -> bytes:
        nonlocal at
        length = take("Q")
        if length > len(data) - at:
            raise IndexError(f"a string of {length} bytes at byte {at}")
        at += length
        return bytes(data[at - length : at])

    def take_value(kind: int) -> object:
        return take_bytes() if kind == _STRING else take(_SCALAR[kind])

    take("I")  # version
    tensor_count, field_count = take("Q"), take("Q")
    fields = []
    for _ in range(field_count):
        key, kind = take_bytes(), take("I")
        if kind == _ARRAY:
            item, count = take("I"), take("Q")
            if count > len(data) - at:
                raise IndexError(f"an array of {count} items at byte {at}")
            fields.append(Field(key, kind, item, [take_value(item) for _ in range(count)]))
        else:
            fields.append(Field(key, kind, 0, take_value(kind)))
    tensors = []
    for _ in range(tensor_count):
        name, rank = take_bytes(), take("I")
        if rank > _MOST_AXES:
            raise IndexError(f"a tensor of {rank} axes at byte {at}")
        shape = tuple(take("Q") for _ in range(rank))
        tensors.append(Tensor(name, shape, take("I"), take("Q")))
    alignment = next((f.value for f in fields if f.key == b"general.alignment"), 32)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise ValueError(f"an alignment of {alignment!r}")
    return fields, tensors, at + -at % alignment, alignment


def _write(
    out: BinaryIO, body: memoryview, fields: list[Field], tensors: list[Tensor], kept: list[int], alignment: int
) -> None:
    ends = [*sorted(tensor.offset for tensor in tensors[:]), len(body)]
    blobs: list[tuple[Tensor, memoryview | bytes]] = []
    for tensor in tensors:
        blob: memoryview | bytes = body[tensor.offset : ends[ends.index(tensor.offset) + 1]]
        if tensor.name.decode() == _EMBEDDING:
            values, size = _BLOCK_BYTES[tensor.kind]
            row = tensor.shape[0] // values * size
            blob = b"".join(blob[i * row : (i + 1) * row] for i in kept)
            tensor = Tensor(tensor.name, (tensor.shape[0], len(kept)), tensor.kind, 0)
        blobs.append((tensor, blob))

    head = bytearray(_MAGIC + struct.pack("<IQQ", 3, len(tensors), len(fields)))
    for field in fields:
        head += _packed(field.key) + struct.pack("<I", field.kind)
        if field.kind == _ARRAY:
            assert isinstance(field.value, list)
            head += struct.pack("<IQ", field.item, len(field.value))
            head += b"".join(_packed_value(field.item, value) for value in field.value)
        else:
            head += _packed_value(field.kind, field.value)
    offset = 0
    for tensor, blob in blobs:
        head += _packed(tensor.name) + struct.pack("<I", len(tensor.shape))
        head += struct.pack(f"<{len(tensor.shape)}QIQ", *tensor.shape, tensor.kind, offset)
        offset += len(blob) + -len(blob) % alignment
    out.write(head + bytes(-len(head) % alignment))
    for _, blob in blobs:
        out.write(blob)
        out.write(bytes(-len(blob) % alignment))


def _packed(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def _packed_value(kind: int, value: object) -> bytes:
    if kind == _STRING:
        assert isinstance(value, bytes)
        return _packed(value)
    return struct.pack("<" + _SCALAR[kind], value)
