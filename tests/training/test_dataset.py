"""Training sequences: the engine's own prompts, loss on what is spoken only, nothing of a held-out scene."""

import csv
import json
import random
from pathlib import Path

from agents import prompts
from model.scripted import ScriptedModel
from training.clean import structure
from training.corpus import read_corpus, read_scene
from training.dataset import (
    TEMPLATE,
    chatbot_rows,
    corpus_row,
    held_out,
    line_prompts,
    novel_rows,
    script_rows,
    take_rows,
    template_row,
)
from training.gather import Sources, gather
from training.pairs import APART, corpus_pairs, own_pairs, read_pairs, take_pairs
from training.rows import read_rows
from transcript.record import Transcript
from transcript.turn import Candidate, Cue, Turn

HERE = Path(__file__).parent
CORPUS = HERE.parents[1] / "training" / "corpus"
SCENE = read_scene(HERE / "files" / "빈수조.yaml")


def lost(row):
    return [piece.text for piece in row.pieces if piece.loss]


def test_a_row_is_what_the_golden_file_shows():
    row = corpus_row(SCENE, random.Random(3), share=0.6)
    shown = [f"«{piece.text}»" if piece.loss else piece.text for piece in row.pieces]
    shown = "".join(f"⟦{text}⟧" if piece.aside else text for text, piece in zip(shown, row.pieces, strict=True))
    assert shown == (HERE / "golden" / "row.txt").read_text(encoding="utf-8")


def test_a_tail_stands_where_the_engine_puts_it():
    row = corpus_row(SCENE, random.Random(0), share=1.0)
    turns, headings = SCENE.turns(), {1: "S#1. 횟집 수조 앞 / 새벽"}
    heard = prompts.world(SCENE.scenario) + prompts.history(turns[:1], headings)
    assert row.pieces[0].text == heard
    tail = row.pieces[1].text
    persona = SCENE.scenario.personas[1]
    examples = tail.split("말투 ")[1].split("]")[0].split(" / ")
    goal = "미란이 사라진 도장을 찾고"  # her part of the goal, as the director gives it
    cue = Cue("미란", ("경호",), goal if goal in tail else "", {"의심/불신": 1.0}, "해라체")
    assert tail == prompts.tail(persona, cue, SCENE.scenario.relations[1], examples)


def test_loss_stands_on_spoken_text_and_the_rest_of_an_action_only():
    for share in (0.0, 1.0):
        first, second, action, last = lost(corpus_row(SCENE, random.Random(5), share))
        assert (first, second) == (" 도장 어디 뒀냐.\n", " 누나, 얘 눈 좀 봐. (웃는다)\n")
        assert (action, last) == (" 멈춘다. 둘 다 수조를 본다.\n", " 전기도 끊겼구나.\n")


def test_without_asides_a_row_is_world_and_history():
    turns = SCENE.turns()
    whole = prompts.world(SCENE.scenario) + prompts.history(turns, {1: "S#1. 횟집 수조 앞 / 새벽"})
    for share in (0.0, 0.5, 1.0):
        row = corpus_row(SCENE, random.Random(1), share)
        assert "".join(piece.text for piece in row.pieces if not piece.aside) == whole


def test_neutral_is_no_feeling_that_a_tail_names():
    assert "마음은 없음" not in corpus_row(SCENE, random.Random(0), share=1.0).text


def test_no_line_of_a_held_out_scene_is_in_a_training_row():
    scenes = read_corpus(CORPUS)
    hidden = held_out(CORPUS, scenes)
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


def test_a_template_row_is_a_request_and_the_whole_script():
    row = template_row(SCENE, random.Random(0))
    request, script = (piece.text for piece in row.pieces)
    assert request.startswith("### Prompt:\n") and request.endswith("대본 작성해줘\n\n### Answer:\n")
    assert request == TEMPLATE.format(request=request.split("\n")[1])
    assert lost(row) == [script] and script.startswith("S#1. 횟집 수조 앞 / 새벽\n")
    assert all(prompts.neutral(line.text) in script for line in SCENE.lines)


