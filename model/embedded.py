"""A GGUF model in this process through llama.cpp (xllamacpp): candidates over one cached prefix, closed-set scores.

Nothing listens on the network: the runtime's own HTTP server is bound to a Unix socket in a private folder, or, where the
platform has none, to loopback behind a random key.
"""

from __future__ import annotations

import os
import queue
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from model.base import Completion, OnToken, Proposal, Sampling, Scores, StageModel, prompt_of
from model.closed import TOP, shares, walk
from model.config import ModelConfig
from model.weights import sha256_of
from transcript.errors import ModelError


class LlamaCppModel(StageModel):
    """The runtime behind `embedded` and `gguf:PATH`."""

    reads_ahead = True
    _server: Any = PrivateAttr(default=None)
    _folder: Any = PrivateAttr(default=None)
    _check: Callable[[], None] | None = PrivateAttr(default=None)

    @staticmethod
    def load(path: Path, config: ModelConfig, adapter: Path | None = None) -> LlamaCppModel:
        """Load the weights (0.2 s for the embedded ones) and a LoRA adapter; raises ModelError for what is not GGUF."""
        try:
            with path.open("rb") as file:
                mark = file.read(4)
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror}); give the path of a GGUF file") from error
        if mark != b"GGUF":
            raise ModelError(f"{path}: not a GGUF file; convert the model with llama.cpp or give another file")
        import xllamacpp

        model = LlamaCppModel(sha256=sha256_of(path), adapter_sha256=sha256_of(adapter) if adapter else "")
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        params.n_ctx, params.n_parallel, params.kv_unified = config.context, config.slots, True
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = max(1, config.threads)
        params.warmup, params.verbosity = False, -1
        params.n_batch = params.n_ubatch  # a call that is stopped reads on to the end of its batch
        if adapter:
            lora = xllamacpp.CommonAdapterLoraInfo()
            lora.path, lora.scale = str(adapter), 1.0
            params.lora_adapters = [lora]
        params.swa_full, params.n_ctx_checkpoints, params.cache_ram_mib = True, 0, 0  # keep what a rewind needs, once
        params.ui, params.endpoint_slots = False, False
        params.api_keys = [secrets.token_urlsafe(32)]
        if os.name == "posix":
            model._folder = tempfile.TemporaryDirectory(prefix="daebon-")
            params.hostnames = [str(Path(model._folder.name) / "model.sock")]
        try:
            with _silenced():
                model._server = xllamacpp.Server(params)
        except Exception as error:  # the binding raises its own types, and they differ between versions
            model.close()
            raise ModelError(f"{path}: llama.cpp cannot load it ({error}); the file may be damaged") from error
        return model

    @property
    def _llm_type(self) -> str:
        return "daebon-llama.cpp"

    def close(self) -> None:
        """Unload the weights and remove the socket."""
        self._server = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def propose(
        self,
        prompt: str,
        n: int,
        *,
        seed: int,
        sampling: Sampling,
        stop: Sequence[str] = (),
        on_token: OnToken | None = None,
    ) -> Proposal:
        """Draw candidates in one batch; see StageModel."""
        request: dict[str, Any] = {
            "prompt": prompt,
            "n_cmpl": n,
            "seed": seed & 0x7FFFFFFF,
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_k": 0,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "dry_multiplier": sampling.dry,
            "dry_allowed_length": 3,
            "dry_sequence_breakers": ["\n", ":", "(", ")", ".", "?", "!", ","],
            "stop": list(stop),
            "logprobs": 1,
        }
        started = time.perf_counter()
        texts = [""] * n
        tokens: list[list[tuple[int, float]]] = [[] for _ in range(n)]
        ended, usage = [True] * n, {"prefilled": 0, "decoded": 0}
        for index, choice, counts in self._chunks(request, on_token):
            told = (choice.get("logprobs") or {}).get("content") or ()
            tokens[index] += [(len(texts[index]), entry["logprob"]) for entry in told]
            texts[index] += choice["text"]
            if choice.get("finish_reason") == "length":
                ended[index] = False
            usage["prefilled"] = max(usage["prefilled"], counts.get("prompt_n", 0))
            usage["decoded"] += counts.get("predicted_n", 0)
        completions = tuple(
            Completion.of(text, found, done) for text, found, done in zip(texts, tokens, ended, strict=True)
        )
        return Proposal(completions, usage["prefilled"], usage["decoded"], time.perf_counter() - started)

    def until(self, check: Callable[[], None]) -> LlamaCppModel:
        """Return a view of this model that asks `check` once a batch of a prompt was read; see StageModel."""
        view = self.model_copy()
        view._check = check
        return view

    def warm(self, prompt: str) -> int:
        """Read `prompt` into the cache, of which one token is read again at the next call; return how many were not there yet."""
        pieces = self._chunks({"prompt": prompt, "max_tokens": 0}, None)
        return max(counts.get("prompt_n", 0) for _, _, counts in pieces)

    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Score by the tokens at which the options part; one decoded token for each such place."""
        started = time.perf_counter()
        logs, calls, prefilled = walk(self.next_tokens, prompt, options)
        return Scores(shares(logs), calls, prefilled, calls, time.perf_counter() - started)

    def next_tokens(self, prompt: str, most: int = TOP) -> tuple[dict[str, float], int]:
        """Return the log-probabilities of the `most` likely next tokens by their text, and how many tokens were prefilled."""
        found: dict[str, float] = {}
        prefilled = 0
        for _, choice, counts in self._chunks(
            {"prompt": prompt, "max_tokens": 1, "temperature": 0, "logprobs": most}, None
        ):
            for entry in (choice.get("logprobs") or {}).get("content") or ():
                found = {top["token"]: top["logprob"] for top in entry["top_logprobs"] if top["token"]}
            prefilled += counts.get("prompt_n", 0)
        return found, prefilled

    def _chunks(
        self, request: dict[str, Any], on_token: OnToken | None
    ) -> Iterator[tuple[int, dict[str, Any], Mapping[str, int]]]:
        """Yield (candidate index, choice, timings) for each piece; ends when `on_token` or `_check` raises."""
        pieces: list[dict[str, Any]] = []
        raised: list[BaseException] = []

        def hear(piece: dict[str, Any]) -> bool:
            pieces.append(piece)
            try:
                if self._check:
                    self._check()
                if on_token and "choices" in piece:
                    on_token(piece["choices"][0]["text"])
            except BaseException as error:  # the runtime would swallow it; it is raised again below
                raised.append(error)
            return bool(raised)

        told = {"stream": True, "cache_prompt": True, "return_progress": self._check is not None}
        self._server.handle_completions({**request, **told}, hear)
        if raised:
            raise raised[0]
        if not pieces:
            raise ModelError("the model gave no answer; try a shorter scenario or another --model")
        for piece in pieces:
            if "choices" not in piece:
                message = (piece.get("error") or piece).get("message", piece)
                raise ModelError(f"the model refused the prompt: {message}")
            choice = piece["choices"][0]
            yield choice["index"], choice, piece.get("timings") or {}

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        sampling = Sampling.asked(kwargs)

        def work() -> None:
            try:
                self.propose(
                    prompt_of(messages),
                    1,
                    seed=kwargs.get("seed", 0),
                    sampling=sampling,
                    stop=stop or (),
                    on_token=pieces.put,
                )
                pieces.put(None)
            except BaseException as error:  # handed to the thread that reads
                pieces.put(error)

        threading.Thread(target=work, daemon=True).start()
        while (piece := pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
            if run_manager:
                run_manager.on_llm_new_token(piece, chunk=chunk)
            yield chunk


@contextmanager
def _silenced() -> Iterator[None]:
    """Send file descriptor 2 to nowhere: the runtime's C++ code prints there while it loads."""
    sys.stderr.flush()
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
