"""Characters taken out of scripts: names and their variants, who speaks to whom, levels, terms, sayings, examples, and the files."""

import pytest

from agents.calling import terms
from benchmarks.extract.counting import Count, compare
from benchmarks.extract.marked import MARKED, read_marked
from benchmarks.extract.printers import PRINTERS
from emotion.measure import ClassifierEmotion
from scenarios import inspect_persona, load_persona, load_scenario
from training.addressees import level_of
from training.continuation import examples, going_on, heading, portraits, sayings, write
from training.extract import read_people
from training.labels import bare
from transcript.errors import FileError, UsageError

SCRIPTS = sorted(MARKED.glob("*.txt"))


def saved(folder, text, name="대본.txt"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("printer", PRINTERS, ids=lambda printer: printer.__name__)
def test_people_and_levels_are_found_in_every_layout(printer, tmp_path):
    assert len(SCRIPTS) == 10
    counts = Count()
    for file in SCRIPTS:
        script = read_marked(file)
        compare(script, read_people(printer(script, tmp_path / script.name)), counts)
    assert counts.found / counts.speakers >= 0.98
    assert counts.extra == 0
    assert counts.right / counts.lines >= 0.98
    assert counts.level / counts.pairs >= 0.9


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("지은 E", "지은"),
        ("지은(E)", "지은"),
        ("지은 (전화)", "지은"),
        ("지은E", "지은"),
        ("지은의 목소리", "지은"),
        ("지은 V.O.", "지은"),
        ("노 팀장 (무전)", "노 팀장"),
        ("@하윤 (E)", "하윤"),
        ("소리", "소리"),
    ],
)
def test_a_label_gives_the_name_without_its_marks(label, name):
    assert bare(label) == name


def test_variants_of_a_name_are_one_person_and_several_at_once_are_nobody(tmp_path):
    script = read_people(
        saved(
            tmp_path,
            "S#1. 촬영장 / 밤\n\n윤지은: 감독님, 막차 끊겨요.\n노 감독: 한 번만 더 가자.\n지은 E: 열 번째예요.\n"
            "노감독(모니터를 보며): 지은아, 마지막이다.\n경민/노감독: 컷!\n경민: 저는 괜찮아요.\n"
            "모두: 수고하셨습니다!\n지은: 안 괜찮아요.\n",
        )
    )
    assert {person.name for person in script.people} == {"지은", "노 감독", "경민"} or {
        person.name for person in script.people
    } == {"지은", "노감독", "경민"}
    assert len(script.of("지은")) == 3
    assert [line.text for line in script.lines if not line.speaker] == ["컷!", "수고하셨습니다!"]


def test_two_of_one_given_name_who_speak_to_each_other_stay_two(tmp_path):
    script = read_people(
        saved(
            tmp_path,
            "S#1. 교실 / 낮\n\n김지은: 너도 지은이야?\n박지은: 응, 나도.\n김지은: 신기하다.\n박지은: 그러게.\n",
        )
    )
    assert {person.name for person in script.people} == {"김지은", "박지은"}


def test_a_given_name_beside_its_full_name_is_another_when_they_speak_to_each_other(tmp_path):
    script = read_people(
        saved(tmp_path, "S#1. 교실 / 낮\n\n김지은: 너도 지은이야?\n지은: 응, 나도.\n김지은: 신기하다.\n지은: 그러게.\n")
    )
    assert {person.name for person in script.people} == {"김지은", "지은"}


def test_a_term_of_address_means_one_person_for_who_says_it(tmp_path):
    script = read_people(PRINTERS[0](read_marked(MARKED / "01.txt"), tmp_path / "01"))
    assert script.manners["은재", "복순"].address == "할머니"
    assert script.manners["은재", "태경"].address == ""


def test_the_cast_list_gives_age_and_role(tmp_path):
    script = read_people(
        saved(
            tmp_path,
            "옥상 기상청\n\n등장인물\n미래 (17세), 관측 일지를 쓰는 학생\n배 반장: 경비 반장\n\nS#1. 옥상 / 낮\n\n"
            "미래\t12.5밀리.\n배 반장\t또 여기 있네, 또!\n미래\t4번이요.\n배 반장\t그걸 또 셌어?\n",
        )
    )
    about = {person.name: (person.age, person.role) for person in script.people}
    assert about == {"미래": ("17", "관측 일지를 쓰는 학생"), "배 반장": ("", "경비 반장")}
    assert script.title == "옥상 기상청"


