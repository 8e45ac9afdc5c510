"""The recipe, the encoding of a row, the tokenizer and the names of the adapter's tensors, all without torch."""

from pathlib import Path

import pytest

from training.base import Tokenizer, gguf_name
from training.dataset import Piece, Row
from training.sft import Recipe, encoded, rate
from transcript.errors import FileError, ModelError

RECIPES = sorted((Path(__file__).parents[2] / "training" / "recipes").rglob("*.yaml"))
TOKENS = ["<unk>", "<bos>", "\n", "▁", "▁왔", "왔", "네", ".", "왔네", "▁왔네", *(f"<0x{b:02X}>" for b in range(256))]
SCORES = [0.0, 0.0, 0.0, -1.0, -20.0, -9.0, -8.0, -2.0, -10.0, -30.0] + [0.0] * 256
KINDS = [2, 3, 4] + [1] * 7 + [6] * 256


@pytest.fixture
def tokenizer():
    return Tokenizer(TOKENS, SCORES, KINDS, bos=1, unknown=0)


def names(tokenizer, text):
    return [tokenizer.tokens[index] for index in tokenizer.encode(text)]


def test_the_best_pair_is_joined_first_and_joins_again(tokenizer):
    assert names(tokenizer, " 왔네.") == ["▁왔네", "."]


def test_special_tokens_are_cut_out_before_joining(tokenizer):
    assert names(tokenizer, "왔\n네<bos>") == ["왔", "\n", "네", "<bos>"]


def test_what_is_no_token_becomes_bytes_and_comes_back(tokenizer):
    ids = tokenizer.encode("뷁 왔네")
    assert [tokenizer.tokens[i] for i in ids[:3]] == ["<0xEB>", "<0xB7>", "<0x81>"]
    assert tokenizer.decode(ids) == "뷁 왔네"


def test_targets_are_the_next_ids_of_loss_pieces_only(tokenizer):
    row = Row("corpus/x", (Piece("네"), Piece(" 왔네\n", loss=True), Piece("네"), Piece(".\n", loss=True)))
    example = encoded(row, tokenizer, 99)
    assert example.ids == (1, 6, 9, 2, 6, 7, 2)
    assert example.targets == (-100, 9, 2, -100, 7, 2, -100)
    assert example.characters == len(" 왔네\n.\n")


def test_a_long_row_ends_after_a_whole_piece(tokenizer):
    row = Row("corpus/x", (Piece("네"), Piece(" 왔네\n", loss=True), Piece("네"), Piece(".\n", loss=True)))
    assert encoded(row, tokenizer, 6).ids == (1, 6, 9, 2, 6)


def test_the_rate_rises_then_falls_to_nothing():
    rates = [rate(step, 50, 0.06) for step in range(50)]
    assert max(rates) == rates[3] == 1.0
    assert rates[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert rates[3:] == sorted(rates[3:], reverse=True)
    assert rates[-1] < 0.01


def test_every_shipped_recipe_loads():
    assert RECIPES
    for path in RECIPES:
        assert Recipe.load(path).seed >= 0


@pytest.mark.parametrize(("old", "new", "key"), [("rank: 16", "rnk: 16", "rank"), ("batch: 2", "batch: 0", "batch")])
def test_a_wrong_recipe_names_its_key(tmp_path, old, new, key):
    file = tmp_path / "r.yaml"
    file.write_text(RECIPES[0].read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=key):
        Recipe.load(file)


def test_adapter_tensors_are_named_as_the_base_s():
    assert gguf_name("model.layers.17.self_attn.o_proj.weight") == "blk.17.attn_output.weight"
    with pytest.raises(ModelError, match="embed_tokens"):
        gguf_name("model.embed_tokens.weight")
