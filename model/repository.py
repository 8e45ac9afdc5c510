"""Where weights of transformers come from: a folder, or a repository of the hub at one commit, from the cache first.

Nothing is asked of the network for a folder, nor for a repository that is wholly in the cache. A repository without a
revision is pinned by its first download: later loads take that commit, until the cache is emptied or another is named.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.weights import sha256_of
from transcript.errors import ModelError

ADAPTER = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_WANTED = ["*.safetensors", "*.json", "*.jinja", "*.txt", "*.model"]
_UNWANTED = ["*/*", "consolidated*"]  # other formats of the same weights
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_MEMORY = ("can't allocate memory", "not enough memory", "dispatched on the CPU or the disk")


@dataclass(frozen=True)
class Source:
    """A base in a folder, its adapter's folder where there is one, and a hub's id and commit of the base, "" for a folder."""

    base: Path
    adapter: Path | None = None
    repository: str = ""
    commit: str = ""

    @property
    def digest(self) -> str:
        """Return what tells the base's weights from others: the commit, or one hash over all files of a folder."""
        return self.commit or digest_of(self.base)


def source(name: str, *, offline: bool = False) -> Source:
    """Return where `name` is: a folder of weights, of an adapter or of a run, or a hub's `ID` or `ID@REVISION`.

    An adapter brings its own base, at the revision that its configuration names. `offline` takes what is in the cache
    and no more. Raises ModelError, or what the hub's client raises (see `named`).
    """
    folder, *hub = _fetched(name, offline)
    adapter = adapter_folder(folder)
    if adapter is None:
        return Source(_with_weights(folder), None, *hub)
    config = adapter_config(adapter)
    base, revision = config["base_model_name_or_path"], config.get("revision")
    at = f"@{revision}" if revision and not Path(base).is_dir() else ""
    folder, *hub = _fetched(f"{base}{at}", offline)
    return Source(_with_weights(folder), adapter, *hub)


def fingerprint(name: str) -> str:
    """Return what tells a model from others without loading it: its adapter's hash, or the base's digest; "" when not here."""
    try:
        found = source(name, offline=True)
    except (ModelError, OSError, ValueError):
        return ""
    return sha256_of(found.adapter / ADAPTER_WEIGHTS) if found.adapter else found.digest


def adapter_folder(path: Path | str) -> Path | None:
    """Return the folder of PEFT that `path` is, or that a run of `daebon train` at `path` holds; None when it is a base."""
    return next((one for one in (Path(path) / "adapter", Path(path)) if (one / ADAPTER).is_file()), None)


def adapter_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of a LoRA adapter; raises ModelError for another kind, and for pickled weights."""
    try:
        config: dict[str, Any] = dict(json.loads((folder / ADAPTER).read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelError(f"{folder / ADAPTER}: cannot be read ({error}); save the adapter again") from error
    if config.get("peft_type") != "LORA" or not isinstance(config.get("base_model_name_or_path") or None, str):
        raise ModelError(f"{folder}: is a {config.get('peft_type')} adapter; only LoRA with a named base can be played")
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"{folder}: holds no {ADAPTER_WEIGHTS}; save the adapter with safe_serialization=True")
    return config


def digest_of(folder: Path | str) -> str:
    """Return one hash over the weights of a folder, "" for anything else."""
    files = sorted(Path(folder).glob("*.safetensors")) if Path(folder).is_dir() else []
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest() if files else ""


def check_base(adapter: Path, base: Source, digest: str, model: Any, place: str) -> None:
    """Raise ModelError, which begins with `place`, when an adapter was trained on another base than `model`.

    `digest` is the one of `base`. The adapter's configuration names another repository or other weights, or a layer of
    the model has other sizes, or is not there.
    """
    from safetensors import safe_open

    trained_on = str(adapter_config(adapter)["base_model_name_or_path"])
    remedy = f"load it with its base, as hf:{adapter}"
    if base.repository and not Path(trained_on).is_absolute():
        other = trained_on != base.repository
    else:
        other = Path(trained_on).resolve() != base.base.resolve() and digest_of(trained_on) not in ("", digest)
    if other:
        raise ModelError(f"{place}: was trained on another base ({trained_on}); {remedy}")
    modules = dict(model.named_modules())
    with safe_open(adapter / ADAPTER_WEIGHTS, "pt") as file:
        for key in file.keys():  # noqa: SIM118 - not a dict
            module, _, part = key.removeprefix("base_model.model.").partition(".lora_")
            if part not in ("A.weight", "B.weight"):
                continue
            size = file.get_slice(key).get_shape()[1 if part[0] == "A" else 0]
            wanted = getattr(modules.get(module), "in_features" if part[0] == "A" else "out_features", None)
            if size != wanted:
                raise ModelError(
                    f"{place}: does not fit the base ({module} takes {wanted or 'nothing'}, the adapter has {size}): it was "
                    f"trained on another one ({trained_on}); {remedy}"
                )


@contextmanager
def named(name: str) -> Iterator[None]:
    """Turn what the libraries raise into a ModelError of one line that begins with `name` and ends in the remedy."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:  # transformers, peft, safetensors and the hub's client raise types of their own
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ModelError(f"{name}: {_remedy(error, reason)}") from error


