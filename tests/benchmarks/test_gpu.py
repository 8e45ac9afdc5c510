"""The benchmark of LDCC's shape on a GPU: its prompts have the length they are asked for, and nothing of a tail is shared."""

from itertools import takewhile

from benchmarks.gpu import TAIL, Scene


def test_a_prompt_is_less_than_a_letter_from_its_length_in_bytes():
    scene = Scene()
    for tokens in (600, 1_999, 2_000, 2_001):
        assert tokens - 6 < len(scene.prompt(tokens, 0).encode()) <= tokens


def test_two_turns_share_the_history_and_none_of_the_tail():
    scene = Scene()
    first, second = scene.prompt(900, 1), scene.prompt(924, 2)
    pairs = zip(first.encode(), second.encode(), strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    assert 900 - TAIL - 6 <= shared <= 900 - TAIL + 3
