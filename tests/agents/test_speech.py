"""Speech levels by sentence endings, on the shipped personas' own lines and on traps."""

import pytest

from agents.speech import LEVELS, levels_of, mismatch, settles
from scenarios import find, load_scenario, shipped
from tests.conftest import FILES


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("면접이라고? 참으로 귀찮은데 왜 그러십니까?", "합쇼체", "해체"),
        ("다 깨우려고? 이게 무슨 소리예요?", "해요체", "해체"),
        ("그만하자고? 너 미쳤어?", "해체", None),
        ("어제 배를 팔았어요.", "해요체", None),
        ("어제 배를 팔았어.", "해요체", "해체"),
        ("어제 배를 팔았습니다.", "해요체", "합쇼체"),
        ("전하, 통촉하여 주시옵소서.", "합쇼체", None),
        ("그 말은 거짓이오.", "하오체", None),
        ("그 말은 거짓이오.", "해체", "하오체"),
        ("자네가 먼저 가게.", "하게체", None),
        ("당장 나가거라.", "해라체", None),
        ("당장 나가거라.", "해체", None),  # 해체 and 해라체 mix between the same two people
        ("첫차.", "해요체", None),  # a fragment carries no level
        ("몰라요. 몰랐어.", "해요체", "해체"),
        ("그러니까… 가자고요.", "해요체", None),
        ("밥은 먹었냐?", "합쇼체", "해라체"),
        ("알겠습니다! 바로 하겠습니다.", "합쇼체", None),
        ("뭐라고 했어", None, None),
        ("아 진짜 싫어요오", "해요체", None),  # drawn out, not 하오체
        ("안 되면 그만두지 뭐.", "해요체", "해체"),
        ("그게 제 탓이라뇨?", "해체", "해요체"),
    ],
)
def test_mismatch(text, wanted, found):
    assert mismatch(text, wanted) == found


def test_shipped_personas_speak_at_their_level():
    wrong = [
        (persona.name, line)
        for title in shipped()
        for persona in load_scenario(find(title)).personas
        for line in persona.voice.examples
        if mismatch(line, persona.voice.level)
    ]
    assert wrong == []


def test_settles_needs_an_ending():
    assert settles("파도가 높아요.", "해요체")
    assert not settles("파도.", "해요체")
    assert levels_of("파도") == levels_of("바다")


@pytest.mark.parametrize(("half", "least"), [("tune", 0.99), ("held", 0.98)])
def test_the_labelled_table(half, least):
    rows = [row.split("\t") for row in (FILES / "speech_levels.tsv").read_text(encoding="utf-8").splitlines()]
    right = [
        ("|".join(level for level in LEVELS if level in levels_of(text)) or "none") == wanted
        for part, text, wanted, _ in (row for row in rows if len(row) == 4)
        if part == half
    ]
    assert len(right) > 300
    assert sum(right) / len(right) >= least