def out_of_memory(error: BaseException) -> bool:
    """Say whether memory ran out, of a GPU or of this machine."""
    import torch

    known = isinstance(error, torch.OutOfMemoryError | MemoryError)
    return known or any(mark in str(error) for mark in _MEMORY)


def _remedy(error: Exception, reason: str) -> str:
    import httpx
    from huggingface_hub import errors

    match error:
        case errors.GatedRepoError():
            return "its owner asks for consent; accept the terms on its page at the hub, then run: hf auth login"
        case errors.RepositoryNotFoundError():
            return "no such repository, or a private one; check the spelling, or run: hf auth login"
        case errors.HFValidationError():
            return "no such folder, and no id of the hub (OWNER/NAME); give a folder or hub id, or a run"
        case errors.RevisionNotFoundError():
            return "the repository has no such revision; give ID@COMMIT with a commit of its history"
        case errors.LocalEntryNotFoundError() | errors.OfflineModeIsEnabled() | httpx.TransportError():
            return "not in the cache, and the hub cannot be reached; go online once, or give a folder"
        case ImportError():
            return f"a part of the runtime cannot be imported ({reason}); run: pip install 'daebon[hf]'"
    if out_of_memory(error):
        return "the weights do not fit the memory; close other programs, or take a smaller model (daebon model plan)"
    if "supported by the bitsandbytes version" in reason or "CUDA" in reason or "NVIDIA" in reason:
        return (
            f"four bits need a device that torch and bitsandbytes both know ({reason[:120]}); install torch for this "
            "machine's CUDA (python -m bitsandbytes tells which), or use --model embedded"
        )
    if "trust_remote_code" in str(error):
        return "it needs code of its repository, which is never run; take a model that transformers knows"
    return f"cannot be loaded ({reason}); give a folder or hub id, or a run"


def _fetched(name: str, offline: bool) -> tuple[Path, str, str]:
    """Return the folder of `name` and, for a repository of the hub, its id and the commit."""
    if Path(name).is_dir():
        return Path(name), "", ""
    if Path(name).is_absolute() or name.startswith("."):
        raise ModelError(f"hf:{name}: no such folder; give a folder or hub id, or a run")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    wanted: dict[str, Any] = {
        "revision": revision or None,
        "allow_patterns": _WANTED,
        "ignore_patterns": _UNWANTED,
    }
    try:
        folder = Path(snapshot_download(repository, local_files_only=True, **wanted))
    except LocalEntryNotFoundError:
        if offline:
            raise
        folder = Path(snapshot_download(repository, **wanted))
    return folder, repository, folder.name


def _with_weights(folder: Path) -> Path:
    if any(folder.glob("*.safetensors")):
        return folder
    if any(file for kind in _PICKLED for file in folder.glob(kind)):
        problem = "holds pickled weights only, which can run code; convert them to safetensors"
    else:
        problem = "holds no safetensors; give a folder or hub id with some (pickled weights are never read)"
    raise ModelError(f"{folder}: {problem}")
