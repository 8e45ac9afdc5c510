"""The model in LangChain: each mended fault beside what HuggingFacePipeline of langchain-huggingface does as it is."""

import queue
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("bitsandbytes")
pytest.importorskip("langchain_huggingface")

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from langchain_huggingface import HuggingFacePipeline
from transformers import TextIteratorStreamer, pipeline

from model.huggingface import HuggingFaceModel
from tests.tiny import taught, tiny_adapter, tiny_llama
from transcript.errors import ModelError

TEXT = "민수: 배는 안 들어와요. 그 배는 이제 없어요, 누나.\n지은: 거짓말이지? 아침에 봤어.\n"
SCRIPT = "### Prompt:\n부두의 밤\n\n### Answer:\n민수: 배는 안 들어와요. 그 배는 이제 없어요, 누나.\n지은: 거짓말이지?"
COLD = {"max_new_tokens": 24, "do_sample": False}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return taught(tiny_llama(tmp_path_factory.mktemp("tiny"), TEXT + SCRIPT), f"{SCRIPT}</s>{TEXT}", 150)


@pytest.fixture(scope="module")
def model(folder):
    return HuggingFaceModel.load(str(folder))


@pytest.fixture(scope="module")
def plain(model):
    """Return the library's own pipeline over the same weights."""
    shared = model._shared
    return HuggingFacePipeline(pipeline=pipeline("text-generation", model=shared.model, tokenizer=shared.tokenizer))


@pytest.fixture
def ours(model):
    return model.chain(template=False)


def test_a_chain_of_prompt_model_and_parser_says_what_the_model_says(ours):
    chain = PromptTemplate.from_template("{name}: 배는") | ours.bind(**COLD) | StrOutputParser()
    said = chain.invoke({"name": "민수"})
    assert said.startswith(" 안 들어와요.") and len(said) > 20
    assert "".join(chain.stream({"name": "민수"})) == said
    many = chain.batch([{"name": "민수"}, {"name": "지은이 말한다. 민수"}, {"name": "민수"}])
    assert many[0] == many[2] == said and many[1] == chain.invoke({"name": "지은이 말한다. 민수"})


def test_the_prompt_is_not_said_again(plain, ours):
    options = {"pipeline_kwargs": COLD}
    assert plain.invoke("민수: 배는", **options).startswith("민수: 배는 안")
    assert ours.invoke("민수: 배는", **options).startswith(" 안")


def test_options_are_taken_from_bind(plain, ours):
    def tokens(text):
        return len(ours.pipeline.tokenizer.encode(text, add_special_tokens=False))

    unmended = plain.bind(max_new_tokens=4, do_sample=False).invoke("민수: 배는")
    assert tokens(unmended.removeprefix("민수: 배는")) > 20
    assert tokens(ours.bind(max_new_tokens=4, do_sample=False).invoke("민수: 배는")) <= 4
    mine = ours.model_copy(update={"pipeline_kwargs": {"max_new_tokens": 4, "do_sample": False}})
    assert tokens(mine.invoke("민수: 배는")) <= 4 < tokens(mine.invoke("민수: 배는", max_new_tokens=9))


@pytest.mark.parametrize("place", [slice(4, 6), slice(5, 12), slice(12, 13)])
def test_a_stop_is_honoured_and_left_out(plain, ours, place):
    whole = ours.invoke("민수: 배는", **COLD)
    stop = whole[place]
    unmended = plain.invoke("민수: 배는", stop=[stop], pipeline_kwargs=COLD)
    assert stop in unmended.removeprefix("민수: 배는")
    said = ours.bind(stop=["뷁", stop]).invoke("민수: 배는", **COLD)
    assert said == whole.split(stop)[0] != whole
    assert ours.batch(["민수: 배는", "민수:"], stop=[stop], **COLD)[0] == said


@pytest.mark.parametrize("place", [slice(8, 11), slice(9, 16)])
def test_a_stream_honours_a_stop_of_several_tokens(plain, ours, place):
    stop = ours.invoke("민수: 배는", **COLD)[place]
    unmended = "".join(plain.stream("민수: 배는", stop=[stop], pipeline_kwargs=COLD))
    assert stop in unmended
    pieces = list(ours.stream("민수: 배는", stop=[stop], **COLD))
    assert "".join(pieces) == ours.invoke("민수: 배는", **COLD).split(stop)[0]
    assert len(pieces) > 1


def test_a_sequence_honours_a_stop_that_is_bound(ours):
    whole = ours.invoke("민수: 배는", **COLD)
    chain = PromptTemplate.from_template("{name}: 배는") | ours.bind(stop=[whole[4:6]], **COLD)
    assert (
        chain.invoke({"name": "민수"}) == "".join(chain.stream({"name": "민수"})) == whole.split(whole[4:6])[0] != whole
    )


def test_nothing_is_generated_behind_a_stop(ours, monkeypatch):
    steps = []
    forward = ours.pipeline.model.forward
    monkeypatch.setattr(ours.pipeline.model, "forward", lambda *a, **k: (steps.append(1), forward(*a, **k))[1])
    whole = ours.invoke("민수: 배는", **COLD)
    assert len(steps) == COLD["max_new_tokens"]
    steps.clear()
    assert ours.invoke("민수: 배는", stop=[whole[4:6]], **COLD) and len(steps) < 10


def test_a_stream_does_not_end_generation_early_for_a_beginning_of_a_stop(ours):
    assert "".join(ours.stream("민수: 배는", stop=["없어요, 형"], **COLD)) == ours.invoke("민수: 배는", **COLD)


