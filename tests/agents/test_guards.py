"""Each guard turns down what it names, and lets good drama through."""

import pytest

from agents.guards import GRAVE, Rules, fault, gravity, mended, novelty, similarity
from agents.knowledge import Fact, keys_of
from scenarios import find, load_scenario, shipped

CAST = {"민수": ("문 선장",), "지은": ("윤 작가",)}
SECRET = Fact("민수는 어제 해진호를 팔았다", frozenset({"민수"}), keys_of("민수는 어제 해진호를 팔았다", CAST))


def rules(**changes):
    given = {"speaker": "지은", "cast": CAST, "level": "해요체", "recent": [], "written": [], "forbidden": [SECRET]}
    return Rules(**{**given, **changes})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("### Answer: 안녕하세요.", "template"),
        ("**정말요?**", "template"),
        ("오빠: 왔어요.", "name tag"),
        ("저는 AI 언어 모델이라서요.", "steps out"),
        ("오빠는 왜 아직", "cut off"),
        ("어제 해진호를 팔았다면서요?", "gives away"),
        ("그 말 정말 愛예요.", "foreign letters"),
        ("ㅠㅠ 미안해요.", "foreign letters"),
        ("지은아, 나 좀 봐요.", "calls themselves"),
        ("지은 씨, 저는 하나뿐이에요.", "calls themselves"),
        ("윤 작가님, 저도 알아요.", "calls themselves"),
        ("밥 먹었어.", "speech level"),
        ("그래요 그래요 그래요 정말요.", "repeats itself"),
        ("등대가 꺼졌네요. 등대가 꺼졌네요.", "repeats itself"),
        ("물이 끓어서 물이 끓어요.", "repeats itself"),
        ("숯이 없으면 숯이 없어요.", "repeats itself"),
        ("숯이 붙었으니 숯이 붙었네요.", "repeats itself"),
        ("그물을 훔친 게 아니라 훔쳤어요.", "contradicts itself"),
        ("갓은 젖은 것이 아니라 젖었어요.", "contradicts itself"),
    ],
)
def test_faults(text, reason):
    assert fault(text, rules()).startswith(reason)


def test_what_is_denied_and_what_is_said_instead_may_differ():
    for text in (
        "물이 끓어서 라면을 넣었어요.",
        "비가 오면 배가 못 나가요.",
        "그물을 훔친 게 아니라 빌렸어요.",
        "취재 온 게 아니라 오빠 보러 왔어요.",
        "우는 게 아니에요.",
    ):
        assert fault(text, rules(forbidden=[])) is None


def test_a_near_copy_of_the_last_fifteen_turns_is_turned_down():
    recent = ["등대가 아직도 저렇게 천천히 도네요."] + [f"다른 이야기 {i}번이에요." for i in range(14)]
    assert fault("등대가 아직 저렇게 천천히 돌아요.", rules(recent=recent)).startswith("copy of")
    older = [*recent, "열여섯 번째 앞의 말이에요."]
    assert fault("등대가 아직 저렇게 천천히 돌아요.", rules(recent=older)) is None


def test_an_example_of_the_writer_is_not_passed_off_as_new():
    line = "취재 왔어요. 오빠 보러 온 거 아니고요."
    assert fault(line, rules(written=[line])).startswith("copy of the example")


def test_every_line_that_the_writers_wrote_passes():
    refused = []
    for title in shipped():
        scenario = load_scenario(find(title))
        cast = {p.name: p.aliases for p in scenario.personas}
        for persona in scenario.personas:
            held = Rules(persona.name, cast, persona.voice.level)
            refused += [(persona.name, line, why) for line in persona.voice.examples if (why := fault(line, held))]
    assert refused == []


@pytest.mark.parametrize(
    ("raw", "text", "parenthetical"),
    [
        (" (웃으며) 왔네요.", "왔네요.", "웃으며"),
        (" 왔네요. 민수: 그래.", "왔네요.", None),
        (" 왔네요. 문 선장(손을 흔들며): 어이.", "왔네요.", None),
        (" 왔네요. 그런데 저는", "왔네요.", None),
        (" “왔네요.”", "왔네요.", None),
        (" 왔네요... 정말로요!!", "왔네요… 정말로요!", None),
        (" 민수야야, 왔네요.", "민수야, 왔네요.", None),
        (" 그게 다 거짓말인 거에요?", "그게 다 거짓말인 거예요?", None),
        (" 왔네요 (속으로) 미워요.\n민수: 그래", "왔네요 미워요.", None),
    ],
)
def test_mended(raw, text, parenthetical):
    assert mended(raw, rules()) == (text, parenthetical)


def test_grave_faults_are_never_said():
    assert gravity("gives away: 비밀") == gravity("name tag") == GRAVE
    assert 0 < gravity("harps on: 젖") < gravity("copy of: 왔네.") < GRAVE
    assert gravity(None) == 0


def test_a_word_in_three_of_the_last_six_lines_is_worn_out_whatever_its_ending():
    recent = ["배가 젖었어요.", "발이 다 젖네요.", "젖은 건 배예요."]
    assert fault("저도 젖어서 추워요.", rules(recent=recent)) == "harps on: 젖"
    assert fault("저도 배고파서 추워요.", rules(recent=recent)) is None
    torn = ["갓이 찢어졌어요.", "제발 찢지 마세요.", "제가 다 찢었어요."]
    assert fault("왜 안 찢으셨어요?", rules(recent=torn)) == "harps on: 찢"


def test_coarse_words_are_the_writer_s_to_choose():
    assert fault("이 새끼가 왜 와요?", rules()).startswith("coarse")
    assert fault("그 새끼 정말 너무해요.", rules(written=["강아지 새끼가 울어요."])) is None


def test_similarity_ignores_spaces_and_marks():
    assert similarity("그물 밟지 마!", "그물밟지마.") == 1.0
    assert similarity("네.", "네?") == 1.0
    assert similarity("네.", "예.") == 0.0
    assert novelty("처음 듣는 말이에요.", []) == 1.0


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("영호, 그럼 왜 물고기가 들어오지?", "영호"),
        ("그만해, 영호야!", "영호야"),
        ("아빠, 그럼 왜 물고기가 들어오지?", None),
        ("영호가 그랬어, 할머니.", None),
        ("재민아, 너는 어디 갔다 왔어?", None),
    ],
)
def test_who_has_a_term_of_address_is_not_called_by_name(text, wrong):
    cast = {"은정": (), "영호": (), "재민": ()}
    found = fault(text, Rules("은정", cast, "해체", called=[("영호", "아빠"), ("재민", "재민아")]))
    assert found == (f"address: {wrong}, who is 아빠" if wrong else None)


def test_what_only_the_speaker_was_told_is_not_read_out():
    told = ["소라가 상자를 감추고 태오가 무엇인지 묻는다"]
    assert "told" in (fault("소라가 상자를 감추고 태오가 무엇인지 묻는대요.", rules(told=told)) or "")
    assert fault("상자를 왜 감추셨어요?", rules(told=told)) is None


def test_a_line_that_brings_a_fact_out_tells_it_and_does_not_ask():
    assert fault("어제 배를 팔았나요?", rules(revealing=True, forbidden=[])) == "asks instead of telling"
    assert fault("어제 배를 팔았어요.", rules(revealing=True, forbidden=[])) is None
    assert fault("어제 배를 팔았나요?", rules(forbidden=[])) is None


def test_a_secret_spelled_out_is_given_away():
    assert "gives away" in (fault("해·진·호·를 어·제 팔·았·다 하셨어요.", rules()) or "")
    assert fault("아, 저, 그, 음. 잘 모르겠어요.", rules()) is None
