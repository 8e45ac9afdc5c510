"""Training sequences: the engine's own prompts, loss on what is spoken only, nothing of a held-out scene."""

import json
import random
from pathlib import Path

from agents import prompts
from training.corpus import read_corpus, read_scene
from training.dataset import chatbot_rows, corpus_row, held_out, novel_rows
from transcript.turn import Cue

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "training" / "corpus"
SCENE = read_scene(HERE / "files" / "빈수조.yaml")


def lost(row):
    return [piece.text for piece in row.pieces if piece.loss]


def test_a_row_is_what_the_golden_file_shows():
    row = corpus_row(SCENE, random.Random(3), share=0.6)
    shown = "".join(f"«{piece.text}»" if piece.loss else piece.text for piece in row.pieces)
    assert shown == (HERE / "golden" / "row.txt").read_text(encoding="utf-8")


def test_a_tail_stands_where_the_engine_puts_it():
    row = corpus_row(SCENE, random.Random(0), share=1.0)
    turns, headings = SCENE.turns(), {1: "S#1. 횟집 수조 앞 / 새벽"}
    heard = prompts.world(SCENE.scenario) + prompts.history(turns[:1], headings)
    tail = row.pieces[0].text.removeprefix(heard)
    persona = SCENE.scenario.personas[1]
    examples = tail.split("말투 ")[1].split("]")[0].split(" / ")
    goal = "미란이 사라진 도장을 찾고 경호는 광어 얘기만 한다"
    cue = Cue("미란", ("경호",), goal if goal in tail else "", {"의심/불신": 1.0}, "해라체")
    assert tail == prompts.tail(persona, cue, SCENE.scenario.relations[1], examples)


def test_loss_stands_on_spoken_text_and_the_rest_of_an_action_only():
    for share in (0.0, 1.0):
        first, second, action, last = lost(corpus_row(SCENE, random.Random(5), share))
        assert (first, second) == (" 도장 어디 뒀냐.\n", " 누나, 얘 눈 좀 봐. (웃는다)\n")
        assert (action, last) == (" 멈춘다. 둘 다 수조를 본다.\n", " 전기도 끊겼구나.\n")


def test_without_tails_a_row_is_world_and_history():
    row, turns = corpus_row(SCENE, random.Random(1), share=0.0), SCENE.turns()
    whole = prompts.world(SCENE.scenario) + prompts.history(turns, {1: "S#1. 횟집 수조 앞 / 새벽"})
    assert row.text.replace("[지문]\n", "") == whole


def test_neutral_is_no_feeling_that_a_tail_names():
    assert "마음은 없음" not in corpus_row(SCENE, random.Random(0), share=1.0).text


def test_no_line_of_a_held_out_scene_is_in_a_training_row():
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS / "held_out.txt", scenes)
    trained = "".join(corpus_row(scene, random.Random(1)).text for scene in scenes if scene.name not in hidden)
    leaked = [line.text for scene in scenes if scene.name in hidden for line in scene.lines if line.text in trained]
    assert leaked == []


def novel(folder, text, speakers):
    (folder / "data" / "jsonl" / "1_운수").mkdir(parents=True)
    file = folder / "data" / "jsonl" / "1_운수" / "text.jsonl"
    file.write_text(json.dumps({"doc_id": "1", "text": text}) + "\n", encoding="utf-8")
    spans = [[[str(text.index(said)), str(text.index(said) + len(said)), who]] for who, said in speakers.items()]
    file.with_name("coref.jsonl").write_text(json.dumps({"speakers": spans}) + "\n", encoding="utf-8")


def test_quotations_of_two_speakers_in_turn_become_an_exchange(tmp_path):
    novel(
        tmp_path,
        '김 첨지는 인력거를 세웠다. "어디까지 가십니까?" 학생이 돌아보았다. "남대문 정거장까지요." 비가 왔다.',
        {"A": '"어디까지 가십니까?"', "B": '"남대문 정거장까지요."'},
    )
    (row,) = novel_rows(tmp_path, random.Random(2))
    assert (row.source, lost(row)) == ("koconovel/1_운수", [" 어디까지 가십니까?\n", " 남대문 정거장까지요.\n"])


def test_old_spelling_and_distant_quotations_are_left_out(tmp_path):
    old = '"어서 와요." 문을 열었다. "비가 오는구려."'
    far = '"들어와요."' + " 그는 한참을 서 있었다." * 6 + ' "싫어요."'
    novel(tmp_path / "old", old, {"A": '"어서 와요."', "B": '"비가 오는구려."'})
    novel(tmp_path / "far", far, {"A": '"들어와요."', "B": '"싫어요."'})
    assert novel_rows(tmp_path / "old", random.Random(2)) == novel_rows(tmp_path / "far", random.Random(2)) == []


def test_only_the_answer_of_a_chatbot_pair_carries_loss(tmp_path):
    (tmp_path / "ChatbotData.csv").write_text(
        "Q,A,label\n놀러 가고 싶어,어디로 갈까요?,0\n헤어졌어,힘내세요.,1\n"
        "SD카드 망가졌어,다시 사세요.,0\n밥 먹었어?,방금 먹었습니다.,0  \n",
        encoding="utf-8",
    )
    (row,) = chatbot_rows(tmp_path, random.Random(4))
    assert sorted(lost(row)) == [" 방금 먹었습니다.\n", " 어디로 갈까요?\n"]
    assert ": 놀러 가고 싶어.\n" in row.text
