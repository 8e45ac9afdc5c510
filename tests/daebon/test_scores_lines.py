"""The counters of a line find planted faults in real Korean lines and leave clean lines alone."""

from __future__ import annotations

import pytest

from daebon.scores.copies import copied
from daebon.scores.cut import cut
from daebon.scores.hangul import letters
from daebon.scores.residue import residue

CAST = ["민수", "민수 오빠", "문 선장", "지은", "지은이", "윤 작가", "할머니"]


# --- residue ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("### Answer: 왔네.", "template section"),
        ("왔네. ### Prompt:", "template section"),
        ("Prompt를 이어서 쓰면, 왔네.", "template section"),
        ("S#3. 갑판 / 밤", "template section"),
        ("[INST] 왔네. [/INST]", "template section"),
        ("<start_of_turn>왔네.", "special token"),
        ("왔네.</s>", "special token"),
        ("왔네.<|im_end|>", "special token"),
        ("▁왔네.", "special token"),
        ("왔\ufffd네.", "special token"),
        ("assistant: 왔네.", "role label"),
        ("Q: 언제 왔어?", "role label"),
        ("**왔네.** 오래 걸렸어.", "markdown"),
        ("```왔네.```", "markdown"),
        ("- 왔네.", "markdown"),
        ("1. 왔네.", "markdown"),
        ("그래.\n---\n왔네.", "markdown"),
        ("*고개를 돌리며* 왔네.", "markdown"),
        ('{"text": "왔네."}', "JSON or code"),
        ('"대사": "왔네."', "JSON or code"),
        ("왔네.\\n오래 걸렸어.", "JSON or code"),
        ("민수 | 왔네.", "JSON or code"),
        ("씬 3. 방파제", "script heading"),
        ("INT. 갑판 - 밤", "script heading"),
        ("지은: 왔네.", "name tag"),
        ("지은： 왔네.", "name tag"),
        ("왔네. 지은: 네, 왔어요.", "name tag"),
        ("왔네 지은이: 네, 왔어요.", "name tag"),
        ("윤 작가: 왔어요.", "name tag"),
        ("지은 E: 오빠!", "name tag"),
        ("지은(웃으며): 왔어요.", "name tag"),
        ("지은 (웃으며) 왔어요.", "name tag"),
        ("지은\t왔어요.", "name tag"),
        ("그래.\n지은\n왔어요.", "name tag"),
        ("기사: 계십니까?", "name tag"),
        ("여기요. 선장: 소주 한 병 받아라.", "name tag"),
        ("옆 배 선장: 소주 한 병 받아라.", "name tag"),
        ("해설: 파도가 친다.", "name tag"),
        ("Minsu: 왔네.", "name tag"),
        ("(고개를 돌리며) 왔네.", "bracketed cue"),
        ("왔네. (웃음)", "bracketed cue"),
        ("왔네. [한숨]", "bracketed cue"),
        ("왔네. （사이）", "bracketed cue"),
    ],
)
def test_residue_is_found(text: str, why: str) -> None:
    assert (residue(text, CAST) or "").startswith(why)


@pytest.mark.parametrize(
    "text",
    [
        "…왔네.",
        "지은아, 거기 밧줄 밟지 마.",
        "민수 오빠, 지은이가 그랬어요?",
        "새벽 3:40 차예요. 3:1로 졌어요.",
        "“첫차는 없어.” 그렇게 말했잖아요.",
        "제 대본 《바다》 말이에요. <바다>요.",
        "기름값이 1.5배야. 3년 전엔 20원이었어.",
        "하나: 밧줄을 푼다. 둘: 시동을 건다.",
        "그러니까 잘 들어: 두 번은 말 안 해.",
        "네~~ 갑니다~",
        "KTX 타고 왔어요. OK?",
        "씬 12를 또 지웠어요.",
        "커피 2잔, 설탕 3개… 아직 그렇게 마셔요?",
        "아니— 그게 아니라!",
    ],
)
def test_clean_lines_have_no_residue(text: str) -> None:
    assert residue(text, CAST) is None


def test_brackets_are_residue_in_speech_only() -> None:
    narration = "지은(29)이 방파제로 걸어온다."
    assert residue(narration.replace("지은", "여자"), CAST, spoken=False) is None
    assert (residue(narration.replace("지은", "여자"), CAST) or "").startswith("bracketed cue")


