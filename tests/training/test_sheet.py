"""The grading sheet: a model's own lines, marked by a reader, become preference pairs; nothing that was marked is lost or guessed."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from agents.prompts import neutral
from model.scripted import ScriptedModel
from tests.daebon.test_cli import daebon, failed
from training.corpus import read_scene
from training.dataset import line_prompts
from training.gather import CORPUS
from training.pairs import Pair, evenly
from training.sheet import drawn, graded_pairs, picked, read_sheet, write_sheet
from transcript.errors import FileError

SCENE = read_scene(Path(__file__).parent / "files" / "빈수조.yaml")
SCENES = {SCENE.name: SCENE}


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    source = Path(__file__).parent / "files" / "빈수조.yaml"
    (folder / source.name).write_bytes(source.read_bytes())
    return folder


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "m.json"
    said = {
        "미란": [["물은 왜 뺐어?", "수조가 노래한다.", "물은 왜 뺐어?"]],
        "경호": [["", "팔았어.", "### Answer: 네"]],
    }
    file.write_text(json.dumps({"lines": said}, ensure_ascii=False), encoding="utf-8")
    return file


@pytest.fixture
def sheet(tmp_path, script):
    file = tmp_path / "sheet.txt"
    write_sheet(
        drawn(ScriptedModel.load(script), picked([SCENE], 9, 10_000, 1), 3, 1), SCENES, file, "scripted, seed 1"
    )
    return file


def graded(sheet, *marks):
    text = sheet.read_text(encoding="utf-8")
    for line, grade in marks:
        assert f"_ {line}\n" in text
        text = text.replace(f"_ {line}\n", f"{grade} {line}\n")
    sheet.write_text(text, encoding="utf-8")
    return sheet


def test_a_place_has_each_line_once_and_none_that_is_wrong_without_a_reader(script):
    found = list(drawn(ScriptedModel.load(script), picked([SCENE], 9, 10_000, 1), 3, 1))
    spoken = [at for at, line in enumerate(SCENE.lines) if at and line.speaker and line.to]
    assert [place.number for place in found] == spoken
    lines = {SCENE.lines[place.number].speaker: [text for text, _ in place.lines] for place in found}
    assert lines == {"미란": ["물은 왜 뺐어?", "수조가 노래한다."], "경호": ["팔았어."]}


def test_a_prompt_that_is_too_long_for_training_is_left_out():
    lengths = [len(line_prompts(SCENE, at)["persona"]) for at, line in enumerate(SCENE.lines) if at and line.speaker]
    assert len(picked([SCENE], 9, min(lengths), 1)) == sum(length == min(lengths) for length in lengths)
    assert picked([SCENE], 9, min(lengths) - 1, 1) == []


def test_places_come_evenly_from_scenes_until_there_are_enough():
    scenes = [read_scene(file) for file in sorted(CORPUS.glob("*.yaml"))[:4]]
    places = Counter(scene.name for scene, _ in picked(scenes, 10, 10_000, 3))
    assert sorted(places.values()) == [2, 2, 3, 3]
    fitting = sum(bool(line.speaker and line.to) for scene in scenes for line in scene.lines[1:])
    assert len(picked(scenes, 10_000, 10_000, 3)) == fitting


def test_what_is_written_is_read_and_shows_what_was_said_before(sheet):
    places = read_sheet(sheet)
    assert places and all(grade is None for place in places for _, grade in place.lines)
    text = sheet.read_text(encoding="utf-8")
    for place in places:
        before = SCENE.lines[place.number - 1]
        assert f"    {before.speaker}: {before.text}" in text or f"    ({before.text})" in text
    assert SCENE.scenario.logline in text


def test_the_best_line_and_the_writers_stand_against_lines_graded_0(sheet):
    numbers = [place.number for place in read_sheet(sheet)]
    true = {line.speaker: neutral(line.text) for at, line in enumerate(SCENE.lines) if at in numbers}
    graded(sheet, ("물은 왜 뺐어?", 1), ("수조가 노래한다.", 0), ("팔았어.", 0))
    pairs = graded_pairs(sheet, SCENES, frozenset(), 3)
    # one 0 for the best line; where the best is a 0, the writer's line stands against it
    assert {(pair.chosen, pair.rejected) for pair in pairs} == {
        (" 물은 왜 뺐어?\n", " 수조가 노래한다.\n"),
        (f" {true['경호']}\n", " 팔았어.\n"),
    }
    assert [pair.prompt for pair in pairs] == [line_prompts(SCENE, number)["persona"] for number in numbers]
    assert {(pair.reason, pair.source, pair.split) for pair in pairs} == {("graded", f"corpus/{SCENE.name}", "train")}
    assert {pair.split for pair in graded_pairs(sheet, SCENES, frozenset(SCENES), 3)} == {"test"}


def test_a_second_line_graded_0_stands_against_the_writers(sheet):
    text = sheet.read_text(encoding="utf-8").replace("_ 물은 왜 뺐어?", "2 물은 왜 뺐어?\n0 물이 운다.")
    sheet.write_text(text.replace("_ 수조가 노래한다.", "0 수조가 노래한다."), encoding="utf-8")
    found = [(pair.chosen, pair.rejected) for pair in graded_pairs(sheet, SCENES, frozenset(), 3)]
    (true,) = {neutral(line.text) for line in SCENE.lines[1:] if line.speaker == "미란"}
    assert [chosen for chosen, _ in found] == [" 물은 왜 뺐어?\n", f" {true}\n"]
    assert {wrong for _, wrong in found} == {" 물이 운다.\n", " 수조가 노래한다.\n"}


def test_lines_that_nobody_graded_or_all_that_could_be_said_make_no_pair(sheet):
    assert graded_pairs(sheet, SCENES, frozenset(), 3) == []
    graded(sheet, ("물은 왜 뺐어?", 2), ("수조가 노래한다.", 1))
    assert graded_pairs(sheet, SCENES, frozenset(), 3) == []


@pytest.mark.parametrize(
    ("row", "word"), [("3 물은 왜 뺐어?", "2, 1, 0"), ("물은 왜 뺐어?", "2, 1, 0"), ("2물은", "2, 1, 0")]
)
def test_a_row_that_is_no_grade_is_named(sheet, row, word):
    with sheet.open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    with pytest.raises(FileError, match=word) as caught:
        read_sheet(sheet)
    assert caught.value.line == len(sheet.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("header", ["== 없는 장면 #1", f"== {SCENE.name} #999"])
def test_a_place_that_the_corpus_has_not_is_named(sheet, header):
    sheet.write_text(f"# of another corpus\n{header}\n> 미란 → 경호\n0 뭐라고?\n", encoding="utf-8")
    with pytest.raises(FileError, match="--corpus") as caught:
        graded_pairs(sheet, SCENES, frozenset(), 3)
    assert caught.value.line == 2


def test_a_line_that_was_moved_since_makes_no_pair_at_its_old_place(sheet):
    graded(sheet, ("수조가 노래한다.", 0))
    moved = replace(SCENE, lines=(SCENE.lines[0], *SCENE.lines))
    with pytest.raises(FileError, match="new sheet"):
        graded_pairs(sheet, {SCENE.name: moved}, frozenset(), 3)


def test_a_text_of_several_rows_is_no_grade(tmp_path, script):
    lines = (replace(SCENE.lines[0], text="산소기가 멈춘다.\n2 분이 지난다."), *SCENE.lines[1:])
    scene = replace(SCENE, lines=lines)
    file = tmp_path / "rows.txt"
    write_sheet(drawn(ScriptedModel.load(script), picked([scene], 9, 10_000, 1), 3, 1), {scene.name: scene}, file, "m")
    assert [text for place in read_sheet(file) for text, _ in place.lines if "분이" in text] == []
    assert "산소기가 멈춘다. 2 분이 지난다." in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_a_file_of_another_editor_is_read_too(sheet, encoding):
    graded(sheet, ("팔았어.", 0))
    sheet.write_bytes(sheet.read_text(encoding="utf-8").replace("\n", "\r\n").encode(encoding))
    assert (("팔았어.", 0),) in [place.lines for place in read_sheet(sheet)]


def test_a_reason_named_twice_gets_twice_as_many():
    pairs = [Pair("p", f"a{n}", f"b{n}", reason, "s") for n in range(9) for reason in ("graded", "level")]
    chosen = [pair.reason for pair in evenly(pairs, 6, ("graded", "level", "graded"))]
    assert (chosen.count("graded"), chosen.count("level")) == (4, 2)


def test_the_command_writes_a_sheet_never_over_one_and_the_dataset_takes_its_grades(tmp_path, corpus, script):
    sheet = tmp_path / "sheet.txt"
    ask = ("train", "sheet", "--model", f"scripted:{script}", "--corpus", corpus, "--longest", 10_000, "--out", sheet)
    done = daebon(*ask)
    assert done.returncode == 0 and str(sheet) in done.stdout
    failed(daebon(*ask), 2, "is there already")
    graded(sheet, ("물은 왜 뺐어?", 2), ("수조가 노래한다.", 0))
    done = daebon(
        "train", "dataset", "--corpus", corpus, "--draws", 1, "--graded", sheet, "--out", tmp_path / "dataset"
    )
    assert done.returncode == 0, done.stderr
    assert "1 pairs  graded" in done.stdout


def test_the_command_leaves_no_sheet_where_nothing_fits_or_nothing_was_said(tmp_path, corpus, script):
    sheet = tmp_path / "sheet.txt"
    ask = ("train", "sheet", "--corpus", corpus, "--out", sheet)
    failed(daebon(*ask, "--model", f"scripted:{script}", "--longest", 200), 2, "--longest")
    failed(daebon(*ask, "--model", f"scripted:{tmp_path}/no.json"), 2, "no.json")
    assert not sheet.exists()
