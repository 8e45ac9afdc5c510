"""GGUF files of others are looked at before llama.cpp loads them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from benchmarks.fuzz import seeds
from model import ModelConfig, load_chat_model
from model.checked import check_adapter, check_weights
from model.weights import drama_adapter, embedded_weights
from transcript.errors import ModelError


def text(word: str) -> bytes:
    return struct.pack("<Q", len(word)) + word.encode()


KIND = ("general.type", 8, text("adapter"))
LORA = ("adapter.type", 8, text("lora"))
ALPHA = ("adapter.lora.alpha", 6, struct.pack("<f", 32.0))
HALF = bytes(256)
DOWN, UP = ("q.lora_a", (32, 2), 0, HALF), ("q.lora_b", (2, 32), 0, HALF)


def test_what_we_ship_and_what_we_make_is_sound(tmp_path: Path):
    check_weights(embedded_weights())
    check_adapter(drama_adapter())
    (tmp_path / "a.gguf").write_bytes(seeds.adapters()[0])
    check_adapter(tmp_path / "a.gguf")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not a GGUF file|cannot be read"),
        (b"PK\x03\x04", "not a GGUF file"),
        (b"GGUF" + b"\xff" * 40, "damaged GGUF file"),
        (seeds.weights()[0], "is no LoRA adapter"),
        (seeds.adapters()[0][:-64], "lies outside of the file"),
        (seeds.gguf([KIND, LORA, ALPHA], []), "holds no tensors"),
        (seeds.gguf([KIND, LORA], [DOWN, UP]), "alpha is None"),
        (seeds.gguf([KIND, LORA, (*ALPHA[:2], struct.pack("<f", float("nan")))], [DOWN, UP]), "alpha is nan"),
        (seeds.gguf([KIND, LORA, ALPHA], [DOWN]), "do not fit each other"),
        (seeds.gguf([KIND, LORA, ALPHA], [DOWN, ("q.lora_b", (4, 16), 0, HALF)]), "do not fit each other"),
        (seeds.gguf([KIND, LORA, ALPHA], [DOWN, ("q.lora_b", (2, 32), 99, HALF)]), "unknown type 99"),
        (seeds.gguf([KIND, LORA, ALPHA], [DOWN, DOWN, UP]), "two tensors of one name"),
        (
            seeds.gguf([KIND, LORA, ALPHA, ("general.alignment", 4, struct.pack("<I", 0))], [DOWN, UP]),
            "an alignment of 0",
        ),
    ],
)
def test_an_adapter_that_is_none_is_refused_before_it_is_loaded(tmp_path: Path, data: bytes, word: str):
    path = tmp_path / "mine.gguf"
    path.write_bytes(data)
    for ask in (lambda: check_adapter(path), lambda: load_chat_model(ModelConfig.parse(f"embedded:{path}"))):
        with pytest.raises(ModelError, match=word) as told:
            ask()
        assert str(told.value).startswith(str(path))


def test_weights_that_are_cut_off_or_an_adapter_are_refused_before_they_are_loaded(tmp_path: Path):
    path = tmp_path / "m.gguf"
    for data, word in ((seeds.weights()[0][:-200], "lies outside"), (seeds.adapters()[0], "is an adapter")):
        path.write_bytes(data)
        with pytest.raises(ModelError, match=word):
            load_chat_model(ModelConfig.parse(f"gguf:{path}"))
