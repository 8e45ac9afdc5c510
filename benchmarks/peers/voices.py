"""The runtimes of the peers as one call: HuggingFacePipeline, and a chat model of ours through LangChain's interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.outputs import LLMResult

from agents.character import SAMPLING
from model.config import ModelConfig
from model.load import load_chat_model
from model.weights import drama_adapter, embedded_weights

Weights = Literal["base", "adapter"]
MODELS = {"base": "embedded:base", "adapter": "embedded"}
CONTEXT = 24_576  # tokens of all agents' chats at turn 200, each with the whole of it


@dataclass(frozen=True)
class Said:
    """The answer of one call and its cost: tokens, `seconds` of the clock and of the `processor` (all threads)."""

    text: str
    prefilled: int
    decoded: int
    seconds: float = 0.0
    processor: float = 0.0


class Voice(Protocol):
    """A model that goes on from some messages."""

    def __call__(self, messages: Sequence[str], seed: int, most: int, stop: Sequence[str] = (), /) -> Said:
        """Return at most `most` tokens, drawn as our lines are, up to the first of `stop`."""


class _Costs(BaseCallbackHandler):
    """Hears what our runtime tells about a call, which LangChain's `invoke` keeps to itself."""

    raise_error = True

    def __init__(self) -> None:
        self.prefilled = self.decoded = 0

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Keep the tokens of the call."""
        told = response.llm_output or {}
        self.prefilled, self.decoded = told["prefilled"], told["decoded"]


def through_langchain(model: BaseChatModel) -> Voice:
    """Return a StageModel as LangChain shows it: messages in, a message out; the first one is the system prompt."""

    def voice(messages: Sequence[str], seed: int, most: int, stop: Sequence[str] = ()) -> Said:
        heard, costs = [SystemMessage(messages[0]), *map(HumanMessage, messages[1:])], _Costs()
        options = {"seed": seed, "max_tokens": most, "temperature": SAMPLING.temperature}
        answer = model.invoke(heard, {"callbacks": [costs]}, stop=list(stop) or None, **options)
        return Said(str(answer.text), costs.prefilled, costs.decoded)

    return timed(voice)


def through_pipeline(model: Any, tokenizer: Any) -> Voice:
    """Return a model of transformers behind HuggingFacePipeline; every call reads all of its prompt.

    Sampling is that of our lines without DRY, which transformers has not.
    """
    import torch
    from langchain_huggingface import HuggingFacePipeline
    from transformers import StoppingCriteria, pipeline

    class Steps(StoppingCriteria):  # type: ignore[misc]
        """Counts the tokens that are generated; a text that is tokenised again may have fewer."""

        n = 0

        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            self.n += 1
            return input_ids.new_zeros(input_ids.shape[0], dtype=torch.bool)

    chain = HuggingFacePipeline(pipeline=pipeline("text-generation", model=model, tokenizer=tokenizer))
    drawn = {"temperature": SAMPLING.temperature, "top_p": SAMPLING.top_p, "min_p": SAMPLING.min_p, "top_k": 0}

    def voice(messages: Sequence[str], seed: int, most: int, stop: Sequence[str] = ()) -> Said:
        prompt, steps = "\n".join(messages), Steps()
        options: dict[str, Any] = {"max_new_tokens": most, "do_sample": True, "return_full_text": False, **drawn}
        options["stopping_criteria"] = [steps]
        if stop:
            options["stop_sequence"] = list(stop)
        torch.manual_seed(seed)
        text = chain.invoke(prompt, pipeline_kwargs=options)
        for mark in stop:
            text = text.partition(mark)[0]
        return Said(text, len(tokenizer.encode(prompt)), steps.n)

    return timed(voice)


def timed(voice: Voice) -> Voice:
    """Return `voice` with the seconds of each call."""

    def measured(messages: Sequence[str], seed: int, most: int, stop: Sequence[str] = ()) -> Said:
        clock, processor = time.perf_counter(), time.process_time()
        said = voice(messages, seed, most, stop)
        return replace(said, seconds=time.perf_counter() - clock, processor=time.process_time() - processor)

    return measured


@contextmanager
def runtime(way: str, weights: Weights, work: Path) -> Iterator[tuple[Voice, Callable[[str], int]]]:
    """Load what a peer speaks through; yield it, and what counts the tokens of a text.

    transformers gets the embedded weights in bf16: on a CPU that has it it decodes 2.6 times as fast as fp32 and reads 1.6
    times as fast. The adapter is added to the weights, so it costs no time there.
    """
    from training.base import converted, load_base, load_tokenizer

    folder = converted(embedded_weights(), work / "base")
    tokenizer = load_tokenizer(folder)

    def tokens(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False))

    if way == "robin":
        stage = load_chat_model(replace(ModelConfig.parse(MODELS[weights]), context=CONTEXT))
        try:
            yield through_langchain(stage), tokens
        finally:
            stage.close()
        return
    import torch

    from training.adapter import merge

    model = load_base(folder)
    if weights == "adapter":
        merge(model, drama_adapter())
    model.set_attn_implementation("sdpa")
    torch.set_num_threads(ModelConfig.parse("embedded").threads)
    yield through_pipeline(model.to(torch.bfloat16).eval(), tokenizer), tokens
