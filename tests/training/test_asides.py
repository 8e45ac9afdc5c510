"""Asides: a line in one is trained after exactly what its speaker reads in play, and nothing later sees the aside."""

import pytest

from tests.tiny import letters_gemma, letters_llama
from training.asides import positions
from training.rows import Piece, Row
from training.sft import batch, encoded, spoken_loss

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")


class Letters:
    """A tokenizer of single letters."""

    bos_token_id, eos_token_id = 1, 2

    def encode(self, text, add_special_tokens=True):
        return [3 + ord(letter) % 90 for letter in text]

    def convert_ids_to_tokens(self, ids):
        return ["가"] * len(ids)


ROW = Row(
    "corpus/x",
    (
        Piece("제목: 배\n\n민수가 선다.\n"),
        Piece("[민수. 지은에게 해체]\n민수:", aside=True),
        Piece(" 왔네.\n", loss=True, aside=True),
        Piece("민수: 왔네.\n지은:"),
        Piece(" 그냥요.\n", loss=True),
        Piece("[지문]\n파도가", aside=True),
        Piece(" 친다.\n", loss=True, aside=True),
        Piece("파도가 친다.\n"),
        Piece("[지은. 민수에게 해요체]\n지은:", aside=True),
        Piece(" 가요.\n", loss=True, aside=True),
    ),
)


def llama():
    torch.manual_seed(1)
    return letters_llama()


def gemma():
    """Return a Gemma 3 whose window is shorter than the prompts."""
    torch.manual_seed(1)
    return letters_gemma(window=12)


@pytest.mark.parametrize("make", [llama, gemma])
def test_the_loss_of_a_row_is_that_of_its_lines_each_after_its_own_prompt(make):
    torch.manual_seed(0)
    model = make().eval()
    with torch.no_grad():
        loss, count = spoken_loss(model, batch([encoded(ROW, Letters(), 999)[0].inputs()]))
        summed = tokens = 0
        for prompt, said in ROW.answers():
            ids = [Letters.bos_token_id, *Letters().encode(prompt + said)]
            length = len(Letters().encode(said))
            logits = model(torch.tensor([ids])).logits[0, -length - 1 : -1]
            summed += torch.nn.functional.cross_entropy(logits, torch.tensor(ids[-length:]), reduction="sum")
            tokens += length
    assert count == tokens
    assert loss.item() == pytest.approx(summed.item(), rel=1e-4)


def test_two_rows_in_a_batch_count_as_each_alone():
    torch.manual_seed(0)
    model = llama().eval()
    short = Row("corpus/y", (Piece("제목: 집\n지은:"), Piece(" 네.\n", loss=True)))
    rows = [encoded(row, Letters(), 999)[0].inputs() for row in (ROW, short)]
    with torch.no_grad():
        alone = [spoken_loss(model, batch([row])) for row in rows]
        loss, count = spoken_loss(model, batch(rows))
    assert count == sum(found[1] for found in alone)
    assert loss.item() == pytest.approx(sum(found[0].item() for found in alone), rel=1e-4)


def test_positions_go_on_from_the_trunk_in_an_aside_and_after_it():
    assert positions([0, 0, 1, 1, 0, 2, 2, 2, 0]) == [0, 1, 2, 3, 2, 3, 4, 5, 3]


def test_answers_stand_after_the_history_and_their_own_aside_only():
    prompts = [prompt for prompt, _ in ROW.answers()]
    assert prompts[0].endswith("선다.\n[민수. 지은에게 해체]\n민수:")
    assert prompts[1].endswith("민수가 선다.\n민수: 왔네.\n지은:")
    assert prompts[3].endswith("그냥요.\n파도가 친다.\n[지은. 민수에게 해요체]\n지은:")
    assert all(prompt.count("[") <= 1 for prompt in prompts)


@pytest.mark.parametrize("limit", [75, 90, 120])
def test_a_row_that_is_split_has_the_same_loss_in_all_its_examples(limit):
    torch.manual_seed(0)
    model = gemma().eval()
    examples = encoded(ROW, Letters(), limit)
    assert all(len(example.ids) <= limit for example in examples) and (len(examples) > 1) == (limit < 120)
    with torch.no_grad():
        whole, count = spoken_loss(model, batch([encoded(ROW, Letters(), 999)[0].inputs()]))
        parts = [spoken_loss(model, batch([example.inputs()])) for example in examples]
    assert sum(part[1] for part in parts) == count
    assert sum(part[0].item() for part in parts) == pytest.approx(whole.item(), rel=1e-4)
    assert sum(example.characters for example in examples) == encoded(ROW, Letters(), 999)[0].characters


def test_a_history_that_is_too_long_ends_the_row():
    examples = encoded(ROW, Letters(), 30)
    assert all(len(example.ids) <= 30 for example in examples)
    assert sum(map(sum, (example.mask for example in examples))) < sum(encoded(ROW, Letters(), 999)[0].mask)
