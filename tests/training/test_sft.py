"""Recipes, the encoding of a row, the tokenizer, the names of the adapter's tensors: nothing is trained."""

from pathlib import Path

import pytest

from model.huggingface import pieces_ids
from training.base import gguf_name, tokenizer_of
from training.recipe import SHIPPED, DpoRecipe, SftRecipe, load_recipe
from training.rows import Piece, Row
from training.sft import encoded
from transcript.errors import FileError, ModelError, UsageError

pytest.importorskip("transformers")

RECIPES = sorted(SHIPPED.glob("*.yaml"))
TOKENS = ["<unk>", "<bos>", "\n", "▁", "▁왔", "왔", "네", ".", "왔네", "▁왔네", *(f"<0x{b:02X}>" for b in range(256))]
SCORES = [0.0, 0.0, 0.0, -1.0, -20.0, -9.0, -8.0, -2.0, -10.0, -30.0] + [0.0] * 256
KINDS = [2, 3, 4] + [1] * 7 + [6] * 256


@pytest.fixture
def tokenizer():
    return tokenizer_of(TOKENS, SCORES, KINDS, bos=1, unknown=0)


def names(tokenizer, text):
    return tokenizer.convert_ids_to_tokens(pieces_ids(tokenizer, text))


def test_the_best_pair_is_joined_first_and_joins_again(tokenizer):
    assert names(tokenizer, " 왔네.") == ["▁왔네", "."]


def test_special_tokens_are_cut_out_before_joining(tokenizer):
    assert names(tokenizer, "왔\n네<bos>") == ["왔", "\n", "네", "<bos>"]


def test_what_is_no_token_becomes_bytes_and_comes_back(tokenizer):
    assert names(tokenizer, "뷁 왔네")[:3] == ["<0xEB>", "<0xB7>", "<0x81>"]
    assert tokenizer.decode(pieces_ids(tokenizer, "뷁 왔네")) == "뷁 왔네"


def test_a_prompt_begins_with_the_start_token_and_a_piece_does_not(tokenizer):
    assert tokenizer.encode("네") == [1, 6]
    assert pieces_ids(tokenizer, "네") == [6]


def test_loss_stands_on_the_ids_of_loss_pieces_only(tokenizer):
    row = Row("corpus/x", (Piece("네"), Piece(" 왔네\n", loss=True), Piece("네"), Piece(".\n", loss=True)))
    (example,) = encoded(row, tokenizer, 99)
    assert example.ids == (1, 6, 9, 2, 6, 7, 2)
    assert example.mask == (0, 0, 1, 1, 0, 1, 1)
    assert example.characters == len(" 왔네\n.\n")


def test_a_long_row_ends_after_a_whole_piece(tokenizer):
    row = Row("corpus/x", (Piece("네"), Piece(" 왔네\n", loss=True), Piece("네"), Piece(".\n", loss=True)))
    assert [example.ids for example in encoded(row, tokenizer, 4)] == [(1, 6, 9, 2)]


def test_a_row_that_ends_closes_with_the_tokenizers_end(tokenizer):
    row = Row("corpus/x", (Piece("네"), Piece(".", loss=True)), ends=True)
    assert [example.ids for example in encoded(row, tokenizer, 99)] == [(1, 6, 7, tokenizer.eos_token_id)]


def test_every_shipped_recipe_loads():
    assert {"embedded-sft", "embedded-dpo", "ldcc-sft", "ldcc-dpo"} <= {path.stem for path in RECIPES}
    for path in RECIPES:
        assert load_recipe(path, DpoRecipe if path.stem.endswith("dpo") else SftRecipe).seed >= 0


def test_ldcc_is_trained_with_the_numbers_of_the_first_experiment():
    recipe = load_recipe(Path("ldcc-sft"), SftRecipe)
    assert (recipe.rank, recipe.alpha, recipe.dropout, recipe.learning_rate) == (16, 32, 0.045, 2e-4)
    assert (recipe.batch, recipe.accumulation, recipe.epochs, recipe.max_length) == (1, 4, 4, 1024)
    assert (recipe.warmup, recipe.weight_decay, recipe.precision) == (0.1, 0.01, "nf4")


@pytest.mark.parametrize(("old", "new", "key"), [("rank: 16", "rnk: 16", "rank"), ("batch: 1", "batch: 0", "batch")])
def test_a_wrong_recipe_names_its_key(tmp_path, old, new, key):
    file = tmp_path / "r.yaml"
    file.write_text((SHIPPED / "embedded-sft.yaml").read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(FileError, match=key):
        load_recipe(file, SftRecipe)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[" * 32_768, "1: is nested deeper than 64 levels"),
        ("이름: 값".encode("cp949"), "CP949"),
        (b"", "is empty"),
        (b"rank: .inf", "no number that can be used"),
        (b"a: 1\nrank: 0", "r.yaml:"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_a_line(tmp_path, data, words):
    file = tmp_path / "r.yaml"
    file.write_bytes(data)
    with pytest.raises(FileError, match=words) as refused:
        load_recipe(file, SftRecipe)
    assert "\n" not in str(refused.value)


def test_an_unknown_recipe_names_those_that_ship():
    with pytest.raises(UsageError, match="embedded-sft"):
        load_recipe(Path("embeded"), SftRecipe)


def test_adapter_tensors_are_named_as_the_base_s():
    assert gguf_name("model.layers.17.self_attn.o_proj.weight") == "blk.17.attn_output.weight"
    with pytest.raises(ModelError, match="embed_tokens"):
        gguf_name("model.embed_tokens.weight")
