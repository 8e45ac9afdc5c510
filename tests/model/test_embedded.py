"""The embedded model for real: candidates, streaming, closed sets, the prefix cache, stopping, and bad files."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from model import ModelConfig, Sampling, load_chat_model
from model.embedded import LlamaCppModel
from model.weights import ADAPTER_SHA256
from transcript.errors import Interrupted, ModelError

SCENE = "S#1. 방파제 / 저녁\n\n민수: 왔네.\n지은: 네, 왔어요.\n민수: 밥은 먹었어?\n"
SHORT = Sampling(max_tokens=12)


@pytest.fixture(scope="module")
def model():
    loaded = load_chat_model(ModelConfig.parse("embedded"))
    yield loaded
    loaded.close()


def test_candidates_end_at_the_stop_and_differ(model):
    proposal = model.propose(SCENE + "지은:", 4, seed=3, sampling=Sampling(max_tokens=32), stop=["\n"])
    assert len(proposal.completions) == 4
    assert len({c.text for c in proposal.completions}) > 1
    assert all("\n" not in c.text and c.logprob < 0 for c in proposal.completions)
    assert proposal.decoded > 4


def test_only_new_text_is_prefilled(model):
    long = SCENE * 20
    model.propose(long + "[민수. 마음은 슬픔]\n민수:", 4, seed=1, sampling=SHORT, stop=["\n"])
    grown = long + "민수: 그래.\n지은: 네.\n"
    again = model.propose(grown + "[지은. 마음은 기쁨]\n지은:", 4, seed=2, sampling=SHORT, stop=["\n"])
    assert again.prefilled < 60


def test_a_prompt_that_was_read_ahead_is_not_read_again(model):
    prompt = "세 번째 이야기.\n" + SCENE * 10 + "[지은. 마음은 기쁨]\n지은:"
    assert model.reads_ahead
    assert model.warm(prompt) > 100
    for n in (1, 4):
        assert model.propose(prompt, n, seed=2, sampling=SHORT, stop=["\n"]).prefilled == 1


def test_reading_ahead_ends_with_the_batch_after_which_it_is_stopped(model):
    prompt = "네 번째 이야기.\n" + SCENE * 30 + "지은:"
    heard = []

    def stop():
        heard.append(True)
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        model.until(stop).warm(prompt)
    assert heard == [True]
    assert model.warm(prompt) > 100  # the rest, and to the end: `model` itself is stopped by nobody
    assert model.warm(prompt) == 1


def test_two_histories_keep_a_prefix_each(model):
    one, two = "첫 번째 이야기.\n" + SCENE * 10, "두 번째 이야기.\n" + SCENE * 10
    for text in (one, two):
        model.propose(text + "민수:", 4, seed=1, sampling=SHORT, stop=["\n"])
    costs = [model.propose(text + "지은:", 4, seed=2, sampling=SHORT, stop=["\n"]).prefilled for text in (one, two)]
    assert max(costs) < 40


def test_candidates_share_the_cells_of_their_prompt():
    small = load_chat_model(replace(ModelConfig.parse("embedded"), context=512))
    prompt = SCENE * 10 + "지은:"
    one = small.propose(prompt, 1, seed=1, sampling=SHORT)
    assert 256 < one.prefilled < 512 - 9 * SHORT.max_tokens  # two copies of it would not fit
    four = small.propose(prompt + " 네.\n민수:", 8, seed=1, sampling=SHORT)
    assert len(four.completions) == 8 and all(done.text for done in four.completions)
    assert four.prefilled < 40  # read once for all, from where it parts
    small.close()


def test_two_scenes_at_once_keep_their_prefix_and_get_four_candidates_each(model):
    histories = ["첫 번째 배가 들어온다.\n" + SCENE * 5, "두 번째 배는 오지 않는다.\n" + SCENE * 5]
    for text in histories:
        model.propose(text + "민수:", 1, seed=1, sampling=SHORT, stop=["\n"])
    with ThreadPoolExecutor(2) as pool:
        turns = [
            pool.submit(model.propose, f"{text}민수: 그래.\n지은:", 4, seed=2, sampling=SHORT, stop=["\n"])
            for text in histories
        ]
        found = [turn.result(timeout=120) for turn in turns]
    assert all(len(one.completions) == 4 and one.prefilled < 60 for one in found)


def test_it_is_a_langchain_chat_model(model):
    message = model.invoke("옛날 옛적에", max_tokens=8)
    assert message.content
    pieces = [chunk.content for chunk in model.stream("옛날 옛적에", max_tokens=8)]
    assert len(pieces) > 2
    assert "".join(pieces).strip()
    assert "\n" not in model.invoke(SCENE + "지은:", stop=["\n"]).content


def test_a_closed_set_is_scored_relative_to_itself(model):
    scores = model.score("민수가 지은에게 말했다.\n지은이 민수에게 대답했다.\n지은", ["은", "이", "과"])
    assert sum(scores.probabilities) == pytest.approx(1.0)
    likely = model.score(SCENE, ["지은:", "민준:", "대통령:"]).probabilities
    assert likely[0] > 0.7
    prefix = model.score("바다에", ["서", "서는", "서도"])
    assert sum(prefix.probabilities) == pytest.approx(1.0)
    assert prefix.calls >= 2


def test_a_stop_ends_the_call_and_the_model_lives_on(model):
    heard = []

    def stop(piece):
        heard.append(piece)
        if len(heard) == 3:
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        model.propose(SCENE + "지은:", 4, seed=1, sampling=Sampling(max_tokens=200), on_token=stop)
    assert len(heard) == 3
    assert model.propose(SCENE + "지은:", 1, seed=1, sampling=SHORT).completions[0].text


def test_nothing_listens_on_the_network(model):
    assert model._server.listening_address.startswith("unix:")


def test_the_adapter_is_shipped_checked_and_changes_what_is_said(model):
    assert model.adapter_sha256 == ADAPTER_SHA256
    base = load_chat_model(ModelConfig.parse("embedded:base"))
    greedy = Sampling(temperature=0.0, max_tokens=24, dry=0.0)
    said = [
        m.propose("민수: 배를 왜 팔았어?\n지은:", 1, seed=0, sampling=greedy).completions[0].text for m in (model, base)
    ]
    base.close()
    assert base.adapter_sha256 == ""
    assert said[0] != said[1]


def test_the_same_first_request_gives_the_same_candidates():
    texts = []
    for _ in range(2):
        loaded = load_chat_model(ModelConfig.parse("embedded"))
        texts.append(loaded.propose(SCENE + "지은:", 4, seed=9, sampling=SHORT, stop=["\n"]).completions)
        loaded.close()
    assert texts[0] == texts[1]


def test_the_trimmed_vocabulary_reads_korean_as_the_whole_one(tmp_path):
    from model.weights import joined_package

    whole = tmp_path / "whole.gguf"
    whole.write_bytes(joined_package())
    full = LlamaCppModel.load(whole, ModelConfig.parse("embedded:base"))
    trimmed = load_chat_model(ModelConfig.parse("embedded:base"))
    text = "지은: 등대가… 저렇게 천천히 돌았나요? 그냥요, 괜찮아요! 밧줄 밟지 마, 뷁 쀍."
    costs = [m.propose(text, 1, seed=0, sampling=Sampling(max_tokens=1)).prefilled for m in (trimmed, full)]
    greedy = Sampling(temperature=0.0, max_tokens=24, dry=0.0)
    said = [
        m.propose(SCENE + "지은:", 1, seed=0, sampling=greedy, stop=["\n"]).completions[0].text for m in (trimmed, full)
    ]
    full.close()
    trimmed.close()
    assert costs[0] == costs[1]
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read"),
        (b"", "not a GGUF"),
        (b"PK\x03\x04", "not a GGUF"),
        (b"GGUF" + bytes(64), "cannot load"),
    ],
)
def test_a_bad_file_is_a_clear_error(tmp_path, data, words):
    path = tmp_path / "bad.gguf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(ModelError, match=words):
        load_chat_model(ModelConfig.parse(f"gguf:{path}"))
