"""Any OpenAI-compatible server through langchain-openai: vLLM, llama.cpp's server, `transformers serve` and the like."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from model._endpoint import DRAWS, Endpoint, Refused
from model.base import Completion, OnToken, Proposal, Sampling, Scores, StageModel, prompt_of
from model.closed import TOP, shares, walk
from model.config import address
from transcript.errors import ModelError

_ENOUGH = 100  # fewer next tokens than this, and an option that is not among them has no known probability
_PIECES = 16  # that an answer may have for each token asked for: one with more will not end
_STEP = 7_919  # between the seeds of two calls for one line, so that the lines of neighbouring seeds share none


@dataclass
class _Draft:
    """A candidate as it arrives: its text, the place and log-probability of every token, and whether it ended by itself."""

    text: str = ""
    logs: list[tuple[int, float]] = field(default_factory=list)
    ended: bool = False

    def completion(self, stop: Sequence[str]) -> Completion:
        """Cut at the first stop, which a server may have left in."""
        end = _end(self.text, stop)
        return Completion.of(self.text[:end], self.logs, self.ended or end < len(self.text))


class ServerModel(StageModel):
    """The runtime behind `server:URL#MODEL`; a LoRA adapter is the model's name, where the server serves it under one."""

    _server: Endpoint = PrivateAttr()
    _way: int | None = PrivateAttr(default=None)
    _voices: dict[str, ServerModel] = PrivateAttr(default_factory=dict)

    @staticmethod
    def load(
        path: str, *, voices: Mapping[str, str] | None = None, timeout: float = 120.0, retries: int = 4
    ) -> ServerModel:
        """Reach the server of `URL#MODEL` and find out what it takes; raises ModelError with the remedy.

        `voices` are the names under which it serves what speaks for a role (see `voice`).

        `timeout` is how long to wait for the next piece of an answer, in seconds; `retries` how often a call is made again, also
        one that timed out. The key is DAEBON_SERVER_KEY of the environment, else OPENAI_API_KEY, else none.
        """
        made = ServerModel()
        url, served = address(path)
        made._server = Endpoint(url, served, timeout, retries)
        for role, name in (voices or {}).items():
            made._voices[role] = ServerModel.load(f"{url}#{name}", timeout=timeout, retries=retries)
        return made

    @property
    def _llm_type(self) -> str:
        return "daebon-server"

    def voice(self, role: str) -> ServerModel:
        """Return the served model that speaks for a role, which is this one where it has none of its own."""
        return self._voices.get(role, self)

    def close(self) -> None:
        """Close the connections."""
        for one in (*self._voices.values(), self):
            one._server.close()

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
        """Draw candidates in one call, and in more with other seeds where the server gives fewer; see StageModel."""
        started = time.perf_counter()
        drafts: list[_Draft] = []
        prefilled = decoded = calls = 0
        wanted = n if sampling.temperature else 1  # without chance all are the same, and vLLM refuses to draw them
        while len(drafts) < wanted:
            draw = partial(self._draw, prompt, seed + _STEP * calls, sampling, stop, on_token)
            new, read, told = self._server.granted(wanted - len(drafts), draw)
            drafts, prefilled, decoded, calls = drafts + new, prefilled + read, decoded + told, calls + 1
        drafts = drafts[:n] if sampling.temperature else drafts[:1] * n
        completions = tuple(draft.completion(stop) for draft in drafts)
        return Proposal(completions, prefilled, decoded, time.perf_counter() - started)

    def _draw(
        self, prompt: str, seed: int, sampling: Sampling, stop: Sequence[str], on_token: OnToken | None, n: int
    ) -> tuple[list[_Draft], int, int]:
        """Return the candidates of one call, the tokens prefilled and those decoded."""
        new: dict[int, _Draft] = {}
        read = told = 0
        most = _PIECES * n * (sampling.max_tokens + 8)
        with closing(self._server.pieces(prompt, n, seed, sampling, stop)) as pieces:
            for count, piece in enumerate(pieces):
                if count > most:
                    raise ModelError(f"{self._server.url}: its answer does not end; see the server's log")
                read, told = max(read, piece.prefilled), told + piece.decoded
                for choice in piece.choices:
                    draft = new.setdefault(choice.index, _Draft())
                    draft.logs += [(len(draft.text), log) for _, log, _ in choice.tokens]
                    draft.text += choice.text
                    draft.ended = choice.end != "length" if choice.end else draft.ended
                    if on_token and choice.text:
                        on_token(choice.text)
        drafts = [draft for _, draft in sorted(new.items())]
        return drafts, read, max(told, sum(len(draft.logs) for draft in drafts))

    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Score by the first of these that the server can do, found out at the first call and kept.

        Log-probabilities of the next token, walking down where the options part (cheap: the prompt stays cached; llama.cpp).
        Those of the whole options, sent back with `echo` (exact, but each is prefilled anew; vLLM gives no more than twenty next
        tokens unless it is started with --max-logprobs). Else sixteen draws held to the options, by `structured_outputs` or
        `grammar`; each option is counted half a time more than it came. Else the typed decisions of `transformers serve`. Else draws
        held to the options by a JSON schema.
        """
        started = time.perf_counter()
        ways = (self._walked, self._echoed, self._drawn, self._decided, self._drawn_as_json)
        why = ""
        for i, way in enumerate(ways):
            if self._way not in (None, i):
                continue
            try:
                logs, calls, prefilled = way(prompt, options)
            except Refused as error:
                if self._way is not None:
                    raise
                why = str(error)
                continue
            self._way = i
            return Scores(shares(logs), calls, prefilled, calls, time.perf_counter() - started)
        raise ModelError(
            f"{why}; this server cannot choose among given texts: use one with log-probabilities or grammars (vLLM, llama.cpp)"
        )

    def _walked(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
        return walk(self._next_tokens, prompt, options)

    def _next_tokens(self, prompt: str) -> tuple[dict[str, float], int]:
        answer = self._server.ask(prompt, {"max_tokens": 1, "temperature": 0, "logprobs": TOP})
        tops = [top for choice in answer.choices for _, _, top in choice.tokens][:1] if not self._server.chat else []
        found = {token: log for top in tops for token, log in top.items() if token}
        if len(found) < _ENOUGH:
            raise Refused(f"{self._server.url}: gives {len(found)} of {TOP} log-probabilities")
        return found, answer.prefilled

    def _echoed(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
        if self._server.chat:
            raise Refused(f"{self._server.url}: a chat sends no prompt back")
        keys = {"max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True}
        answer = self._server.ask([prompt + option for option in options], keys)
        rows = [choice.tokens for choice in answer.choices]
        if len(rows) != len(options) or min(map(len, rows)) < 2:
            raise Refused(f"{self._server.url}: does not send the prompt back with log-probabilities")
        texts = [[token for token, _, _ in row[:-1]] for row in rows]  # the last token is the one that was decoded
        shared = [n for n, same in enumerate(zip(*texts, strict=False)) if len(set(same)) > 1]
        start = shared[0] if shared else min(map(len, texts))
        logs = [sum(log for _, log, _ in row[start:-1]) for row in rows]
        return logs, 1, answer.prefilled

    def _drawn(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
        grammar = "root ::= " + " | ".join(json.dumps(option, ensure_ascii=False) for option in options)
        return self._counted(prompt, options, {"structured_outputs": {"choice": list(options)}, "grammar": grammar})

    def _drawn_as_json(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
        choice = {"type": "string", "enum": list(options)}
        schema = {"type": "object", "properties": {"next": choice}, "required": ["next"], "additionalProperties": False}
        form = {"type": "json_schema", "json_schema": {"name": "next", "schema": schema, "strict": True}}
        return self._counted(prompt, options, {"response_format": form}, chat=True)

    def _counted(
        self, prompt: str, options: Sequence[str], keys: dict[str, Any], *, chat: bool = False
    ) -> tuple[list[float], int, int]:
        room = 32 + 3 * max(map(len, options))  # a letter takes three tokens at most
        keys = {"temperature": 1, "top_p": 1, "seed": 0, "max_tokens": room, **keys}
        answer = self._server.granted(DRAWS, lambda n: self._server.ask(prompt, {**keys, "n": n}, chat=chat))
        drawn = Counter(_option(choice.text) for choice in answer.choices)
        named = [option.strip() for option in options]
        # JSON that was cut off keeps to the options too: it may hold any number of blanks
        if not drawn or any(text not in named and not text.startswith("{") for text in drawn):
            raise Refused(f"{self._server.url}: does not keep to the options")
        return [math.log(drawn[name] + 0.5) for name in named], 1, answer.prefilled

    def _decided(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int, int]:
        found, prefilled = self._server.decide(prompt, options)
        return [math.log(max(1e-12, probability)) for probability in found], 1, prefilled

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        sampling = Sampling.asked(kwargs)
        text, told = "", 0
        asked = self._server.pieces(prompt_of(messages), 1, kwargs.get("seed", 0), sampling, stop or ())
        with closing(asked) as pieces:
            for piece in pieces:
                text += "".join(choice.text for choice in piece.choices)
                end = _end(text, stop or ())
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text[told:end]))
                if run_manager:
                    run_manager.on_llm_new_token(text[told:end], chunk=chunk)
                yield chunk
                told = end
                if end < len(text):
                    return


def _option(text: str) -> str:
    """Return the option that a draw holds, bare or in JSON."""
    try:
        row = json.loads(text)
    except ValueError:
        return text.strip()
    return str(row["next"]).strip() if isinstance(row, dict) and "next" in row else text.strip()


def _end(text: str, stop: Sequence[str]) -> int:
    """Return where the first of the stops begins, the length of the text where none does."""
    return min((text.find(mark) for mark in stop if mark in text), default=len(text))
