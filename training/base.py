"""The embedded model as a torch module with its tokenizer, both read from the trimmed GGUF file that the runtime plays.

Training must see the ids that llama.cpp sees, so the tokenizer is llama.cpp's own over the token list of that same file
(`llm_tokenizer_spm` in llama-vocab.cpp: sentencepiece merges by score, with byte fallback).
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.weights import sha256_of
from transcript.errors import ModelError

if TYPE_CHECKING:
    from transformers import Gemma3ForCausalLM

_UNKNOWN, _CONTROL, _USER_DEFINED = 2, 3, 4  # token types of GGUF
_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_TOP = {"token_embd": "model.embed_tokens.weight", "output_norm": "model.norm.weight"}


class Tokenizer:
    """A sentencepiece vocabulary as llama.cpp applies it; `bos` is the id that starts every prompt."""

    def __init__(
        self, tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int], bos: int, unknown: int
    ) -> None:
        """Take the three token arrays of a GGUF file (same length) and two of its special ids."""
        self.tokens, self.bos, self._unknown = tuple(tokens), bos, unknown
        self._ids = {text: index for index, text in enumerate(tokens)}
        self._scores = tuple(scores)
        special = [t for t, kind in zip(tokens, kinds, strict=True) if kind in (_UNKNOWN, _CONTROL, _USER_DEFINED)]
        longest_first = sorted(special, key=len, reverse=True)
        self._special = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")") if special else None
        self._known = frozenset(special)

    @staticmethod
    def load(folder: Path) -> Tokenizer:
        """Read `tokenizer.json` of a folder that `converted` made."""
        row = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        return Tokenizer(row["tokens"], row["scores"], row["kinds"], row["bos"], row["unknown"])

    def encode(self, text: str) -> list[int]:
        """Return the ids of `text` without the start token, as llama.cpp's server gives them for a prompt."""
        ids: list[int] = []
        for part in self._special.split(text) if self._special else [text]:
            if part in self._known:
                ids.append(self._ids[part])
            elif part:
                ids += self._merged(part.replace(" ", "\u2581"))
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of `ids`; byte tokens are joined, what is no UTF-8 becomes U+FFFD."""
        raw = b""
        for index in ids:
            token = self.tokens[index]
            byte = re.fullmatch("<0x([0-9A-F]{2})>", token)
            raw += bytes([int(byte[1], 16)]) if byte else token.replace("\u2581", " ").encode()
        return raw.decode(errors="replace")

    def _merged(self, text: str) -> list[int]:
        """Join the pair with the best score, leftmost first, until no joined pair is a token."""
        pieces: list[str] = list(text)
        after = [*range(1, len(pieces)), -1]
        before = [*range(-1, len(pieces) - 1)]
        queue: list[tuple[float, int, int, str]] = []

        def offer(left: int, right: int) -> None:
            if left < 0 or right < 0:
                return
            joined = pieces[left] + pieces[right]
            index = self._ids.get(joined)
            if index is not None:
                heapq.heappush(queue, (-self._scores[index], left, right, joined))

        for left in range(len(pieces) - 1):
            offer(left, left + 1)
        while queue:
            _, left, right, joined = heapq.heappop(queue)
            if not pieces[left] or not pieces[right] or pieces[left] + pieces[right] != joined:
                continue
            pieces[left], pieces[right] = joined, ""
            after[left] = after[right]
            if after[right] >= 0:
                before[after[right]] = left
            offer(before[left], left)
            offer(left, after[left])
        ids: list[int] = []
        for piece in filter(None, pieces):
            if piece in self._ids:
                ids.append(self._ids[piece])
            else:
                ids += [self._ids.get(f"<0x{byte:02X}>", self._unknown) for byte in piece.encode()]
        return ids


def converted(weights: Path, folder: Path) -> Path:
    """Return `folder` with the GGUF file `weights` as a transformers model, converting it when that is not yet done.

    Writes fp32 `model.safetensors`, `config.json`, `tokenizer.json` and `base.json` (sha256 of `weights`), in 10 s.
    Raises ModelError when the file is not a Gemma 3 text model.
    """
    digest = sha256_of(weights)
    mark = folder / "base.json"
    if mark.exists() and json.loads(mark.read_text())["sha256"] == digest:
        return folder
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors.torch import save_file

    try:
        reader = GGUFReader(weights)
        config, vocabulary = _config(reader), _vocabulary(reader)
    except (ValueError, OSError) as error:
        raise ModelError(f"{weights}: cannot be read as a GGUF model ({error}); pass the embedded weights") from error
    state = {}
    for tensor in reader.tensors:
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        name = _torch_name(tensor.name, weights)
        state[name] = values - 1.0 if "norm" in name else values  # the file stores 1 + w, Gemma3RMSNorm adds the 1
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    mark.write_text(json.dumps({"sha256": digest, "file": weights.name}))
    return folder


def load_base(folder: Path) -> Gemma3ForCausalLM:
    """Return the model of a folder that `converted` made, fp32 on the CPU, all weights frozen.

    Attention is the eager one: with torch's fused CPU kernel a training step took 1.27 times the CPU time.
    """
    import torch
    from transformers import Gemma3ForCausalLM

    model: Gemma3ForCausalLM = Gemma3ForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    model.requires_grad_(False)
    return model


def gguf_name(name: str) -> str:
    """Return the name in the GGUF file of a torch weight inside a layer (`model.layers.0.mlp.up_proj.weight`)."""
    layer = re.fullmatch(r"model\.layers\.(\d+)\.([\w.]+)\.weight", name)
    part = next((gguf for gguf, torch in _PARTS.items() if layer and torch == layer[2]), None)
    if layer is None or part is None:
        raise ModelError(f"tensor {name!r} is not inside a layer of Gemma 3; adapt linear layers only")
    return f"blk.{layer[1]}.{part}.weight"


def _torch_name(name: str, weights: Path) -> str:
    stem = name.removesuffix(".weight")
    if stem in _TOP:
        return _TOP[stem]
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)", stem)
    if not block or block[2] not in _PARTS:
        raise ModelError(f"{weights}: tensor {name!r} is not part of a Gemma 3 text model; pass the embedded weights")
    return f"model.layers.{block[1]}.{_PARTS[block[2]]}.weight"


def _config(reader: Any) -> Any:
    from transformers import Gemma3TextConfig

    def value(key: str) -> Any:
        field = reader.get_field(key)
        if field is None:
            raise ValueError(f"no field {key}")
        return field.contents()

    if value("general.architecture") != "gemma3":
        raise ValueError(f"architecture {value('general.architecture')!r}")
    head = value("gemma3.attention.key_length")
    return Gemma3TextConfig(
        vocab_size=len(value("tokenizer.ggml.tokens")),
        hidden_size=value("gemma3.embedding_length"),
        intermediate_size=value("gemma3.feed_forward_length"),
        num_hidden_layers=value("gemma3.block_count"),
        num_attention_heads=value("gemma3.attention.head_count"),
        num_key_value_heads=value("gemma3.attention.head_count_kv"),
        head_dim=head,
        query_pre_attn_scalar=head,
        sliding_window=value("gemma3.attention.sliding_window"),
        rms_norm_eps=value("gemma3.attention.layer_norm_rms_epsilon"),
        max_position_embeddings=value("gemma3.context_length"),
        bos_token_id=value("tokenizer.ggml.bos_token_id"),
        eos_token_id=value("tokenizer.ggml.eos_token_id"),
        pad_token_id=value("tokenizer.ggml.padding_token_id"),
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
            "full_attention": {"rope_type": "default", "rope_theta": float(value("gemma3.rope.freq_base"))},
        },
        tie_word_embeddings=True,
    )


def _vocabulary(reader: Any) -> dict[str, Any]:
    def value(key: str) -> Any:
        return reader.get_field("tokenizer.ggml." + key).contents()

    return {
        "tokens": value("tokens"),
        "scores": value("scores"),
        "kinds": value("token_type"),
        "bos": value("bos_token_id"),
        "unknown": value("unknown_token_id"),
    }
