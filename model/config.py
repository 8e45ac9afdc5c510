"""ModelConfig: which model to load and with what limits, read once from `--model`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from transcript.errors import UsageError

Runtime = Literal["embedded", "gguf", "hf", "server", "scripted"]
_KNOWN = (
    "embedded, embedded:base, embedded:ADAPTER.gguf, gguf:PATH, ldcc, hf:PATH_OR_ID, server:URL#MODEL, scripted:FILE"
)

LDCC = "LDCC/LDCC-Instruct-Llama-2-ko-13B-v1.4"


@dataclass(frozen=True)
class ModelConfig:
    """A model by its name on the command line.

    `context` is the size of the shared KV cache in tokens, `slots` how many sequences it may hold at once (candidates of
    one turn, and the histories of people who did not hear the same lines), `threads` CPU threads.
    """

    runtime: Runtime = "embedded"
    path: str = ""
    context: int = 8192
    slots: int = 10
    threads: int = 0

    @staticmethod
    def parse(name: str) -> ModelConfig:
        """Read a name; `embedded:base` is without the adapter, `embedded:PATH` with another one. Else UsageError.

        `ldcc` is `hf:` and LDCC's id; `ldcc@COMMIT`, as `hf:ID@COMMIT`, names the commit that is wanted.
        """
        runtime, _, path = re.sub(r"^ldcc(?=@.|$)", f"hf:{LDCC}", name.strip()).partition(":")
        threads = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        match runtime:
            case "embedded" if path in ("", "base") or path.endswith(".gguf"):
                return ModelConfig("embedded", path, threads=threads)
            case "gguf" | "hf" | "scripted" as known if path:
                return ModelConfig(known, path, threads=threads)
            case "server" if path:
                address(path)
                return ModelConfig("server", path, threads=threads)
        raise UsageError(f"--model {name!r}: unknown model; use one of {_KNOWN}")

    def __str__(self) -> str:
        return f"{self.runtime}:{self.path}" if self.path else self.runtime


def address(path: str) -> tuple[str, str]:
    """Split `URL#MODEL`; a URL without a path gets `/v1`. A key in it, or anything missing, is a UsageError."""
    url, _, model = path.partition("#")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"--model server: no address ({error}); give server:URL#MODEL") from error
    if parts.username or parts.password or parts.query:
        raise UsageError(
            f"--model server: {parts.hostname}: keys come from the environment only; set DAEBON_SERVER_KEY"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or not model:
        raise UsageError(f"--model server:{path}: give server:URL#MODEL, as in server:http://127.0.0.1:8000/v1#llama")
    return (url.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/v1"), model
