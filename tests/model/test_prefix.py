"""The prefix cache: what is read from it is what would be read anew, whatever was cut, edited, branched or switched before."""

import random

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from model.generation import fanned  # noqa: E402
from model.prefix import PrefixCache, check_keys_and_values, common  # noqa: E402
from tests.tiny import letters_gemma, letters_llama  # noqa: E402
from transcript.errors import ModelError  # noqa: E402


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
        line = said(model, prompt, fanned(cache))
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


def test_agents_in_turn_find_some_of_their_prefixes_where_the_least_recently_used_would_find_none():
    model = llama()
    one = PrefixCache(model)
    one.read([3] * 400)
    prefixes = PrefixCache(model, budget=int(one.bytes() * 2.5))  # room for two of three
    read = [prefixes.read([4 + turn % 3] * 400, f"{turn % 3}")[1] for turn in range(24)]
    assert read[:6] == [400] * 6  # who comes when is not known yet
    assert read[12:].count(1) >= 6
    assert set(read) == {1, 400} and prefixes.bytes() <= one.bytes() * 2.5


def test_a_branch_that_was_left_goes_before_the_prefix_of_somebody_in_turn():
    model = llama()
    one = PrefixCache(model)
    one.read([3] * 400)
    prefixes = PrefixCache(model, budget=int(one.bytes() * 3.5))
    for _ in range(3):
        for name in ("민수", "지은"):
            prefixes.read([5] * 400, name)
    prefixes.read([6] * 400, "민수")  # another branch, which the person looks at and leaves
    for name in ("민수", "지은"):
        prefixes.read([5] * 400, name)
    prefixes.read([7] * 400, "영호")  # takes the place of one
    assert prefixes.read([5] * 400, "지은")[1] == 1
    assert prefixes.read([5] * 400, "민수")[1] == 1


def test_one_who_left_the_scene_goes_in_the_end():
    model = llama()
    one = PrefixCache(model)
    one.read([3] * 400)
    prefixes = PrefixCache(model, budget=int(one.bytes() * 3.5))
    for name in ("민수", "지은", "영호") * 3 + ("민수", "지은") * 6:  # 영호 leaves
        prefixes.read([5] * 400, name)
    prefixes.read([6] * 400, "수연")
    assert [prefixes.read([5] * 400, name)[1] for name in ("민수", "지은")] == [1, 1]
    assert prefixes.read([5] * 400, "영호")[1] == 400


def test_what_was_read_in_part_is_not_kept():
    model = llama()
    prefixes = PrefixCache(model)
    prompt = list(range(3, 60))
    prefixes.read(prompt)
    layer = model.model.layers[1]
    forward = layer.forward

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    layer.forward = interrupted  # the first layer has taken in the new ids by then
    with pytest.raises(KeyboardInterrupt):
        prefixes.read([*prompt, 7, 8, 9])
    layer.forward = forward
    cache, _ = prefixes.read([*prompt, 7, 8, 9, 10])
    assert said(model, [*prompt, 7, 8, 9, 10], fanned(cache)) == said(model, [*prompt, 7, 8, 9, 10])


def test_an_adapter_or_everything_is_forgotten():
    prefixes = PrefixCache(llama())
    ids = list(range(3, 70))
    prefixes.read(ids, "a")
    prefixes.read(ids, "b")
    prefixes.forget("a")
    assert prefixes.read(ids, "b")[1] == 1 and prefixes.read(ids, "a")[1] == len(ids)
    prefixes.forget()
    assert prefixes.bytes() == 0


def test_a_memory_that_cannot_be_cut_is_refused_and_sliding_windows_are_not():
    check_keys_and_values(gemma(), "hf:gemma")
    mixed = llama()
    mixed.config.layer_types = ["full_attention", "linear_attention"]
    with pytest.raises(ModelError, match="hf:mixed: has linear_attention layers, whose state cannot be cut back"):
        check_keys_and_values(mixed, "hf:mixed")


def test_candidates_fan_out_from_one_prefix():
    model = llama()
    prompt = list(range(3, 50))
    cache, _ = PrefixCache(model).read(prompt)
    found = model.generate(
        input_ids=torch.tensor([prompt] * 3),
        attention_mask=torch.ones(3, len(prompt), dtype=torch.long),
        past_key_values=fanned(cache),
        do_sample=False,
        max_new_tokens=8,
        pad_token_id=0,
    )
    assert found[:, len(prompt) :].tolist() == [said(model, prompt)] * 3


def test_common_ids():
    assert (
        common([1, 2, 3], [1, 2, 4]) == 2 and common([1], [1, 2]) == 1 == common([1, 2], [1]) and common([], [1]) == 0
    )
