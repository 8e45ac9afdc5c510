"""What the pages say, in Korean and English, and the engine's reasons in the words of a writer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Literal

Lang = Literal["ko", "en"]

_WORDS: dict[str, tuple[str, str]] = {
    "actions": ("지문·사건", "Action lines"),
    "address": ("호칭", "Address"),
    "affection": ("호감", "Affection"),
    "agreement": ("계획과 r =", "with the plan, r ="),
    "arc": ("감정선", "Emotional arcs"),
    "arc_note": (
        "원 하나가 대사 하나입니다. 누르면 그 대사로 갑니다. 화살표 키로 옮겨 다니고 Enter로 고릅니다.",
        "Each circle is a line. Click it to go there; arrow keys move, Enter goes.",
    ),
    "arc_none": ("감정을 잰 기록이 없습니다.", "No emotion was measured."),
    "arc_of": ("{}의 감정선", "Arc of {}"),
    "batch": ("묶음 보고서", "Batch report"),
    "beat": ("비트", "Beat"),
    "beats": ("비트", "beats"),
    "by_edited": ("고친 대사", "edited"),
    "by_human": ("사람이 쓴 대사", "written by a person"),
    "candidates": ("후보", "candidates"),
    "cast": ("등장인물", "Cast"),
    "characters": ("글자", "Characters"),
    "chosen": ("뽑힘", "chosen"),
    "chosen_anyway": ("흠이 있지만 뽑힘", "chosen in spite of"),
    "command": ("명령", "Command"),
    "command_note": (
        "시나리오를 파일로 두었다면 제목 대신 그 경로를 주십시오. 시나리오와 인물은 이 페이지 안의 기록에 그대로 들어 있습니다.",
        "Give the path of your scenario file instead of the title if it is not a shipped one. This page holds the scenario and personas.",
    ),
    "command_people": (
        "사람이 쓴 대사는 다시 쳐야 합니다: {}",
        "Lines written by a person have to be typed again: {}",
    ),
    "comparison": ("비교", "Comparison"),
    "comparison_note": (
        "막대는 차이(나중 것에서 먼저 것을 뺀 값)의 부트스트랩 구간입니다. 구간이 0을 비켜 가면 점을 채워 그립니다.",
        "Bars are bootstrap intervals of the difference (second minus first); a filled dot means that the interval leaves out 0.",
    ),
    "comparison_clear": ("0을 비켜 감", "leaves out 0"),
    "comparison_open": ("0을 품음", "contains 0"),
    "count": ("개수", "Count"),
    "difference": ("차이", "Difference"),
    "each": ("대사당", "Per line"),
    "failed": ("끝내지 못한 테이크", "Takes that failed"),
    "error": ("이유", "Reason"),
    "figure": ("점수", "Figure"),
    "figures": ("점수", "Scores"),
    "first": ("먼저 것", "First"),
    "from": ("누가", "From"),
    "intention": ("의도", "Intention"),
    "interval": ("구간", "Interval"),
    "jump_script": ("대본으로 건너뛰기", "Skip to the script"),
    "jump_takes": ("테이크 표로 건너뛰기", "Skip to the takes"),
    "kept": ("남김", "kept"),
    "level": ("높임", "Speech level"),
    "level_kept": ("지킨 대사", "Kept"),
    "level_note": (
        "‘지킨 대사’는 모델이 한 대사 가운데 뽑힐 때 높임으로 지적받지 않은 것입니다.",
        "Kept: lines of the model that stood without a remark on their speech level.",
    ),
    "line": ("대사", "line"),
    "lines": ("대사", "Lines"),
    "mark_measured": ("측정 (앞 대사와 이어 고른 값)", "measured (smoothed over earlier lines)"),
    "mark_line": ("대사 하나를 잰 값", "one line as measured"),
    "mark_planned": ("계획", "planned"),
    "means": ("평균", "Means"),
    "measured": ("측정", "Measured"),
    "mended": ("고치기 전", "before mending"),
    "model": ("모델", "Model"),
    "name": ("테이크", "Take"),
    "nobody": ("대사가 없습니다.", "Nobody speaks."),
    "not_chosen": ("뽑히지 않음", "ranked lower"),
    "notes": ("연출 노트 보기", "Show director's notes"),
    "pick": ("대사를 고르면 여기에 보입니다.", "The line you pick shows here."),
    "planned": ("계획", "Planned"),
    "pleasant": ("유쾌", "pleasant"),
    "rank": ("순위", "Rank"),
    "reason": ("이유", "Reason"),
    "relations": ("관계와 높임", "Relations and speech levels"),
    "relations_none": ("시나리오에 적힌 관계가 없습니다.", "The scenario has no relations."),
    "reproduce": ("다시 만들기", "How to play it again"),
    "reveal": ("밝힐 사실", "To bring out"),
    "save": ("대본 기록 저장 (transcript.json)", "Save the record (transcript.json)"),
    "scene": ("씬", "scene"),
    "scenario": ("시나리오", "Scenario"),
    "scenes": ("씬 차례", "Scenes"),
    "scores_none": ("매긴 점수가 없습니다.", "No scores."),
    "script": ("대본", "Script"),
    "second": ("나중 것", "Second"),
    "seed": ("시드", "Seed"),
    "setting": ("설정", "Setting"),
    "shape": ("목표 모양", "Shape wanted"),
    "share": ("비율", "Share"),
    "show_on_arc": ("감정선에서 보기", "Show on the arc"),
    "speakers": ("누가 얼마나 말했나", "Who spoke how much"),
    "takes": ("테이크", "Takes"),
    "takes_note": ("테이크 {}개 가운데 {}개를 끝냈습니다.", "{1} of {0} takes finished."),
    "to": ("누구에게", "To"),
    "turn": ("턴", "turn"),
    "turned_down": ("탈락한 후보", "Candidates turned down"),
    "turned_down_none": ("탈락한 후보가 없습니다.", "None was turned down."),
    "turned_down_note": (
        "후보 {}개 가운데 {}개가 규칙에 걸려 탈락했습니다.",
        "Rules turned down {1} of {0} candidates.",
    ),
    "turns": ("턴", "Turns"),
    "unpleasant": ("불쾌", "unpleasant"),
    "value": ("값", "Value"),
    "wide": ("감정선 펼쳐 보기", "Spread the arcs out"),
    "why": ("연출", "Notes"),
    "why_now": ("이 차례인 이유", "Why this turn"),
}

_TAKE: dict[str, str] = {
    "seed": "시드",
    "model": "모델",
    "model_sha256": "모델 sha256",
    "adapter": "어댑터 sha256",
    "candidates": "대사마다 후보",
    "turns": "턴 한도",
    "steer": "감정 조종",
    "human": "사람이 맡은 역",
    "started": "시작",
    "finished": "끝",
    "over": "끝난 이유",
    "version": "daebon",
}

_SCORES: dict[str, str] = {  # of daebon.scoring and graph.take, in the order they are shown
    "score": "종합 점수",
    "clean": "흠 없는 턴의 비율",
    "follows": "감정선이 계획을 따른 정도",
    "reached": "조건을 채우고 끝난 비트 비율",
    "spoken": "침묵으로 때우지 않은 비율",
    "r": "계획과 측정의 상관 (대사마다)",
    "r_smooth": "계획과 측정의 상관 (고른 값)",
    "distance": "계획과의 거리",
    "distance_band": "계획과의 거리 (재는 폭에 맞춤)",
    "fit": "대사의 로그 확률 (토큰마다)",
    "silence": "할 말이 없어 침묵한 비율",
    "mended": "어미를 고친 대사 비율",
    "events": "사건 비율",
    "turns": "턴",
    "lines": "대사",
    "residue": "찌꺼기가 남은 대사",
    "cut": "끊긴 대사",
    "secrets": "일찍 흘린 비밀",
    "hangul_share": "한글 비율",
    "copy_share": "앞 대사를 베낀 비율",
    "narration": "지문 비율",
    "narration_share": "지문 비율 (엔진)",
    "narration_chars_share": "지문의 글자 비율",
    "condition_share": "조건을 채우고 끝난 비트 비율",
    "beats_by_condition": "조건을 채우고 끝난 비트 비율",
    "calls_mean": "턴마다 모델 호출",
    "calls_max": "모델 호출, 가장 많을 때",
    "seconds_median": "턴마다 초 (중앙값)",
}

_SHAPES: dict[str, str] = {  # as emotion.shapes.GLOSS, which stands in a higher room
    "rags-to-riches": "오름",
    "tragedy": "내림",
    "man-in-a-hole": "내렸다 오름",
    "icarus": "올랐다 내림",
    "cinderella": "올랐다 내렸다 오름",
    "oedipus": "내렸다 올랐다 내림",
}

# The engine's reasons (agents.guards, casting, director, narration, steering; graph.nodes, scenes), by their beginnings.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"empty", "빈 대사"),
    (r"template or markup residue", "틀이나 기호의 찌꺼기"),
    (r"coarse where the writer is not(?:: (.*))?", "작가가 쓰지 않는 거친 말: {}"),
    (r"name tag", "이름표가 섞임"),
    (r"steps out of the role", "역할에서 벗어남"),
    (r"cut off", "말이 끊김"),
    (r"reads out what only they were told", "혼자만 들은 것을 읽어 줌"),
    (r"gives away(?:: (.*))?", "아직 밝힐 수 없는 사실을 흘림: {}"),
    (r"foreign letters or lone jamo", "외국 글자나 낱자"),
    (r"open quotation", "따옴표가 닫히지 않음"),
    (r"calls themselves by name", "제 이름을 부름"),
    (r"too short", "너무 짧음"),
    (r"too long", "너무 긺"),
    (r"speech level: no ending, wanted (.*)", "높임: 종결 어미가 없음, {}여야 함"),
    (r"speech level: (.*), wanted (.*)", "높임: {}, {}여야 함"),
    (r"speech level", "높임이 어긋남"),
    (r"address: (.*) in (.*)", "호칭: {1}에 ‘{0}’"),
    (r"address: (.*), who is (.*)", "호칭: ‘{1}’ 대신 ‘{0}’"),
    (r"address", "호칭이 어긋남"),
    (r"asks instead of telling", "밝혀야 할 때 되물음"),
    (r"contradicts itself", "한 입으로 두말함"),
    (r"repeats itself", "같은 말을 되풀이함"),
    (r"harps on(?:: (.*))?", "같은 낱말에 매달림: {}"),
    (r"copy of the example(?:: (.*))?", "예문을 베낌: {}"),
    (r"copy of an earlier line", "앞 지문을 베낌"),
    (r"copy of(?:: (.*))?", "앞 대사를 베낌: {}"),
    (r"not one sentence that ends in 다\.", "‘다.’로 끝나는 한 문장이 아님"),
    (r"not in the present tense", "현재형이 아님"),
    (r"honorific(?:: 지문 speaks plainly of everybody)?", "지문에 높임말"),
    (r"opening of the scene", "씬을 여는 지문"),
    (r"entrance of the beat", "비트의 등장"),
    (r"exit of the beat", "비트의 퇴장"),
    (r"chosen by the person: (.*)", "사람이 고름: {}"),
    (r"only (.*) can speak", "말할 수 있는 사람이 하나뿐: {}"),
    (r"beat requires (.*)", "비트가 바라는 사람: {}"),
    (r"beat must bring out: (.*)", "비트가 밝혀야 할 사실: {}"),
    (r"called by name: (.*)", "이름이 불림: {}"),
    (r"asked by (.*): (.*)", "질문을 받음: {} → {}"),
    (r"near-tie, the model prefers (.*) \((.*) of (.*)\)", "점수가 비슷해 모델이 고름: {} ({} · {})"),
    (r"score (\S+): (.*) before (.*) \((.*)\)", "차례 점수: {1} {0}, {2} {3}"),
    (r"action: the share of actions is below (.*)", "지문 비율이 {}보다 낮음"),
    (r"gesture \((.*) of (.*)\)", "인물의 몸짓 ({} · {}가지)"),
    (r"best of (\d+) turned down(?: \((.*)\))?", "탈락한 후보 {}개 가운데 가장 나은 것: {}"),
    (r"silence: every candidate was turned down", "후보가 모두 탈락해 침묵"),
    (r"asks less of (.*): missed by (.*) three times", "주문을 낮춤: {}, 세 번 {} 빗나감"),
    (r"early: drift: (.*) from the plan", "계획에서 {} 벗어나 일찍 끝냄"),
    (r"drift: (.*) from the plan", "계획에서 {} 벗어남"),
    (r"event: the beat is late and not yet complete", "비트가 늦도록 덜 되어 사건을 일으킴"),
    (r"event: (.*) lines brought little new", "새 이야기가 없어 사건을 일으킴: 대사 {}개"),
    (r"the beat stalled: (.*)", "비트가 막혀 사건을 일으킴: {}"),
    (r"picked", "후보 가운데 사람이 고름"),
    (r"edited", "사람이 고침"),
    (r"event", "사건으로 돌림"),
    (r"silence", "침묵으로 돌림"),
    (r"of its own", "연출의 사건"),
    (r"only way on", "갈 길이 하나뿐"),
    (r"branch: (.*) \((.*) of (.*) ways\)", "갈림길: {} ({} · {}갈래)"),
    (r"condition: emotion reached by (.*)", "조건을 채움: {}의 감정"),
    (r"condition: the model finds it done, (.*) after (.*)", "조건을 채움: 모델이 보기에 다 됨 ({1} → {0})"),
    (r"condition: out: (.*)", "조건을 채움: 밝혀짐, {}"),
    (r"condition: (.*) spoke", "조건을 채움: {} 말함"),
    (r"out: (.*)", "밝혀짐, {}"),
    (r"forced: (.*) lines brought little new", "새 이야기가 없어 넘김: 대사 {}개"),
    (r"forced: (.*) turns", "턴을 다 써서 넘김: {}턴"),
    (r"emotion not reached", "감정이 닿지 않음"),
    (r"not out: (.*)", "밝혀지지 않음: {}"),
    (r"(.*) did not speak", "말하지 않음: {}"),
    (r"finished", "끝까지 감"),
    (r"stopped", "도중에 멈춤"),
)
_COMPILED = tuple((re.compile(pattern, re.DOTALL), korean) for pattern, korean in _REASONS)


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """Return what a page says, by key."""
    return {key: pair[lang == "en"] for key, pair in _WORDS.items()}


def take_name(key: str, lang: Lang) -> str:
    """Return what a field of `take` is called, the key itself where it is not known."""
    return _TAKE.get(key, key) if lang == "ko" else key


def score_name(key: str, lang: Lang) -> str:
    """Return what a figure is called, the key itself where it is not known."""
    return _SCORES.get(key, key) if lang == "ko" else key.replace("_", " ")


def shape_name(shape: str, lang: Lang) -> str:
    """Return what a shape of an arc does, the word itself where it is not known."""
    return _SHAPES.get(shape, shape) if lang == "ko" else shape


def in_order(keys: Iterable[str]) -> list[str]:
    """Return figures as they are shown: the ones that sum up a take first, unknown ones last."""
    known = list(_SCORES)
    return sorted(keys, key=lambda key: known.index(key) if key in known else len(known))


def explain(reason: str, lang: Lang) -> str:
    """Return a reason of the engine in the page's language; parts that are not known, such as a person's, as they are."""
    if lang == "en":
        return reason
    return " · ".join(map(_explained, reason.split("; ")))


@lru_cache(maxsize=4096)
def _explained(part: str) -> str:
    for pattern, korean in _COMPILED:
        if found := pattern.fullmatch(part):
            groups = [_explained(group or "") if " turned down" in part else group or "" for group in found.groups()]
            return korean.format(*groups) if any(groups) else korean.split(": {")[0]
    return part
