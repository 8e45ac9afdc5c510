"""The embedded model as a torch module with its tokenizer, both read from the trimmed GGUF file that the runtime plays.

Training must see the ids that llama.cpp sees, so the tokenizer is made of the token list of that same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.weights import sha256_of
from transcript.errors import ModelError

if TYPE_CHECKING:
    from transformers import Gemma3ForCausalLM, PreTrainedTokenizerFast

_MARK = "base.json"  # marks a folder of ours
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED = 1, 2, 3, 4  # token types of GGUF
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


def load_tokenizer(folder: Path | str) -> PreTrainedTokenizerFast:
    """Return the tokenizer of a folder that `converted` made, or of any model of transformers.

    Of the embedded model it gives the ids that llama.cpp gives (`llm_tokenizer_spm` in llama-vocab.cpp: the pair whose
    token has the best score is joined first, bytes where there is no token), and its end is the line's end.
    """
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    kind = PreTrainedTokenizerFast if (Path(folder) / _MARK).exists() else AutoTokenizer
    loaded: PreTrainedTokenizerFast = kind.from_pretrained(folder)
    return loaded


def tokenizer_in(weights: Path) -> PreTrainedTokenizerFast:
    """Return the tokenizer of a GGUF file of Gemma without converting its weights."""
    from gguf import GGUFReader

    return _tokenizer(GGUFReader(weights))


def converted(weights: Path, folder: Path) -> Path:
    """Return `folder` with the GGUF file `weights` as a transformers model, converting it when that is not yet done.

    Writes fp32 `model.safetensors`, `config.json`, the tokenizer and `base.json` (sha256 of `weights`), in 10 s.
    Raises ModelError when the file is not a Gemma 3 text model.
    """
    digest = sha256_of(weights)
    mark = folder / _MARK
    if mark.exists() and json.loads(mark.read_text())["sha256"] == digest:
        return folder
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from safetensors.torch import save_file

    try:
        reader = GGUFReader(weights)
        config, tokenizer = _config(reader), _tokenizer(reader)
    except (ValueError, OSError) as error:
        raise ModelError(f"{weights}: cannot be read as a GGUF model ({error}); pass the embedded weights") from error
    state = {}
    for tensor in reader.tensors:
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        name = torch_name(tensor.name, weights)
        state[name] = values - 1.0 if "norm" in name else values  # the file stores 1 + w, Gemma3RMSNorm adds the 1
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
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


def torch_name(name: str, weights: Path) -> str:
    """Return the name in torch of a tensor of the GGUF file `weights`, the other way round than `gguf_name`."""
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
        architectures=["Gemma3ForCausalLM"],  # else a server takes it for a model of embeddings
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


def _tokenizer(reader: Any) -> PreTrainedTokenizerFast:
    def value(key: str) -> Any:
        return reader.get_field("tokenizer.ggml." + key).contents()

    return tokenizer_of(
        value("tokens"),
        value("scores"),
        value("token_type"),
        bos=value("bos_token_id"),
        unknown=value("unknown_token_id"),
    )


def tokenizer_of(
    tokens: Sequence[str], scores: Sequence[float], kinds: Sequence[int], *, bos: int, unknown: int
) -> PreTrainedTokenizerFast:
    """Return the tokenizer of a sentencepiece vocabulary as GGUF files hold it: three arrays of one length, two ids."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, processors
    from transformers import PreTrainedTokenizerFast

    ids = {token: index for index, token in enumerate(tokens)}
    pairs = sorted(
        (-scores[index], index, token[:cut], token[cut:])
        for token, index in ids.items()
        if kinds[index] == _NORMAL
        for cut in range(1, len(token))
        if token[:cut] in ids and token[cut:] in ids
    )
    made = Tokenizer(
        models.BPE(
            vocab=ids, merges=[pair[2:] for pair in pairs], unk_token=tokens[unknown], fuse_unk=True, byte_fallback=True
        )
    )
    made.normalizer = normalizers.Replace(" ", "▁")
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    made.post_processor = processors.TemplateProcessing(single=f"{tokens[bos]} $A", special_tokens=[(tokens[bos], bos)])
    made.add_tokens(
        [
            AddedToken(token, special=kind == _CONTROL, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind in (_UNKNOWN, _CONTROL, _USER_DEFINED)
        ]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token=tokens[bos], eos_token="\n", pad_token=tokens[0], unk_token=tokens[unknown]
    )