def test_levels_are_counted_by_pair_and_none_is_made_up():
    assert level_of([("다녀왔습니다.", 1), ("괜찮습니다.", 1), ("네, 반장님이요.", 1)])[0] == "합쇼체"
    assert level_of([("밥은 먹었냐.", 1), ("앉아라.", 1), ("됐어.", 1)])[0] == "해라체"
    assert level_of([("자네 왔는가.", 1), ("앉게.", 1)])[0] == "하게체"
    assert level_of([("첫차.", 1), ("서울.", 1)]) == (None, 0.0)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("태경아, 너 왜 왔냐.", ["태경아"]),
        ("고마워 오빠.", ["오빠"]),
        ("이건 무좀약입니다, 반장님.", ["반장님"]),
        ("자네, 오늘은 왜 이렇게 늦게 두나.", ["자네"]),
        ("아빠, 안 주무세요?", ["아빠"]),
        ("반장님이요.", []),
        ("그럼 아저씨 맞네요.", []),
        ("선생님은 무슨 부서에 지원하셨어요?", []),
    ],
)
def test_terms_of_address_are_found_where_somebody_is_spoken_to(text, found):
    assert terms(text, ["태경"]) == found


def test_sayings_are_one_s_own_and_not_everybody_s():
    mine = ["그냥요. 버스가 여기까지만 와요.", "그냥요.", "몰라요, 그냥요.", "네, 알았어요."]
    others = ["네, 알았어요.", "네, 왜?", "밥은 먹었어?"]
    assert sayings(mine, others) == ("그냥요.",)


def test_examples_are_whole_lines_at_the_level_and_no_copies():
    lines = [
        "등대가 저렇게 천천히 돌았나요?",
        "등대가 저렇게 천천히 돌았어요?",
        "커피에 설탕 세 개, 아직 그렇게 마셔요?",
        "첫차.",
        "야, 너 거기 서서 바다 좀 봐.",
        "취재 왔어요. 오빠 보러 온 거 아니고요.",
    ]
    chosen = examples("지은", lines, "해요체", ClassifierEmotion().readings(lines))
    assert len(chosen) == 3
    assert "커피에 설탕 세 개, 아직 그렇게 마셔요?" in chosen
    assert not {"첫차.", "야, 너 거기 서서 바다 좀 봐."} & set(chosen)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("S#.1 경찰서 (낮/ 안)", {"place": "경찰서", "time": "낮", "inside": True}),
        ("INT. 카페 - 낮", {"place": "카페", "time": "낮", "inside": True}),
        ("씬1 방파제, 새벽", {"place": "방파제", "time": "새벽"}),
        ("S#12. 민수 집 안방 / 밤", {"place": "민수 집 안방", "time": "밤"}),
        ("", {}),
    ],
)
def test_headings_of_all_layouts_become_place_and_time(text, found):
    assert heading(text) == found


def test_what_is_written_loads_and_goes_on_from_the_last_scene(tmp_path):
    source = PRINTERS[0](read_marked(MARKED / "06.txt"), tmp_path / "06")
    script = read_people(source)
    found = portraits(script, ClassifierEmotion())
    paths = write(script, found, tmp_path / "out", source, goes_on=True)
    scenario = load_scenario(paths[-1])
    assert scenario.scenes[0].heading.place == "덕만의 거실"
    assert set(scenario.scenes[0].present) == {"덕만", "재민", "소정"}
    levels = {(r.from_, r.to): (r.level, r.address) for r in scenario.relations}
    assert levels["덕만", "재민"] == ("하게체", "자네")
    assert levels["재민", "소정"] == ("해체", "여보")
    assert {p.name: p.voice.level for p in scenario.personas}["덕만"] == "하게체"
    assert scenario.knowledge == ()
    assert len(scenario.scenes[0].beats) == 1
    for path in paths[:-1]:
        assert not inspect_persona(path).errors
        persona = load_persona(path)
        assert 4 <= len(persona.voice.examples) <= 10
        assert path.read_text(encoding="utf-8").startswith("# 06.txt에서 센 것")
    with pytest.raises(UsageError, match="is there already"):
        write(script, found, tmp_path / "out", source, goes_on=True)


def test_a_scene_with_one_person_left_has_a_beat_too(tmp_path):
    script = read_people(
        saved(tmp_path, "S#1. 빈집 / 밤\n\n소라: 아무도 없네.\n소라: 다 갔구나.\n소라: 불이나 끄자.\n")
    )
    row = going_on(script, {"소라": "personas/소라.yaml"})
    assert row["scenes"][0]["beats"][0]["goal"] == "소라가 혼자 남아 다음 일을 정한다"


def test_a_text_without_speakers_and_a_broken_jsonl_say_what_to_do(tmp_path):
    with pytest.raises(FileError, match="no line with a speaker"):
        read_people(saved(tmp_path, "비가 왔다. 아무도 말하지 않았다.\n"))
    with pytest.raises(FileError, match="no JSON object") as raised:
        read_people(saved(tmp_path, '{"speaker": "민수", "text": "왔네."}\n아님\n', "대본.jsonl"))
    assert raised.value.line == 2
