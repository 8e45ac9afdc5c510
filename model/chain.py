"""A loaded model for the rest of LangChain: HuggingFacePipeline of langchain-huggingface with its faults mended.

Each mend is tested against the library as it is (tests/model/test_chain.py).
"""

from __future__ import annotations

import copy
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.outputs import Generation, GenerationChunk, LLMResult
from langchain_huggingface import HuggingFacePipeline
from pydantic import PrivateAttr
from transformers import StoppingCriteria, TextStreamer, pipeline

from model.huggingface import HuggingFaceModel
from model.template import instructed


class DramaPipeline(HuggingFacePipeline):
    """HuggingFacePipeline that keeps to what LangChain promises.

    It honours `stop` and leaves it out of the answer, does not repeat the prompt, takes generation options from
    `invoke`, `bind` and `pipeline_kwargs` alike, hands a failure of its thread to whoever reads the stream (the library
    has them wait 60 s for `queue.Empty`), waits for a slow first token as long as it takes, and stops generating when
    nobody reads on. With `template` each request is put into LDCC's template, once.
    """

    template: bool = True
    _stage: HuggingFaceModel = PrivateAttr()

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        options = self._options(stop, kwargs)
        with self._stage.active():
            found = super()._generate([*map(self._asked, prompts)], run_manager=run_manager, pipeline_kwargs=options)
        texts = (one[0].text for one in found.generations)
        return LLMResult(generations=[[Generation(text=_before(text, stop or ())[0])] for text in texts])

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        pieces: queue.Queue[str | BaseException | None] = queue.Queue()
        left = threading.Event()

        class Streamer(TextStreamer):  # type: ignore[misc]
            def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
                pieces.put(text)

        class Left(StoppingCriteria):  # type: ignore[misc]
            def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
                return input_ids.new_full((input_ids.shape[0],), left.is_set(), dtype=bool)

        options = self._options(stop, kwargs)
        options["streamer"] = Streamer(self.pipeline.tokenizer, skip_prompt=True, skip_special_tokens=True)
        options["stopping_criteria"] = [Left()]

        def work() -> None:
            try:
                with self._stage.active():
                    self.pipeline(self._asked(prompt), **options)
                pieces.put(None)
            except BaseException as error:  # handed to the thread that reads
                pieces.put(error)

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            for text in _readable(iter(pieces.get, None), stop or ()):
                chunk = GenerationChunk(text=text)
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        finally:
            left.set()
            worker.join()

    def _asked(self, prompt: str) -> str:
        return instructed(prompt) if self.template else prompt

    def _options(self, stop: Sequence[str] | None, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the pipeline is called with: of the model, then of the call, either way it may be given."""
        direct = {key: value for key, value in given.items() if key not in ("pipeline_kwargs", "skip_prompt")}
        options = {**(self.pipeline_kwargs or {}), **given.get("pipeline_kwargs", {}), **direct}
        if stop:
            options["stop_sequence"] = list(stop)
        return {**options, "return_full_text": False}


def chained(model: HuggingFaceModel, *, template: bool) -> DramaPipeline:
    """Return a view of `model` for LangChain; the weights are shared, the tokenizer is a copy that pads on the left."""
    with model.active() as shared:
        tokenizer = copy.deepcopy(shared.tokenizer)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        size: int = HuggingFacePipeline.model_fields["batch_size"].default
        made = pipeline("text-generation", model=shared.model, tokenizer=tokenizer, batch_size=size)
        chain = DramaPipeline(pipeline=made, model_id=shared.name, template=template, batch_size=size)
    chain._stage = model
    return chain


def _before(text: str, stop: Sequence[str]) -> tuple[str, bool]:
    """Return `text` up to the first of `stop`, and whether there was one."""
    places = [place for place in map(text.find, stop) if place >= 0]
    return (text[: min(places)], True) if places else (text, False)


def _readable(pieces: Iterator[str | BaseException], stop: Sequence[str]) -> Iterator[str]:
    """Yield pieces up to the first of `stop`, keeping back what may be its beginning; raise an error among them."""
    kept = ""
    for piece in pieces:
        if isinstance(piece, BaseException):
            raise piece
        kept, over = _before(kept + piece, stop)
        begun = (
            0 if over else max((n for mark in stop for n in range(1, len(mark)) if kept.endswith(mark[:n])), default=0)
        )
        ready, kept = kept[: len(kept) - begun], kept[len(kept) - begun :]
        if ready:
            yield ready
        if over:
            return
    if kept:
        yield kept
