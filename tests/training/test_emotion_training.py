"""The training of the emotion classifier: figures, calibration, packing, and rows read from files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.labels import LABELS
from training.emotion.data import drama, kote, scenes
from training.emotion.metrics import auroc, best_thresholds, calibration_error, f1
from training.emotion.pack import _bytes, calibrated
from transcript.errors import FileError


def pairs(scores, truth):
    """Return the AUROC by counting every pair of a true and a false row."""
    right = [(a > b) + 0.5 * (a == b) for a in scores[truth > 0.5] for b in scores[truth <= 0.5]]
    return np.mean(right)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40))
def test_auroc_is_the_share_of_pairs_in_the_right_order(rows):
    scores = np.array([[score / 6] for score, _ in rows], np.float32)
    truth = np.array([[float(true)] for _, true in rows], np.float32)
    found = auroc(scores, truth)[0]
    if 0 < truth.sum() < len(rows):
        assert found == pytest.approx(pairs(scores[:, 0], truth[:, 0]), abs=1e-6)
    else:
        assert np.isnan(found)


def test_f1_counts_what_was_chosen_against_what_is_true():
    chosen = np.array([[1, 0], [1, 0], [0, 0], [1, 0]], bool)
    truth = np.array([[1, 0], [0, 0], [1, 0], [1, 0]], np.float32)
    assert f1(chosen, truth) == pytest.approx([2 * 2 / (3 + 3), 0.0])


def test_the_best_threshold_lies_between_the_true_and_the_false():
    scores = np.array([[0.1], [0.2], [0.4], [0.5]], np.float32)
    truth = np.array([[0], [0], [1], [1]], np.float32)
    assert 0.2 < best_thresholds(scores, truth)[0] <= 0.4


def test_a_constant_guess_is_off_by_its_distance_from_the_share_that_is_true():
    truth = np.array([[1], [0], [0], [0]], np.float32)
    assert calibration_error(np.full((4, 1), 0.75, np.float32), truth) == pytest.approx(0.5)
    assert calibration_error(np.full((4, 1), 0.25, np.float32), truth) == pytest.approx(0.0)


def loss(logits, truth):
    return (np.logaddexp(0, logits) - truth * logits).mean()


def test_calibration_lowers_the_loss_and_keeps_the_order():
    rng = np.random.default_rng(7)
    truth = (rng.random((400, 3)) < [0.1, 0.3, 0.5]).astype(np.float32)
    logits = (4 * (truth - 0.5) + 6 * rng.standard_normal((400, 3)) + 2).astype(np.float32)
    scale, shift = calibrated(logits, truth)
    assert (scale > 0).all()
    assert loss(scale * logits + shift, truth) < loss(logits, truth) - 0.1
    assert calibration_error(1 / (1 + np.exp(-(scale * logits + shift))), truth) < 0.05


def test_packed_numbers_come_back_within_half_a_step():
    numbers = np.random.default_rng(3).standard_normal((20, 64)).astype(np.float32)
    numbers[4] = 0
    whole, scale = _bytes(numbers)
    back = whole.astype(np.float32) * scale.astype(np.float32)[:, None]
    assert whole.dtype == np.int8
    assert (np.abs(back - numbers) <= 0.51 * np.abs(numbers).max(1, keepdims=True) / 127 + 1e-3).all()
    assert not back[4].any()


def folder(tmp_path, text):
    (tmp_path / "kote").mkdir()
    (tmp_path / "kote" / "val.tsv").write_text(text, encoding="utf-8")
    return tmp_path


def test_every_eighth_row_of_val_is_tuned_on_and_no_other(tmp_path):
    data = folder(tmp_path, "".join(f"{i}\t{i}번째 배가 들어왔다.\t{i % 44}\n" for i in range(20)))
    tune, train = kote(data, "tune"), kote(data, "train")
    assert tune.texts == ("0번째 배가 들어왔다.", "8번째 배가 들어왔다.", "16번째 배가 들어왔다.")
    assert len(train) == 17
    assert not {*tune.texts} & {*train.texts}
    assert [int(row.argmax()) for row in tune.labels] == [0, 8, 16]


@pytest.mark.parametrize(
    "row", ["1\t배가 들어왔다.\t44", "1\t배가 들어왔다.", "1\t배가 들어왔다.\t기쁨", "1\t배가 들어왔다.\t-1"]
)
def test_a_broken_row_is_named_with_file_and_line(tmp_path, row):
    data = folder(tmp_path, f"0\t비가 온다.\t3\n{row}\n")
    with pytest.raises(FileError, match=r"val\.tsv.*2.*label numbers below 44"):
        kote(data, "train")


def test_missing_data_says_what_to_pass(tmp_path):
    with pytest.raises(FileError, match="--data"):
        kote(tmp_path, "train")


def test_drama_lines_carry_the_line_before_and_their_labels(tmp_path):
    file = tmp_path / "lines.tsv"
    file.write_text("# own\nprevious\ttext\tlabels\tgenre\n밥은?\t먹었어.\t기쁨,없음\t가족\n", encoding="utf-8")
    rows = drama(file)
    assert (rows.texts, rows.previous) == (("먹었어.",), ("밥은?",))
    assert {LABELS[i] for i in rows.labels[0].nonzero()[0]} == {"기쁨", "없음"}


@pytest.mark.parametrize(
    "row", ["001-없는씬\t1\t기쁨", "001-시력검사\t999\t기쁨", "001-시력검사\t1\t그리움", "001-시력검사\t1"]
)
def test_a_label_of_no_line_of_the_corpus_is_named(tmp_path, row):
    from benchmarks.steering.__main__ import CORPUS

    file = tmp_path / "labels.tsv"
    file.write_text(f"scene\tline\tlabels\n{row}\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"labels\.tsv.*2"):
        scenes(CORPUS, file, "train")


def test_the_two_parts_of_the_labelled_scenes_share_no_line():
    from pathlib import Path

    import training.emotion
    from benchmarks.steering.__main__ import CORPUS

    labels = Path(training.emotion.__file__).parent / "drama.tsv"
    train, tune = (scenes(CORPUS, labels, split) for split in ("train", "tune"))
    assert (len(train), len(tune)) == (451, 112)
    assert not {*train.texts} & {*tune.texts}
