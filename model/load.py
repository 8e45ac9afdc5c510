"""load_chat_model, the one way to get a model; each runtime is imported only when it is asked for."""

from __future__ import annotations

import os
from pathlib import Path

from model.base import StageModel
from model.config import ModelConfig
from transcript.errors import ModelError


def load_chat_model(config: ModelConfig) -> StageModel:
    """Load the model that `config` names; raises ModelError with the remedy when it cannot be had."""
    match config.runtime:
        case "embedded":
            from model.checked import check_adapter
            from model.embedded import LlamaCppModel
            from model.weights import drama_adapter, embedded_weights

            own = Path(config.path).expanduser() if config.path not in ("", "base") else None
            if own and not own.is_file():
                raise ModelError(f"{own}: no such file; give an adapter that `daebon train adapter` wrote")
            if own:
                check_adapter(own)
            adapter = None if config.path == "base" else own or drama_adapter()
            return LlamaCppModel.load(embedded_weights(), config, adapter)
        case "gguf":
            from model.checked import check_weights
            from model.embedded import LlamaCppModel

            path = Path(config.path).expanduser()
            check_weights(path)
            return LlamaCppModel.load(path, config)
        case "hf":
            from model.huggingface import HuggingFaceModel

            return HuggingFaceModel.load(os.path.expanduser(config.path), voices=dict(config.voices))
        case "server":
            from model.server import ServerModel

            return ServerModel.load(config.path, voices=dict(config.voices))
        case "scripted":
            from model.scripted import ScriptedModel

            return ScriptedModel.load(Path(config.path).expanduser())


def digest(config: ModelConfig) -> str:
    """Return what tells the weights that `config` names from others, without loading them; "" when nothing does."""
    from model.weights import ADAPTER_SHA256, sha256_of

    if config.runtime == "server":
        return ""
    path = Path(config.path).expanduser()
    if config.runtime == "hf":
        from model.repository import fingerprint

        found = [fingerprint(os.path.expanduser(one)) for one in (config.path, *dict(config.voices).values())]
        return "" if "" in found else "+".join(found)
    if config.runtime == "embedded" and config.path in ("", "base"):
        return "" if config.path else ADAPTER_SHA256
    return sha256_of(path)
