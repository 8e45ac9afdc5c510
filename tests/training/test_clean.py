"""The cleaner: hand-marked scripts in their layouts, and signs of a script that people also say."""

import json

import pytest
from typer.testing import CliRunner

from benchmarks.clean import FILES, Count, count
from daebon.train_commands import app
from training.clean import stripped, structure

HALVES = {half: sorted(FILES.glob(f"*-{half}.txt")) for half in "12"}


def parts(text):
    return [(line.part, line.speaker, line.said or line.text) for line in structure(text) if line.part != "blank"]


@pytest.mark.parametrize("half", "12")
def test_marked_scripts_are_read_as_their_writers_meant(half):
    total = Count()
    for file in HALVES[half]:
        total.add(count(file))
    assert total.parts / total.lines >= 0.95
    assert total.right / total.done >= 0.98
    assert total.right / total.due >= 0.95  # of under a hundred: one line is a per cent and more


def test_names_before_a_tab_a_colon_and_a_gap():
    for mark in ("\t", ": ", " : ", ":", "   "):
        script = f"S#1. 부두 / 밤\n\n민수{mark}왔냐.\n지은{mark}(웃으며) 그래.\n민수{mark}가자.\n지은{mark}싫어."
        assert parts(script)[1:] == [
            ("dialogue", "민수", "왔냐."),
            ("dialogue", "지은", "그래."),
            ("dialogue", "민수", "가자."),
            ("dialogue", "지은", "싫어."),
        ]


def test_numbers_and_signs_that_people_say_are_kept():
    script = (
        "S#1. 정류장 / 낮\n\n민수\t32번 버스 탈까?\n지은\t#소확행 몰라?\n민수\t17.\n지은\t장면이 전환점이래.\n"
        "민수\t3:2로 이겼다.\n지은\t넌 내 인생 1막이야.\n민수\tF 받았어.\n"
    )
    kept = stripped(script)
    assert kept.splitlines()[0] == "민수\t32번 버스 탈까?"
    assert len(kept.splitlines()) == 7


def test_page_matter_and_transitions_go_and_speech_goes_on_behind_them():
    script = (
        "바다  3고\n\nS#1. 부두 / 밤\n\n민수\t나는 그날\n- 3 -\n\t거기 없었어.\n지은\t거짓말.\n문이 닫힌다. F.O.\n\n암전\n\n"
        "S#2. 집 / 낮\n민수\t왔어.\n지은\t그래.\n"
    )
    assert ("dialogue", "민수", "거기 없었어.") in parts(script)
    kept = stripped(script)
    assert "문이 닫힌다.\n" in kept
    assert not [word for word in ("S#", "F.O.", "암전", "- 3 -") if word in kept]


def test_somebody_who_speaks_once_behind_a_gap_is_heard_by_their_column_or_their_voice_mark():
    script = (
        "S#1. 세탁소 / 저녁\n\n다리미에서 김이 오른다.\n\n"
        "명자        이 단추 어디서 났어?\n"
        "규호        주머니에 있던데요.\n"
        "명자        남의 주머니는 왜 뒤져.\n"
        "규호        세탁소잖아요.\n\n"
        "유리문이 열린다.  찬 바람.\n"
        "배달부      사인 좀 해 주세요.\n"
        "골목 확성기 E   고장 난 시계 삽니다.\n"
        "명자가 고개를 든다.   확성기 소리가 멀어진다.\n\n"
        "명자        받아 둬.\n"
    )
    found = parts(script)
    assert ("dialogue", "배달부", "사인 좀 해 주세요.") in found
    assert ("dialogue", "골목 확성기", "고장 난 시계 삽니다.") in found
    actions = [text for part, _, text in found if part == "action"]
    assert actions == [
        "다리미에서 김이 오른다.",
        "유리문이 열린다.  찬 바람.",
        "명자가 고개를 든다.   확성기 소리가 멀어진다.",
    ]


def test_where_speech_begins_anywhere_behind_a_gap_nobody_is_heard_once():
    script = "S#1. 옥상 / 밤\n\n명자  왔니.\n규호   네.\n명자    춥다.\n규호     들어가요.\n빨래가 젖는다  비가 온다.\n"
    assert [who for part, who, _ in parts(script) if part == "dialogue"] == ["명자", "규호", "명자", "규호"]


def test_every_line_gets_a_part_and_none_is_lost():
    for file in (*HALVES["1"], *HALVES["2"]):
        text = file.read_text(encoding="utf-8")
        lines = structure(text)
        assert [line.line for line in lines] == list(range(1, len(text.removesuffix("\n").split("\n")) + 1))
        assert all(line.text for line in lines if line.part != "blank")
    assert [line.part for line in structure("")] == ["blank"]


def test_clean_and_split_from_the_command_line(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    script = "S#1. 부두 / 밤\n\n민수\t너무 슬퍼서 눈물이 나.\n지은\t고마워, 정말 고마워!\n민수\t네가 미워 죽겠어.\n지은\t미안해.\n"
    (folder / "부두.txt").write_text(script, encoding="utf-8")
    run = CliRunner().invoke
    result = run(app, ["clean", str(folder), "--out", str(tmp_path / "cleaned")])
    assert result.exit_code == 0 and "4 dialogue" in result.output
    rows = [json.loads(row) for row in (tmp_path / "cleaned" / "부두.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["part"] for row in rows] == ["heading", *["dialogue"] * 4]
    assert run(app, ["clean", str(folder), "--mode", "strip", "--out", str(tmp_path / "s")]).exit_code == 0
    assert (tmp_path / "s" / "부두.txt").read_text(encoding="utf-8").startswith("민수\t너무")
    result = run(app, ["split", str(folder), "--out", str(tmp_path / "tagged")])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "tagged" / "emotions.json").read_text(encoding="utf-8"))
    assert (report["lines"], report["scenes"]) == (4, 1)
    lines = [json.loads(row) for row in (tmp_path / "tagged" / "lines.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["basic"] == "슬픔" and "슬프다" in lines[0]["words"]
    assert lines[1]["valence"] > 0 > lines[2]["valence"]
    assert run(app, ["split", str(tmp_path / "none")]).exit_code != 0
