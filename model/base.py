"""StageModel: a LangChain BaseChatModel plus the two extras that make drama cheap, candidates and closed-set scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult

OnToken = Callable[[str], None]


@dataclass(frozen=True)
class Sampling:
    """How candidates are drawn.

    `temperature`, `top_p`, `min_p` as in llama.cpp. `dry` is the strength of the DRY sequence penalty (0: off), which leaves
    single particles and endings alone, unlike a repetition penalty. `max_tokens` bounds one candidate.
    """

    temperature: float = 0.4
    top_p: float = 0.95
    min_p: float = 0.05
    dry: float = 0.8
    max_tokens: int = 48

    @staticmethod
    def asked(keys: Mapping[str, Any]) -> Sampling:
        """Return how a call of LangChain's interface draws: its `max_tokens` (default 256) and `temperature` (0.8)."""
        return Sampling(max_tokens=keys.get("max_tokens", 256), temperature=keys.get("temperature", 0.8))


@dataclass(frozen=True)
class Completion:
    """One candidate: its text, mean log-probability per token (None when unknown), and whether it ended by itself.

    `tokens` are the place in the text where each token begins and its natural log-probability; empty where the runtime
    tells none. The stop is not among them.
    """

    text: str
    logprob: float | None = None
    ended: bool = True
    tokens: tuple[tuple[int, float], ...] = ()

    @staticmethod
    def of(text: str, tokens: Sequence[tuple[int, float]], ended: bool = True) -> Completion:
        """Return the candidate that says `text`, with the mean over those of `tokens` that begin in it."""
        kept = tuple(token for token in tokens if token[0] < len(text))
        mean = sum(log for _, log in kept) / len(kept) if kept else None
        return Completion(text, mean, ended, kept)

    def begun(self, end: int) -> Completion:
        """Return its first `end` characters as a candidate."""
        return Completion.of(self.text[:end], self.tokens) if self.tokens else replace(self, text=self.text[:end])


@dataclass(frozen=True)
class Proposal:
    """The candidates of one call and what they cost: tokens `prefilled` (not found in the cache) and `decoded`, seconds."""

    completions: tuple[Completion, ...]
    prefilled: int = 0
    decoded: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Scores:
    """Probability of each option, in the order given, summing to 1; and the cost as in Proposal."""

    probabilities: tuple[float, ...]
    calls: int = 0
    prefilled: int = 0
    decoded: int = 0
    seconds: float = 0.0


class StageModel(BaseChatModel):
    """What every room above `model` sees. A subclass gives `propose` and `score`; LangChain's interface follows."""

    sha256: str = ""
    """Of the weights (or of the script), for the transcript."""
    adapter_sha256: str = ""
    """Of the LoRA adapter; "" without one."""
    reads_ahead: ClassVar[bool] = False
    """Whether what `warm` reads is found again by the next call, at no cost to anybody but this process."""

    @abstractmethod
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
        """Draw `n` continuations of `prompt` over one shared prefix.

        `stop` strings end a candidate and are not part of it. `on_token` hears every decoded piece; what it raises ends
        the call after the current token and is raised again here. Raises ModelError when the model does not answer.
        """

    @abstractmethod
    def score(self, prompt: str, options: Sequence[str]) -> Scores:
        """Score each of two or more different `options` as the continuation of `prompt`, relative to one another."""

    def warm(self, prompt: str) -> int:
        """Read `prompt` ahead of a call that begins with it, where `reads_ahead` says that this saves a wait; return the tokens read."""
        return 0

    def until(self, check: Callable[[], None]) -> StageModel:
        """Return these weights for reading ahead: what `check` raises ends a call where it can be ended, and is raised again."""
        return self

    def voice(self, role: str) -> StageModel:
        """Return what speaks for a role: these weights through the adapter that is its own, else these."""
        return self

    def close(self) -> None:
        """Free the memory and files that the runtime holds."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        n, seed = kwargs.get("n", 1), kwargs.get("seed", 0)
        proposal = self.propose(prompt_of(messages), n, seed=seed, sampling=Sampling.asked(kwargs), stop=stop or ())
        usage = {"prefilled": proposal.prefilled, "decoded": proposal.decoded, "seconds": proposal.seconds}
        generations = [
            ChatGeneration(message=AIMessage(c.text), generation_info={"logprob": c.logprob, "ended": c.ended})
            for c in proposal.completions
        ]
        return ChatResult(generations=generations, llm_output=usage)


def prompt_of(messages: Sequence[BaseMessage]) -> str:
    """Join the texts of `messages` by newlines: a base model continues plain text and knows no roles."""
    return "\n".join(str(message.text) for message in messages)
