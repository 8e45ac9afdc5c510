"""The prefix cache: what is read from it is what would be read anew, whatever was cut, edited, branched or switched before."""

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from model.prefix import PrefixCache, common, expanded  # noqa: E402
from tests.tiny import letters_gemma, letters_llama  # noqa: E402


def llama():
    torch.manual_seed(1)
    return letters_llama()


def gemma():
    """Return a Gemma 3 whose window is shorter than the prompts."""
    torch.manual_seed(1)
    return letters_gemma(window=16)


def said(model, ids, cache=None):
    """Return eight greedy ids after `ids`."""
    options = {"past_key_values": cache} if cache is not None else {}
    given = torch.tensor([ids])
    found = model.generate(
        input_ids=given,
        attention_mask=torch.ones_like(given),
        do_sample=False,
        max_new_tokens=8,
        pad_token_id=0,
        **options,
    )
    return found[0, len(ids) :].tolist()


@pytest.mark.parametrize("make", [llama, gemma])
def test_forty_turns_of_three_agents_with_edits_and_branches_are_those_without_a_cache(make):
    model, rng = make(), random.Random(3)
    prefixes = PrefixCache(model)
    history, kept, new = [rng.randrange(3, 80) for _ in range(60)], [], []
    for turn in range(40):
        tail = [3 + turn % 3] * 5 + [rng.randrange(3, 80) for _ in range(20)]
        prompt = history + tail
        cache, read = prefixes.read(prompt)
        new.append(read)
        line = said(model, prompt, expanded(cache, 1))
        assert line == said(model, prompt)
        history = history + line
        if turn == 12:
            kept = list(history)
        if turn == 20:
            history[40] = 3 + (history[40] - 2) % 77  # an edit far back
        if turn == 28:
            history = list(kept)  # another branch, from an earlier point
    after_a_line = new[1:13] + new[14:20]
    assert max(after_a_line) <= 8 + 25 + 1  # the line before and the tail, however long the history


def test_a_branch_keeps_the_other_one():
    model = llama()
    prefixes = PrefixCache(model)
    trunk = list(range(3, 60)) * 8
    first, second = trunk + [5] * 400, trunk + [7] * 400
    prefixes.read(first)
    assert prefixes.read(second)[1] == 400
    assert prefixes.read([*first, 9])[1] <= 2
    assert prefixes.read([*second, 9])[1] <= 2


def test_an_adapters_keys_are_not_anothers():
    prefixes = PrefixCache(llama())
    ids = list(range(3, 70))
    prefixes.read(ids, "a")
    assert prefixes.read(ids, "b")[1] == len(ids)
    assert prefixes.read(ids, "a")[1] == 1


def test_memory_stays_within_the_budget_and_the_oldest_goes_first():
    model = llama()
    one = PrefixCache(model)
    one.read([3] * 400)
    prefixes = PrefixCache(model, budget=int(one.bytes() * 2.5))
    for token in (3, 4, 5):
        prefixes.read([token] * 400)
    assert prefixes.bytes() <= one.bytes() * 2.5
    assert prefixes.read([5] * 400)[1] == 1
    assert prefixes.read([3] * 400)[1] == 400


def test_candidates_fan_out_from_one_prefix():
    model = llama()
    prompt = list(range(3, 50))
    cache, _ = PrefixCache(model).read(prompt)
    found = model.generate(
        input_ids=torch.tensor([prompt] * 3),
        attention_mask=torch.ones(3, len(prompt), dtype=torch.long),
        past_key_values=expanded(cache, 3),
        do_sample=False,
        max_new_tokens=8,
        pad_token_id=0,
    )
    assert found[:, len(prompt) :].tolist() == [said(model, prompt)] * 3


def test_common_ids():
    assert (
        common([1, 2, 3], [1, 2, 4]) == 2 and common([1], [1, 2]) == 1 == common([1, 2], [1]) and common([], [1]) == 0
    )