def test_a_slow_first_token_is_waited_for(plain, ours, monkeypatch):
    made = []
    first = TextIteratorStreamer.__init__

    def impatient(self, *args, timeout=None, **options):
        made.append(timeout)
        first(self, *args, timeout=0.2, **options)  # instead of the library's 60 s

    monkeypatch.setattr(TextIteratorStreamer, "__init__", impatient)
    for one in (plain, ours):
        forward = one.pipeline._forward
        monkeypatch.setattr(one.pipeline, "_forward", lambda *a, f=forward, **k: (time.sleep(0.6), f(*a, **k))[1])
    with pytest.raises(queue.Empty):
        list(plain.stream("민수: 배는", pipeline_kwargs=COLD))
    assert made == [60.0]
    assert list(ours.stream("민수: 배는", **COLD)) and made == [60.0]
    time.sleep(0.8)  # the library's thread is still at work


def test_a_failure_reaches_whoever_reads_the_stream(plain, ours, monkeypatch):
    def fail(*_, **__):
        raise ModelError("가중치가 없다")

    first = TextIteratorStreamer.__init__
    monkeypatch.setattr(
        TextIteratorStreamer, "__init__", lambda self, *a, **k: first(self, *a, **{**k, "timeout": 0.2})
    )
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    for one in (plain, ours):
        monkeypatch.setattr(one.pipeline, "_forward", fail)
    with pytest.raises(queue.Empty):  # after 60 s where its timeout is not shortened
        list(plain.stream("민수: 배는", pipeline_kwargs=COLD))
    with pytest.raises(ModelError, match="가중치가 없다"):
        list(ours.stream("민수: 배는", **COLD))


def test_generation_stops_when_nobody_reads_on(plain, ours, monkeypatch):
    steps = []
    forward = ours.pipeline.model.forward

    def counted(*args, **options):
        steps.append(1)
        return forward(*args, **options)

    monkeypatch.setattr(ours.pipeline.model, "forward", counted)
    long = {"max_new_tokens": 400, "min_new_tokens": 400, "do_sample": False}
    stream = ours.stream("민수: 배는", **long)
    next(stream)
    stream.close()
    assert 0 < len(steps) < 200
    before = threading.active_count()
    unmended = plain.stream("민수: 배는", pipeline_kwargs=long)
    next(unmended)
    unmended.close()
    assert threading.active_count() == before + 1
    deadline = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(steps) >= 400


def test_a_request_is_put_into_the_template_once(model, plain):
    chain = PromptTemplate.from_template("{what}") | model.chain().bind(**COLD)
    answer = chain.invoke({"what": "부두의 밤"})
    assert answer.startswith("민수: 배는 안 들어와요.")
    assert chain.invoke({"what": "### Prompt:\n부두의 밤\n\n### Answer:\n"}) == answer
    assert not plain.invoke("부두의 밤", pipeline_kwargs=COLD).startswith("민수")
    heard = []
    templated = model.chain()
    preprocess = templated.pipeline.preprocess
    templated.pipeline.preprocess = lambda text, **options: (heard.append(text), preprocess(text, **options))[1]
    templated.batch(["부두의 밤", "### Prompt:\n부두의 밤\n\n### Answer:\n"], **COLD)
    list(templated.stream("부두의 밤", **COLD))
    assert heard == ["### Prompt:\n부두의 밤\n\n### Answer:\n"] * 3


def test_a_chain_speaks_through_the_adapter_of_its_view(folder, tmp_path):
    model = HuggingFaceModel.load(str(folder))
    base = model.chain(template=False)
    without = base.invoke("민수: 배는", **COLD)
    model.add_adapter("누나", tiny_adapter(folder, tmp_path, 3))
    sister = model.using("누나").chain(template=False)
    assert sister.invoke("민수: 배는", **COLD) != without == base.invoke("민수: 배는", **COLD)
    assert "".join(sister.stream("민수: 배는", **COLD)) == sister.invoke("민수: 배는", **COLD)


def test_token_type_ids_of_an_old_tokenizer_reach_no_model(model):
    """Llama's generate refuses them; the pipeline of transformers 5.23 hands on ids and mask only, so nothing is to be mended."""
    tokenizer = model.chain().pipeline.tokenizer
    tokenizer.model_input_names = ["input_ids", "token_type_ids", "attention_mask"]
    old = HuggingFacePipeline(pipeline=pipeline("text-generation", model=model._shared.model, tokenizer=tokenizer))
    assert old.invoke("민수: 배는", pipeline_kwargs=COLD).startswith("민수: 배는 안")


def test_the_tokenizer_of_the_model_stays_as_it_is(model):
    before = model._shared.tokenizer.padding_side, model._shared.tokenizer.pad_token
    chain = model.chain()
    assert chain.pipeline.tokenizer.padding_side == "left" and chain.pipeline.tokenizer.pad_token
    assert (model._shared.tokenizer.padding_side, model._shared.tokenizer.pad_token) == before


def test_the_example_in_the_docs_runs(folder, tmp_path, monkeypatch):
    text = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    (example,) = (part.partition("```")[0] for part in text.split("```python\n")[1:])
    adapters = {name: tiny_adapter(folder, tmp_path / name, seed) for seed, name in enumerate(("run", "run-villain"))}
    assert all(name in example for name in adapters)
    monkeypatch.chdir(tmp_path)
    found = {}
    exec(example, found)
    assert found["model"].adapters == ("default", "악역")
