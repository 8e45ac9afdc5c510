"""hf:PATH on a tiny Llama: candidates in one batch, stops, seeds, closed sets, and errors that say what to do."""

from dataclasses import replace

import pytest

from model import ModelConfig, load_chat_model
from model.base import Sampling
from model.load import digest
from tests.tiny import tiny_llama
from transcript.errors import ModelError

torch = pytest.importorskip("torch")
pytest.importorskip("bitsandbytes")

PROMPT = "S#1. 부두 / 밤\n\n민수:"
SHORT = Sampling(max_tokens=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_llama(tmp_path_factory.mktemp("tiny"), "민수: 배는 안 들어와요.\n지은: 거짓말이지? 아침에 봤어.\n")


@pytest.fixture(scope="module")
def model(folder):
    return load_chat_model(ModelConfig.parse(f"hf:{folder}"))


def test_candidates_come_in_one_batch_and_again_from_the_same_seed(model):
    first = model.propose(PROMPT, 3, seed=5, sampling=SHORT)
    assert len(first.completions) == 3
    assert model.propose(PROMPT, 3, seed=5, sampling=SHORT).completions == first.completions
    assert model.propose(PROMPT, 3, seed=6, sampling=SHORT).completions != first.completions
    assert all(one.logprob < 0 for one in first.completions)
    assert 0 < first.decoded <= 36 and first.prefilled > 5


def test_the_weights_are_in_four_bits(model):
    assert model._model.model.layers[0].mlp.up_proj.weight.quant_state.quant_type == "nf4"


def test_a_stop_ends_a_candidate_and_is_no_part_of_it(model):
    free = model.propose(PROMPT, 1, seed=2, sampling=SHORT).completions[0]
    assert not free.ended and len(free.text) > 3
    cut = model.propose(PROMPT, 1, seed=2, sampling=SHORT, stop=[free.text[2]]).completions[0]
    assert cut.ended and cut.text == free.text[:2] and free.text[2] not in cut.text


def test_every_token_is_heard_and_what_the_hearer_raises_comes_through(model):
    heard = []
    said = model.propose(PROMPT, 1, seed=2, sampling=SHORT, on_token=heard.append).completions[0]
    assert len(heard) == 12 and "".join(heard).startswith(said.text[:2])

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.propose(PROMPT, 1, seed=2, sampling=SHORT, on_token=stop)


def test_a_closed_set_is_scored_by_the_whole_option(model):
    options = [" 배는 안 들어와요.", " 거짓말이지?"]
    scores = model.score(PROMPT, options)
    assert sum(scores.probabilities) == pytest.approx(1)
    sums = []
    for option in options:
        ids = model._ids(PROMPT)
        added = model._tokenizer.encode(option, add_special_tokens=False)
        with torch.no_grad():
            logs = torch.log_softmax(model._model(torch.tensor([ids + added])).logits[0].float(), -1)
        sums.append(sum(float(logs[len(ids) - 1 + n, token]) for n, token in enumerate(added)))
    assert scores.probabilities[0] / scores.probabilities[1] == pytest.approx(
        2.718281828 ** (sums[0] - sums[1]), rel=1e-3
    )


def test_greedy_is_the_same_for_every_seed(model):
    cold = replace(SHORT, temperature=0)
    assert (
        model.propose(PROMPT, 1, seed=1, sampling=cold).completions
        == model.propose(PROMPT, 1, seed=2, sampling=cold).completions
    )


def test_what_is_not_there_is_named_with_the_remedy(tmp_path):
    with pytest.raises(ModelError, match="give a folder or hub id"):
        load_chat_model(ModelConfig.parse(f"hf:{tmp_path / 'nothing'}"))


def test_the_weights_have_a_hash(model):
    assert len(model.sha256) == 64 and model.adapter_sha256 == "" == digest(ModelConfig.parse("hf:nobody/nothing"))
