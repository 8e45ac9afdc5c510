"""An OpenAI-compatible server as it really is: what it takes, found out once; its answers in one form; its failures in one line.

The prompts are script text that is continued, so they go to `/completions`; a server that has none (404, 405) gets them as
one user message of a chat. Retries are those of the `openai` client that langchain-openai makes: 408, 409, 429, 5xx, lost
connections and time-outs, after `Retry-After` (up to two minutes) or after 0.5 s that doubles up to 8 s, less up to a quarter at random.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from model.base import Sampling
from model.closed import LEAST
from transcript.errors import ModelError

DRAWS = 16
"""The most candidates that are asked for at once."""

_T = TypeVar("_T")
_LEVELS = 4  # see _own_keys


class Refused(ModelError):
    """The server lives, but does not take this request as it is, or fails on it."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Choice:
    """A candidate or a piece of one; for each token its text, its log-probability and those of the likeliest tokens there."""

    index: int
    text: str
    tokens: list[tuple[str, float, dict[str, float]]]
    end: str | None


@dataclass(frozen=True)
class Answer:
    """What came in one answer, or piece of one, and the tokens it tells of: prefilled (not found in a cache) and decoded."""

    choices: list[Choice]
    prefilled: int
    decoded: int


class Endpoint:
    """A server and the model it serves; `chat` where it has no `/completions`, `most` candidates at once."""

    def __init__(self, url: str, served: str, timeout: float, retries: int) -> None:
        """Reach the server and find out what it takes; see ServerModel.load."""
        try:
            import openai
            from langchain_openai import ChatOpenAI
        except ImportError as error:
            raise ModelError(f"server: {error.name} is not installed; run: pip install 'daebon[server]'") from error
        self.url, self.served, self.timeout, self.retries = url, served, timeout, retries
        self.chat, self.most, self._level = False, DRAWS, 0
        key = os.environ.get("DAEBON_SERVER_KEY") or os.environ.get("OPENAI_API_KEY") or "none"
        patience = openai.Timeout(timeout, connect=min(10.0, timeout))
        made = ChatOpenAI(model=served, base_url=url, api_key=lambda: key, timeout=patience, max_retries=retries)
        self._client: Any = made.root_client
        self._agree()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def pieces(
        self, prompt: str, n: int, seed: int, sampling: Sampling, stop: Sequence[str]
    ) -> Generator[Answer, None, None]:
        """Yield the pieces of a streamed answer; closing the iterator hangs up, which ends the work on the server too."""
        body: dict[str, Any] = {"prompt": prompt, "n": n, "seed": seed & 0x7FFFFFFF, "max_tokens": sampling.max_tokens}
        body |= {"temperature": sampling.temperature, "top_p": sampling.top_p} | ({"stop": list(stop)} if stop else {})
        body |= _own_keys(self._level, sampling)
        got = False
        with self._named():
            with self._create(body, stream=True) as stream:
                for piece in stream:
                    read = _read(piece.model_dump(warnings=False))
                    got = got or bool(read.choices)
                    yield read
            if not got:
                raise ValueError("no candidates")

    def ask(self, prompt: str | list[str], keys: dict[str, Any], *, chat: bool = False) -> Answer:
        """Return a whole answer."""
        with self._named():
            return _read(self._create({"prompt": prompt, **keys}, chat=chat).model_dump(warnings=False))

    def decide(self, prompt: str, options: Sequence[str]) -> tuple[list[float], int]:
        """Return the probabilities of `options` by `/systemone`, the typed decisions of `transformers serve`, and tokens prefilled."""
        question = {"type": "choice", "criteria": dict.fromkeys(options)}
        body = {"model": self.served, "state": prompt, "questions": {"next": question}}
        with self._named():
            answer = self._client.post("/systemone", cast_to=object, body=body)
            found = answer["answers"]["next"]["probabilities"]
            return [float(found[option]) for option in options], int(answer["usage"]["input_tokens"])

    def granted(self, n: int, call: Callable[[int], _T]) -> _T:
        """Call for as many candidates at once as are wanted and the server grants: llama.cpp as many as it has slots."""
        many = min(n, self.most)
        while True:
            try:
                answer = call(many)
            except Refused as error:
                if many == 1 or error.status >= 500:
                    raise
                many //= 2
                continue
            self.most = self.most if many == min(n, self.most) else many
            return answer

    def _agree(self) -> None:
        """Find out, by calls of one token, whether the server completes or chats, and which of our own keys it takes."""
        said = Refused(self.url)
        for self.chat in (False, True):
            for self._level in range(_LEVELS):
                try:
                    for _ in self.pieces("대본\n", 1, 0, Sampling(max_tokens=1), ()):
                        pass
                    return
                except Refused as error:
                    said = error
                    if error.status >= 500:
                        raise
                    if error.status in (404, 405):  # nothing is there, or no such model: other keys do not help
                        break
            if said.status not in (404, 405):
                break
        served = self._served()
        if served and self.served not in served:
            raise ModelError(f"{self.url}: has no model {self.served!r}; it serves {', '.join(served)}") from said
        if said.status in (404, 405) and not served:
            raise ModelError(f"{self.url}: no OpenAI-compatible server ({said.status}); most end in /v1") from said
        raise said

    def _served(self) -> list[str]:
        """Return the names of the models that the server lists, none where it lists none."""
        try:
            with self._named():
                return [str(model.id) for model in self._client.with_options(max_retries=0).models.list()]
        except ModelError:
            return []

    def _create(self, body: dict[str, Any], *, chat: bool = False, stream: bool = False) -> Any:
        """Send `body` to `/completions`, or as one message to `/chat/completions`."""
        if not (chat or self.chat):
            prompt = body.pop("prompt")
            return self._client.completions.create(model=self.served, prompt=prompt, stream=stream, extra_body=body)
        messages = [{"role": "user", "content": body.pop("prompt")}]
        if "logprobs" in body:
            body["logprobs"] = True
        return self._client.chat.completions.create(
            model=self.served, messages=messages, stream=stream, extra_body=body
        )

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Turn what the client raises into one line with the remedy."""
        import openai

        tries = f"after {self.retries + 1} tries"
        try:
            yield
        except openai.APITimeoutError as error:
            raise ModelError(
                f"{self.url}: no answer within {self.timeout:g} s, {tries}; see what the server is busy with"
            ) from error
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            raise ModelError(
                f"{self.url}: cannot be reached ({cause}); start the server or mend the address"
            ) from error
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise ModelError(
                f"{self.url}: refuses the key ({error.status_code}); set DAEBON_SERVER_KEY in the environment"
            ) from error
        except openai.RateLimitError as error:
            raise ModelError(
                f"{self.url}: still asks to wait (429) {tries}; go on later with: daebon resume"
            ) from error
        except openai.APIStatusError as error:
            said = f"{self.url}: {_said(error)} ({error.status_code})"
            again = f" {tries}; see the server's log" if error.status_code >= 500 else ""
            raise Refused(said + again, error.status_code) from error
        except openai.APIError as error:
            raise ModelError(f"{self.url}: {_said(error)}; see the server's log") from error
        except (
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:  # not JSON, or of another shape
            raise ModelError(
                f"{self.url}: answers what no OpenAI-compatible server does ({error}); mend the address"
            ) from error


def _own_keys(level: int, sampling: Sampling) -> dict[str, Any]:
    """Return the keys beyond OpenAI's own: all of llama.cpp's (vLLM ignores those it lacks), else transformers', else fewer."""
    known = {"logprobs": 1, "stream_options": {"include_usage": True}}
    if level == 0:
        dry = {"dry_multiplier": sampling.dry, "dry_allowed_length": 3, "dry_sequence_breakers": list("\n:().?!,")}
        return {**known, "top_k": 0, "min_p": sampling.min_p, **dry}
    if level == 1:  # without it `transformers serve` is greedy, whatever the temperature
        own = {"do_sample": sampling.temperature > 0, "top_k": 0, "min_p": sampling.min_p}
        return {"generation_config": json.dumps(own)}
    return known if level == 2 else {}


