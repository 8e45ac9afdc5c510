"""Mending a speech level: endings conjugated where that is safe, left alone where it is not."""

import pytest

from agents.character import weigh
from agents.guards import Rules
from agents.mending import remade
from agents.speech import mismatch

ROWS = """
해요체 | 나 내일 가. | 나 내일 가요.
해요체 | 밥은 먹었어? | 밥은 먹었어요?
해요체 | 그게 뭐야? | 그게 뭐예요?
해요체 | 그건 내 책이야. | 그건 내 책이에요.
해요체 | 아니야, 안 그래. | 아니에요, 안 그래요.
해요체 | 비가 온다. | 비가 와요.
해요체 | 거기 앉아. | 거기 앉아요.
해요체 | 벌써 늦었다. | 벌써 늦었어요.
해요체 | 그만 좀 해. | 그만 좀 해요.
해요체 | 어디 갔다 온 거야? | 어디 갔다 온 거예요?
해요체 | 문이 잠겨 있어. | 문이 잠겨 있어요.
해요체 | 내가 할게. | 내가 할게요.
해요체 | 거기 있었네. | 거기 있었네요.
해요체 | 누가 그랬지? | 누가 그랬죠?
해요체 | 모르겠습니다. | 모르겠어요.
해요체 | 제가 갑니다. | 제가 가요.
해요체 | 춥습니다. | 추워요.
해요체 | 어서 오십시오. | 어서 오세요.
해요체 | 이게 마지막입니다. | 이게 마지막이에요.
해요체 | 그걸 왜 이제 말해? | 그걸 왜 이제 말해요?
해체 | 어디 가요? | 어디 가?
해체 | 기다렸어요. | 기다렸어.
해체 | 이거 얼마예요? | 이거 얼마야?
해체 | 제 이름이에요. | 내 이름이야.
해체 | 여기 앉으세요. | 여기 앉아.
해체 | 문 좀 열어 주세요. | 문 좀 열어 줘.
해체 | 춥네요. | 춥네.
해체 | 그렇죠? | 그렇지?
해체 | 배가 고파요. | 배가 고파.
해체 | 알겠습니다. | 알겠어.
해체 | 빨리 하세요. | 빨리 해.
해체 | 괜찮습니까? | 괜찮아?
해체 | 아닙니다. | 아니야.
합쇼체 | 다 끝났어요. | 다 끝났습니다.
합쇼체 | 어디 있어요? | 어디 있습니까?
합쇼체 | 제가 해요. | 제가 합니다.
합쇼체 | 이쪽이에요. | 이쪽입니다.
합쇼체 | 앉으세요. | 앉으십시오.
합쇼체 | 손님이 기다려요. | 손님이 기다립니다.
합쇼체 | 고마워요. | 고맙습니다.
합쇼체 | 아직 몰라요. | 아직 모릅니다.
합쇼체 | 비가 와. | 비가 옵니다.
합쇼체 | 없어요. | 없습니다.
합쇼체 | 그 사람 아니에요. | 그 사람 아닙니다.
하오체 | 어디 가요? | 어디 가오?
하오체 | 다 끝났어요. | 다 끝났소.
하오체 | 그건 내 것이야. | 그건 내 것이오.
하오체 | 나는 몰라. | 나는 모르오.
하오체 | 술이 없어요. | 술이 없소.
하게체 | 어디 갔어? | None
하게체 | 비가 와요. | 비가 오네.
하게체 | 그게 답이야. | None
하게체 | 거기 앉아요. | 거기 앉네.
하게체 | 거기 앉으세요. | 거기 앉게.
해요체 | 노래를 들어. | 노래를 들어요.
해요체 | 자네 왔는가? | None
해요체 | 칼이다. | 칼이에요.
해요체 | 보고 싶어. | 보고 싶어요.
해요체 | 이제 다 필요 없어! | 이제 다 필요 없어요!
해요체 | 잘 먹고 잘 살아라. | None
해요체 | 거짓말하지 마. | None
해체 | 들어오세요. | 들어와.
해체 | 계세요. | None
해체 | 그 배는 아버지 거예요. | 그 배는 아버지 거야.
합쇼체 | 사람이 살아요. | 사람이 삽니다.
해체 | 문을 여세요. | None
해요체 | 배가 떠났다. 이제 없어. | 배가 떠났어요. 이제 없어요.
해체 | 저는 안 갑니다. | 나는 안 가.
합쇼체 | 나는 모르겠어. | 저는 모르겠습니다.
합쇼체 | 면접 봤잖아요. | None
해체 | 밥은 드셨어요? | None
해요체 | 비가 올 텐데. | 비가 올 텐데요.
해요체 | 지은이가 “나 간다” 했어. | None
해체 | 일부러 그러는 거죠? | 일부러 그러는 거지?
합쇼체 | 문이 안 열려요. | 문이 안 열립니다.
하오체 | 그만 가세요. | 그만 가시오.
합쇼체 | 벌써 끝난 거예요. | 벌써 끝난 겁니다.
합쇼체 | 저 배가 선생님 배예요? | 저 배가 선생님 배입니까?
해요체 | 응, 그 말을 응, 하고 들었어. | 네, 그 말을 응, 하고 들었어요.
해요체 | 저 배는 벌써 떠났지. | 저 배는 벌써 떠났죠.
하오체 | 그이가 올까 봐요. | None
하오체 | 한번 가 봅시다. | None
합쇼체 | 벌써 시월이래요. | None
해요체 | 그 집에는 아무도 안 산다. | None
""".strip().splitlines()


@pytest.mark.parametrize(("wanted", "said", "mended"), [row.split(" | ") for row in ROWS])
def test_a_line_at_the_wrong_level(wanted, said, mended):
    assert str(remade(said, wanted)) == mended


@pytest.mark.parametrize(("wanted", "said"), [row.split(" | ")[:2] for row in ROWS])
def test_what_comes_out_is_at_the_level_and_needs_no_mending(wanted, said):
    made = remade(said, wanted)
    assert made is None or (mismatch(made, wanted) is None and remade(made, wanted) is None)


def test_a_line_that_is_right_or_has_no_level_is_left_alone():
    assert remade("나 내일 가요.", "해요체") is None
    assert remade("나 내일 가.", None) is None


def test_a_mended_candidate_keeps_what_the_model_wrote():
    rules = Rules("지은", {"지은": (), "민수": ()}, "해요체")
    first, second = weigh([("배가 벌써 떠났어.", -1.0, 5), ("배가 벌써 떠났어요.", -1.0, 5)], rules)
    assert (first.text, first.mended, first.rejected) == ("배가 벌써 떠났어요.", "배가 벌써 떠났어.", None)
    assert (second.text, second.mended, second.rejected) == ("배가 벌써 떠났어요.", None, None)
