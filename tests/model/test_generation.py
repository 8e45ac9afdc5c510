"""What `generate` is given: candidates that share one prompt's keys say what they would say over copies of them."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from transformers import DynamicCache  # noqa: E402

from model.generation import fanned  # noqa: E402
from tests.tiny import letters_gemma, letters_llama  # noqa: E402


def read(model, ids):
    cache = DynamicCache()
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]), past_key_values=cache)
    return cache


@pytest.mark.parametrize("make", [letters_llama, lambda: letters_gemma(window=8)])
def test_a_fan_gives_the_logits_of_copies_and_leaves_the_prompt_as_it_is(make):
    torch.manual_seed(2)
    model, prompt = make(), list(range(3, 40))
    cache, copies = read(model, prompt), read(model, prompt)
    copies.batch_repeat_interleave(3)
    shared = fanned(cache)
    before = [layer.keys.clone() for layer in cache.layers]
    for tokens in ([[5], [6], [7]], [[8], [9], [10]], [[11, 12], [13, 14], [15, 16]]):
        with torch.no_grad():
            ours, theirs = (
                model(input_ids=torch.tensor(tokens), past_key_values=one).logits for one in (shared, copies)
            )
        assert torch.allclose(ours, theirs, atol=1e-5)
    assert shared.get_seq_length() == copies.get_seq_length() == 41
    assert all(torch.equal(layer.keys, old) for layer, old in zip(cache.layers, before, strict=True))


def test_a_fan_holds_the_prompt_once():
    model = letters_llama()
    cache = read(model, list(range(3, 40)))
    shared = fanned(cache)
    with torch.no_grad():
        model(input_ids=torch.tensor([[5], [6], [7]]), past_key_values=shared)
    assert [layer.keys.shape[-2] for layer in shared.layers] == [1, 1]
    assert shared.layers[0]._shared[0].data_ptr() == cache.layers[0].keys.data_ptr()


def test_a_prompt_of_one_id_has_nothing_to_share():
    model = letters_llama()
    empty = fanned(DynamicCache())
    with torch.no_grad():
        model(input_ids=torch.tensor([[5], [6]]), past_key_values=empty)
    assert empty.get_seq_length() == 1