def _read(row: dict[str, Any]) -> Answer:
    """Read an answer, or a piece of one, in either of the forms that servers use; raises ValueError and the like for anything else."""
    if not isinstance(row.get("choices"), list):
        raise ValueError("no choices")
    usage = row.get("usage") or {}
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    prefilled, decoded = (usage.get("prompt_tokens") or 0) - cached, usage.get("completion_tokens") or 0
    return Answer(sorted(map(_choice, row["choices"]), key=lambda choice: choice.index), prefilled, decoded)


def _choice(row: dict[str, Any]) -> Choice:
    message, given = row.get("delta") or row.get("message") or {}, row.get("logprobs") or {}
    text, index, end = row.get("text") or message.get("content") or "", row.get("index") or 0, row.get("finish_reason")
    if "content" in given:
        tokens = [
            (
                one["token"],
                _log(one["logprob"]),
                _logs((t["token"], t["logprob"]) for t in one.get("top_logprobs") or ()),
            )
            for one in given["content"] or ()
        ]
    else:
        names, logs = given.get("tokens") or [], given.get("token_logprobs") or []
        tops = given.get("top_logprobs") or [{}] * len(names)
        rows = zip(names, logs, tops, strict=True)
        tokens = [(name, _log(log or 0.0), _logs((top or {}).items())) for name, log, top in rows]
    return Choice(int(index), str(text), tokens, end)


def _log(value: Any) -> float:
    """Return a log-probability; that of a token which is ruled out is minus infinity with some servers. ValueError for no number."""
    number = float(value)
    if math.isnan(number) or number == math.inf:
        raise ValueError(f"a log-probability of {number}")
    return max(number, LEAST)


def _logs(pairs: Iterable[tuple[str, Any]]) -> dict[str, float]:
    return {str(token): _log(log) for token, log in pairs}


def _said(error: Any) -> str:
    """Return the server's own words on one line."""
    body = error.body
    words = (body.get("message") or body.get("detail") or body.get("error")) if isinstance(body, dict) else body
    return " ".join(str(words or error.message).split())[:300]
