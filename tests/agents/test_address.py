"""나 and 저, 너 and titles, by speech level; what is ambiguous is left alone."""

import pytest

from agents.address import fault, swapped
from agents.character import weigh
from agents.guards import Rules


@pytest.mark.parametrize(
    ("level", "said", "right"),
    [
        ("합쇼체", "나는 모릅니다.", "저는 모릅니다."),
        ("합쇼체", "내가 나도 모르게 웃었습니다.", "제가 나도 모르게 웃었습니다."),
        ("합쇼체", "그건 나한테 맡기십시오.", "그건 저한테 맡기십시오."),
        ("합쇼체", "누나는 왔습니다.", "누나는 왔습니다."),
        ("합쇼체", "하나도 없습니다.", "하나도 없습니다."),
        ("합쇼체", "‘나는 모른다’ 그랬습니다.", "‘나는 모른다’ 그랬습니다."),
        ("해요체", "나는 몰라요.", "나는 몰라요."),
        ("해요체", "제가 할게요.", "제가 할게요."),
        ("해체", "저는 안 가.", "나는 안 가."),
        ("해체", "제가 그랬어.", "내가 그랬어."),
        ("해체", "저 사람은 누구야?", "저 사람은 누구야?"),
        ("해체", "전 국민이 다 알아.", "전 국민이 다 알아."),
        ("해체", "어머니는 저를 낳고 바로 갔어.", "어머니는 나를 낳고 바로 갔어."),
        ("하오체", "저도 그 배를 탔소.", "나도 그 배를 탔소."),
        ("하게체", "제가 먼저 가네.", "내가 먼저 가네."),
        (None, "저는 안 가.", "저는 안 가."),
        ("해체", "네, 다 들었어.", "응, 다 들었어."),
        ("해체", "네? 뭘 팔아?", "어? 뭘 팔아?"),
        ("해체", "그래. 예, 갈게.", "그래. 응, 갈게."),
        ("해체", "네 배는 어디 있어?", "네 배는 어디 있어?"),
        ("해체", "어, 배가 들어온다.", "어, 배가 들어온다."),
        ("해요체", "응, 그랬어요.", "네, 그랬어요."),
        ("합쇼체", "어, 벌써 오셨습니까?", "어, 벌써 오셨습니까?"),
        ("합쇼체", "어디, 봅시다.", "어디, 봅시다."),
        ("하오체", "예, 그러하오.", "예, 그러하오."),
    ],
)
def test_the_speakers_own_pronoun(level, said, right):
    assert swapped(said, level) == right
    assert swapped(right, level) == right


@pytest.mark.parametrize(
    ("level", "text", "word"),
    [
        ("해요체", "네가 뱉은 말이 뭐예요?", "네가"),
        ("합쇼체", "너는 그만 가십시오.", "너는"),
        ("해요체", "니가 했잖아요.", "니가"),
        ("해요체", "네, 알았어요.", None),
        ("해요체", "네 시에 와요.", None),
        ("해요체", "너무 늦었어요.", None),
        ("해요체", "강 너머는 몰라요.", None),
        ("해요체", "“너는 빠져” 하셨어요.", None),
        ("해체", "네가 했잖아.", None),
        ("하게체", "너도 앉게.", None),
        ("하오체", "너도 그 글을 보았소?", "너도"),
        ("해요체", "네가요?", "네가"),
    ],
)
def test_who_is_addressed_too_low(level, text, word):
    assert fault(text, level) == word


def test_a_candidate_is_put_right_or_turned_down():
    rules = Rules("서윤", {"서윤": (), "도현": ()}, "합쇼체")
    mine, yours = weigh([("내가 그 가방을 줬습니다.", -1.0, 5), ("네가 그 가방을 줬습니다.", -1.0, 5)], rules)
    assert (mine.text, mine.mended, mine.rejected) == ("제가 그 가방을 줬습니다.", "내가 그 가방을 줬습니다.", None)
    assert yours.rejected == "address: 네가 in 합쇼체"
