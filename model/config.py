"""ModelConfig: which model to load and with what limits, read once from `--model`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from transcript.errors import UsageError

Runtime = Literal["embedded", "gguf", "hf", "scripted"]
_KNOWN = "embedded, embedded:base, embedded:ADAPTER.gguf, gguf:PATH, hf:PATH_OR_ID, scripted:FILE"


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
        """Read a name; `embedded:base` is without the adapter, `embedded:PATH` with another one. Else UsageError."""
        runtime, _, path = name.strip().partition(":")
        threads = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        match runtime:
            case "embedded" if path in ("", "base") or path.endswith(".gguf"):
                return ModelConfig("embedded", path, threads=threads)
            case "gguf" | "hf" | "scripted" as known if path:
                return ModelConfig(known, path, threads=threads)
        raise UsageError(f"--model {name!r}: unknown model; use one of {_KNOWN}")

    def __str__(self) -> str:
        return f"{self.runtime}:{self.path}" if self.path else self.runtime