def test_the_prompt_of_a_measured_line_is_that_of_a_training_row():
    place = next(n for n, line in enumerate(SCENE.lines) if line.speaker == "미란" and n)
    asked = line_prompts(SCENE, place)
    before = prompts.history(SCENE.turns()[: place + 1], {1: "S#1. 횟집 수조 앞 / 새벽"})
    assert asked["layout"] == prompts.world(SCENE.scenario) + before + "미란:"
    assert asked["persona"].endswith("\n미란:") and SCENE.lines[place].level in asked["persona"]


def test_a_script_of_yours_becomes_rows_by_scene_with_the_loss_on_speech():
    script = (
        "S#1. 부두 / 밤\n\n그물이 젖어 있다.\n민수\t배는 안 들어와요.\n지은\t(웃으며) 거짓말이지?\n\n"
        "S#2. 집 / 낮\n\n지은\t혼자 한 말.\n"
    )
    (row,) = script_rows("부두", structure(script), random.Random(0))
    assert "S#1. 부두 / 밤" in row.text and "등장인물" in row.text
    assert [text for text in lost(row) if "젖어" not in text] == [" 배는 안 들어와요.\n", " 거짓말이지?\n"]


def test_pairs_of_a_scene_keep_the_true_line_and_say_what_is_wrong_with_the_other():
    found = [pair for seed in range(30) for pair in corpus_pairs(SCENE, "train", random.Random(seed))]
    kinds = {pair.reason: pair for pair in found}
    assert set(kinds) >= {"speaker", "level", "leak", "repeat"}
    true = {f" {prompts.neutral(line.text)}\n" for line in SCENE.lines if line.speaker}
    assert all(pair.chosen in true and pair.rejected != pair.chosen for pair in found)
    assert kinds["speaker"].rejected in true and kinds["level"].rejected not in true
    assert "###" in kinds["leak"].rejected or "#" in kinds["leak"].rejected or "[" in kinds["leak"].rejected
    assert all(pair.prompt.endswith(":") or pair.prompt.endswith(")") for pair in found)


def test_a_line_in_the_wrong_place_is_a_later_one_of_its_speaker():
    scene = read_scene(CORPUS / "001-시력검사.yaml")
    found = [pair for seed in range(5) for pair in corpus_pairs(scene, "train", random.Random(seed))]
    places = {f" {prompts.neutral(line.text)}\n": at for at, line in enumerate(scene.lines) if line.speaker}
    misplaced = [(places[pair.chosen], places[pair.rejected]) for pair in found if pair.reason == "place"]
    assert misplaced and all(wrong > true + APART for true, wrong in misplaced)
    assert all(scene.lines[true].speaker == scene.lines[wrong].speaker for true, wrong in misplaced)


def played(turns, **told):
    return Transcript("빈 수조", SCENE.scenario.to_dict(), told, tuple(turns))


def test_what_a_person_wrote_in_a_take_teaches_scene_by_scene():
    cue = Cue("미란", ("경호",), level="해라체")
    turns = [Turn(n, 1, 1, "dialogue", f"{n}번째 말이다.", "경호") for n in range(1, 41)]
    turns += [
        Turn(41, 2, 1, "action", "수조가 빈다."),
        Turn(42, 2, 1, "dialogue", "다 나갔냐.", "미란", cue=cue, by="human"),
    ]
    turns += [Turn(43, 2, 1, "dialogue", "귓속말.", "경호", present=("경호",))]
    (row,) = take_rows(played(turns, path=[0, 0]), "take/x")
    assert lost(row) == [" 다 나갔냐.\n"]
    assert "S#2. 횟집 수조 앞" in row.text and "번째" not in row.text and "귓속말" not in row.text
    assert "[미란. 경호에게 해라체" in row.text
    assert take_rows(played(turns[:41]), "take/x") == []


def take(by, text, candidates):
    turns = (
        Turn(1, 1, 1, "action", "수조에 물이 샌다."),
        Turn(
            2,
            1,
            1,
            "dialogue",
            text,
            "미란",
            ("경호",),
            cue=Cue("미란", ("경호",), level="해라체"),
            by=by,
            candidates=candidates,
        ),
    )
    return Transcript("빈 수조", SCENE.scenario.to_dict(), {}, turns)