# --- cut off ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("거기 밧줄 밟지 마", "no final mark"),
        ("등대가 저렇게 천천히", "no final mark"),
        ("그래. 그래서 내가 어제", "no final mark"),
        ("그건 네가-", "no final mark"),
        ("등대가 저렇게 천천히 돌았.", "unfinished word"),
        ("저는 괜찮!", "unfinished word"),
        ("“그때 말하려고 했.”", "unfinished word"),
        ("그 말이 옳", "unfinished word"),
        ("그래서 나는 ㅂ", "unfinished syllable"),
        ("그래서 내가 ㄱ.", "unfinished syllable"),
        ("그래서 내가 \ufffd", "unfinished syllable"),
        ("어머니,", "ends with ,"),
        ("“그래서 내가,”", "ends with ,"),
        ("“왜 화를 안 내요?", "open quote"),
        ("그 사람이 '가자고 했어.", "open quote"),
        ('"왜 화를 안 내요.', "open quote"),
        ("《바다의 마지막 장면이요.", "open bracket"),
        ("왔네. (고개를 돌리", "open bracket"),
        ("마지막 장면》이요.", "stray"),
    ],
)
def test_cut_lines_are_found(text: str, why: str) -> None:
    assert (cut(text) or "").startswith(why)


@pytest.mark.parametrize(
    "text",
    [
        "그러니까…",
        "네가 뭘.",
        "그래서 내가.",
        "그때 말하려고 했…",
        "그게 값.",
        "꼭 닭이 먼저 운다니까. 그 닭!",
        "나는… 그냥요.",
        "왜 화를 안 내요?!",
        "가!",
        "“왜 화를 안 내요?”",
        "그 사람이 '가자'고 했어.",
        "'90년대 노래'잖아요.",
        "It's OK. 괜찮아요.",
        "응",
        "그래. 응",
        "아이고",
        "오빠~",
        "아니—",
        "오빠, 그게 아니라--",
        "ㅋㅋㅋ",
        "싫어요 ㅠㅠ",
        "왔네。",
        "《바다》예요.",
        "왔네. (웃음)",
        "다섯 시 반. (새벽)",
    ],
)
def test_whole_lines_are_not_cut(text: str) -> None:
    assert cut(text) is None


def test_narration_may_end_in_a_noun_but_not_in_a_comma() -> None:
    assert cut("노을. 긴 침묵", spoken=False) is None
    assert (cut("노을이 지고,", spoken=False) or "").startswith("ends with")
    assert (cut("민수가 “왔네", spoken=False) or "").startswith("open quote")


# --- letters and copies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("왔네.", (2, 2)),
        ("KTX 타고 왔어요. 3시!", (9, 6)),
        ("先生님, ㅋㅋ", (5, 3)),
        ("ひらがな 왔네.", (6, 2)),
        ("\u110c\u1175\u110b\u1173\u11ab", (2, 2)),  # 지은 in NFD
        ("… 1,000!", (0, 0)),
    ],
)
def test_letters_are_counted_by_script(text: str, found: tuple[int, int]) -> None:
    assert letters(text) == found


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("기다린 적 없어.", "기다린 적 없어!"),
        ("기다린 적은 없어.", "기다린 적 없어."),
        ("기다린적 없 어…", "기다린 적 없어."),
        ("라면에 계란 하나 남은 거 너 먹어.", "라면에 계란 하나 남은 거, 나 먹어."),
        ("아버지 어디 갔어?", "어디 갔어?"),
        (
            "기름값이 세 번 오르는 동안 전화 한 통 없었어. 알아? 한 통도.",
            "기름값이 세 번 오르는 동안 전화 한 통 없었어.",
        ),
    ],
)
def test_near_copies_are_found(text: str, earlier: str) -> None:
    assert copied(text, ["등대가 저렇게 천천히 돌았나요?", earlier]) == 1
    assert copied(earlier, ["등대가 저렇게 천천히 돌았나요?", text]) == 1


@pytest.mark.parametrize(
    ("text", "earlier"),
    [
        ("그냥요.", "그냥요."),  # under four syllables
        ("괜찮아요. 버스가 여기까지만 오잖아요.", "괜찮아요."),
        ("라면에 계란 하나 남은 거 너 먹어.", "커피에 설탕 세 개, 아직 그렇게 마셔요?"),
        ("밥은 먹고 다녀?", "밥은 먹었어요?"),
    ],
)
def test_other_lines_are_no_copies(text: str, earlier: str) -> None:
    assert copied(text, [earlier]) is None
