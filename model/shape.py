"""The sizes of a model that memory depends on, read from a config.json or from the header of a GGUF file; weights stay unread."""

from __future__ import annotations

import json
import logging
import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model._gguf import read_header
from model.config import LDCC, ModelConfig
from model.repository import adapter_config, adapter_folder, named
from model.weights import drama_adapter, embedded_weights
from transcript.errors import ModelError, UsageError

_NORMS = {  # norms of the model's width in a layer, and whether queries and keys of a head have one too
    "llama": (2, False),
    "mistral": (2, False),
    "qwen2": (2, False),
    "qwen3": (2, True),
    "gemma": (2, False),
    "gemma2": (4, False),
    "gemma3_text": (4, True),
    "exaone4": (2, True),
    "hyperclovax": (4, False),
}


@dataclass(frozen=True)
class Shape:
    """The sizes of a dense decoder. `small` counts norms and biases; `half`: its file holds 16 bits a weight.

    `windowed` layers attend to the last `window` places only. `stored` is the bytes of its tensors in a GGUF file, 0 for
    a model of transformers.
    """

    layers: int
    hidden: int
    inner: int
    heads: int
    kv_heads: int
    head: int
    vocabulary: int
    longest: int
    small: int = 0
    tied: bool = False
    half: bool = True
    windowed: int = 0
    window: int = 0
    stored: int = 0

    @staticmethod
    def of_config(config: Mapping[str, Any], name: str = "config.json") -> Shape:
        """Read a config.json of transformers; raises ModelError, which begins with `name`, for what is not a known dense decoder."""
        kind = str(config.get("model_type"))
        if kind not in _NORMS:
            raise ModelError(f"{name}: model_type {kind!r} cannot be planned; those that can are {', '.join(_NORMS)}")
        try:
            layers, hidden, heads = (
                int(config[key]) for key in ("num_hidden_layers", "hidden_size", "num_attention_heads")
            )
            inner, vocabulary = int(config["intermediate_size"]), int(config["vocab_size"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{name}: {error} is missing or no number; give the model's own config.json") from error
        kv_heads = int(config.get("num_key_value_heads") or heads)
        head = int(config.get("head_dim") or hidden // heads)
        norms, of_heads = _NORMS[kind]
        read, kept = heads * head, kv_heads * head
        biases = (read + 2 * kept) if kind == "qwen2" or config.get("attention_bias") else 0
        biases += hidden if config.get("attention_bias") else 0
        biases += 2 * inner + hidden if config.get("mlp_bias") else 0
        window = int(config.get("sliding_window") or 0)
        kinds = config.get("layer_types") or ["sliding_attention" if kind == "mistral" and window else ""] * layers
        return Shape(
            layers, hidden, inner, heads, kv_heads, head, vocabulary,
            longest=int(config.get("max_position_embeddings") or 0),
            small=layers * (norms * hidden + 2 * head * of_heads + biases) + hidden,
            tied=bool(config.get("tie_word_embeddings", kind.startswith("gemma"))),
            half=(config.get("dtype") or config.get("torch_dtype")) in ("float16", "bfloat16"),
            windowed=kinds.count("sliding_attention"),
            window=window,
        )  # fmt: skip

    @staticmethod
    def of_gguf(path: Path) -> Shape:
        """Read the header of a GGUF file, the bytes of its tensors included; raises ModelError for anything else."""
        try:
            with (
                path.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
                memoryview(data) as view,
            ):
                fields, tensors, start, _ = read_header(view)
                size = len(view)
            found = {field.key.decode(): field.value for field in fields}
            kind = bytes(found["general.architecture"]).decode()  # type: ignore[call-overload]
            layers, hidden, inner, heads = (
                _whole(found[f"{kind}.{key}"])
                for key in ("block_count", "embedding_length", "feed_forward_length", "attention.head_count")
            )
            vocabulary = next(tensor.shape[1] for tensor in tensors if tensor.name == b"token_embd.weight")
            kv_heads = _whole(found.get(f"{kind}.attention.head_count_kv", heads))
            head = _whole(found.get(f"{kind}.attention.key_length", hidden // heads))
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror}); give the path of a GGUF file") from error
        except (KeyError, IndexError, StopIteration, TypeError, ValueError, struct.error) as error:
            raise ModelError(f"{path}: not a GGUF file of a dense decoder ({error!r}); give another file") from error
        return Shape(
            layers, hidden, inner, heads, kv_heads, head, vocabulary,
            longest=_whole(found.get(f"{kind}.context_length", 0)),
            small=sum(tensor.shape[0] for tensor in tensors if len(tensor.shape) == 1),
            tied=not any(tensor.name == b"output.weight" for tensor in tensors),
            stored=size - start,
        )  # fmt: skip

    @property
    def matrices(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of the seven linear projections of a layer."""
        read, kept = self.heads * self.head, self.kv_heads * self.head
        attention = ((self.hidden, read), (self.hidden, kept), (self.hidden, kept), (read, self.hidden))
        return (*attention, (self.hidden, self.inner), (self.hidden, self.inner), (self.inner, self.hidden))

    @property
    def parameters(self) -> int:
        """How many weights there are in all."""
        return self.layers * sum(i * o for i, o in self.matrices) + self.unquantised

    @property
    def unquantised(self) -> int:
        """How many weights bitsandbytes leaves as they are: embeddings, head, norms, biases."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2) + self.small

    def kv_bytes(self, tokens: int, width: int, *, bounded: bool = False) -> int:
        """Return the bytes of keys and values of `tokens` places at `width` bytes a value.

        Our caches keep every layer whole, so that a prompt can be cut at any place; `bounded` is for a runtime that
        drops what left a window (the last `window` - 1 places stay for the next).
        """
        short = min(tokens, self.window - 1) if bounded and self.windowed else tokens
        return 2 * self.kv_heads * self.head * width * (self.windowed * short + (self.layers - self.windowed) * tokens)


def shape_of(config: ModelConfig) -> tuple[Shape, int]:
    """Return the shape of the model that `config` names and its adapter: bytes of the file for llama.cpp, else the rank.

    Weights are not read, only their configuration; a repository of the hub is asked for its config.json where it is not
    in the cache. The rank is 0 without an adapter. Raises ModelError for what has no shape that can be told.
    """
    path = Path(config.path).expanduser()
    match config.runtime:
        case "embedded":
            file = None if config.path == "base" else path if config.path else drama_adapter()
            return Shape.of_gguf(embedded_weights()), _size(file) if file else 0
        case "gguf":
            return Shape.of_gguf(path), 0
        case "hf":
            return _of_transformers(config.path)
        case "server":
            raise UsageError(f"{config}: its memory is the server's; plan the model that it serves, as hf:ID")
        case "scripted":
            raise UsageError(f"{config}: canned lines take no memory worth a plan; name another model")


def _of_transformers(name: str) -> tuple[Shape, int]:
    folder = Path(name).expanduser()
    if name.partition("@")[0] == LDCC:
        text = (Path(__file__).parent / "ldcc.json").read_text("utf-8")
        return Shape.of_config(json.loads(text), "model/ldcc.json"), 0
    if adapter := adapter_folder(folder):
        config = adapter_config(adapter)
        return _of_transformers(str(config["base_model_name_or_path"]))[0], int(config["r"])
    file = folder / "config.json" if folder.is_dir() or folder.is_absolute() else _fetched(name)
    try:
        return Shape.of_config(dict(json.loads(file.read_text("utf-8"))), str(file)), 0
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"hf:{name}: no config.json can be read there ({error}); give a folder or hub id") from error


def _fetched(name: str) -> Path:
    with named(f"hf:{name}"):
        from huggingface_hub import hf_hub_download

        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries, six lines
        repository, _, revision = name.partition("@")
        return Path(hf_hub_download(repository, "config.json", revision=revision or None))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise ModelError(
            f"{file}: cannot be read ({error.strerror}); give an adapter that `daebon train adapter` wrote"
        ) from error


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{value!r} for a size")
    return value