def test_an_edit_a_choice_and_the_engines_ranking_become_pairs():
    good, bad, out = (
        Candidate("물이 새는구나.", score=0.9),
        Candidate("몰라.", score=0.3),
        Candidate("네요!", rejected="speech level"),
    )
    (edit,) = take_pairs(take("edited", "도장이 젖었다.", (good, bad)), "take/x")
    assert (edit.reason, edit.chosen, edit.rejected) == ("edit", " 도장이 젖었다.\n", " 물이 새는구나.\n")
    (choice,) = take_pairs(take("model", "몰라.", (good, bad)), "take/x")
    assert (choice.reason, choice.chosen, choice.rejected) == ("retry", " 몰라.\n", " 물이 새는구나.\n")
    (ranked,) = take_pairs(take("model", "물이 새는구나.", (good, bad, out)), "take/x")
    assert (ranked.reason, ranked.rejected) == ("ranked", " 네요!\n")
    assert ranked.prompt.endswith("미란:") and "해라체" in ranked.prompt and "수조에 물이 샌다." in ranked.prompt


def test_a_dataset_keeps_what_is_held_out_out_and_names_every_licence(tmp_path):
    report = gather(Sources(draws=1), tmp_path, seed=5)
    rows, pairs = read_rows(tmp_path / "rows.jsonl"), read_pairs(tmp_path / "pairs.jsonl")
    hidden = {f"corpus/{name}" for name in report["held_out"]}
    assert hidden and {row.source for row in rows if row.split == "test"} == hidden
    assert not {row.source for row in rows if row.split == "train"} & hidden
    assert {pair.split for pair in pairs if pair.source in hidden} == {"test"}
    assert {pair.source for pair in pairs if pair.split == "test"} == hidden
    assert set(report["licences"]) == {"Apache-2.0, daebon corpus"}
    trained = "".join(row.text for row in rows if row.split == "train")
    spoken = [piece.text.strip() for row in rows if row.split == "test" for piece in row.pieces if piece.loss]
    assert not [text for text in spoken if len(text) > 12 and text in trained]
    assert (tmp_path / "lengths.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "prompts.csv").read_text(encoding="utf-8-sig").startswith("instruction,output")


def test_a_models_own_line_is_turned_down_for_the_writers(tmp_path):
    file = tmp_path / "m.json"
    file.write_text(
        json.dumps({"lines": {"미란": [" 광어가 젖었어요.\n"], "경호": [" 아무 말 없다.\n"]}}), encoding="utf-8"
    )
    model = ScriptedModel.load(file)
    found = list(own_pairs(model, SCENE, "train", 9, 1, random.Random(0)))
    assert [pair.reason for pair in found] == ["own"] * 2
    assert (found[1].chosen, found[1].rejected) == (" 전기도 끊겼구나.\n", " 광어가 젖었어요.\n")
    assert (
        found[1].prompt.endswith("\n미란:")
        and "마음은" not in found[1].prompt
        and "[미란. 경호에게 해라체" in found[1].prompt
    )


def test_a_model_that_says_the_writers_line_makes_no_pair(tmp_path):
    file = tmp_path / "m.json"
    file.write_text(
        json.dumps({"lines": {line.speaker: [line.text] for line in SCENE.lines if line.speaker}}), encoding="utf-8"
    )
    assert list(own_pairs(ScriptedModel.load(file), SCENE, "train", 9, 1, random.Random(0))) == []


def test_tables_for_other_trainers_hold_an_instruction_and_an_answer(tmp_path):
    (tmp_path / "corpus").mkdir()
    text = (HERE / "files" / "빈수조.yaml").read_text(encoding="utf-8")
    (tmp_path / "corpus" / "빈수조.yaml").write_text(text, encoding="utf-8")
    gather(Sources(tmp_path / "corpus", draws=1), tmp_path / "out", seed=5)
    rows = [json.loads(row) for row in (tmp_path / "out" / "prompts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["kind"] for row in rows] == ["scene", "line", "line", "line"]
    assert rows[1]["output"] == "도장 어디 뒀냐." and rows[1]["instruction"].endswith("\n미란:")
    assert (rows[1]["emotion"], rows[1]["level"], rows[1]["speaker"]) == ("의심/불신", "해라체", "미란")
    assert rows[0]["instruction"].endswith("대본 작성해줘") and rows[0]["output"].startswith("S#1. 횟집")
    table = list(csv.DictReader((tmp_path / "out" / "prompts.csv").read_text(encoding="utf-8-sig").splitlines(True)))
    assert [row["instruction"] for row in table] == [rows[0]["instruction"]]
