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

    `voices` are roles that have an adapter of their own, each with what is loaded for it: a folder or hub id of an adapter,
    or the name under which a server serves one. `context` is the size of the shared KV cache in tokens, `slots` how many
    sequences it may hold at once (candidates of one turn, and the histories of people who did not hear the same lines),
    `threads` CPU threads.
    """

    runtime: Runtime = "embedded"
    path: str = ""
    voices: tuple[tuple[str, str], ...] = ()
    context: int = 8192
    slots: int = 10
    threads: int = 0

    @staticmethod
    def parse(name: str) -> ModelConfig:
        """Read a name; `embedded:base` is without the adapter, `embedded:PATH` with another one. Else UsageError.

        `ldcc` is `hf:` and LDCC's id; `ldcc@COMMIT`, as `hf:ID@COMMIT`, names the commit that is wanted.
        `hf:run,지은=run2,민수=run3` gives two roles an adapter each, `server:URL#MODEL,지은=LORA` one.
        """
        known, *roles = re.split(r",(?=[^,=]+=)", name.strip())
        runtime, _, path = re.sub(r"^ldcc(?=@.|$)", f"hf:{LDCC}", known).partition(":")
        threads = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
        voices = _voices(name, roles)
        if voices and runtime not in ("hf", "server"):
            raise UsageError(f"--model {name!r}: only hf:, ldcc and server: can give a role an adapter of its own")
        match runtime:
            case "embedded" if path in ("", "base") or path.endswith(".gguf"):
                return ModelConfig("embedded", path, threads=threads)
            case "gguf" | "scripted" as known if path:
                return ModelConfig(known, path, threads=threads)
            case "hf" if path:
                return ModelConfig("hf", path, voices, threads=threads)
            case "server" if path:
                address(path)
                return ModelConfig("server", path, voices, threads=threads)
        raise UsageError(f"--model {name!r}: unknown model; use one of {_KNOWN}")

    def __str__(self) -> str:
        base = f"{self.runtime}:{self.path}" if self.path else self.runtime
        return ",".join([base, *(f"{role}={adapter}" for role, adapter in self.voices)])


def _voices(name: str, roles: list[str]) -> tuple[tuple[str, str], ...]:
    """Read `ROLE=ADAPTER` of each, none of them twice or empty; else UsageError."""
    found: dict[str, str] = {}
    for text in roles:
        role, _, adapter = (part.strip() for part in text.partition("="))
        if not role or not adapter or role in found:
            raise UsageError(f"--model {name!r}: {text!r} is no adapter of one role; give ROLE=ADAPTER, each role once")
        found[role] = adapter
    return tuple(found.items())


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
