"""Who speaks next, in the order of the rules, with the reason."""

from agents.casting import cast_next
from transcript.turn import Turn

CAST = {"말순": ("할머니",), "영호": (), "은정": ()}
TALK = {"말순": 0.5, "영호": 0.5, "은정": 0.5}
ALL = list(CAST)


def said(speaker, text, to=()):
    return Turn(1, 1, 1, "dialogue", text, speaker=speaker, to=tuple(to), present=tuple(ALL))


def test_the_person_s_choice_comes_first():
    turns = [said("영호", "은정아, 문 좀 닫아.")]
    assert cast_next(ALL, turns, CAST, TALK, required=["말순"], forced="영호").name == "영호"


def test_then_whom_the_beat_requires():
    choice = cast_next(ALL, [said("영호", "은정아, 문 좀 닫아.")], CAST, TALK, required=["말순"])
    assert (choice.name, choice.why) == ("말순", "beat requires 말순")


def test_who_was_told_a_fact_answers_before_anybody_the_line_calls():
    told = [said("영호", "은정아, 나 차 팔았다.", ["말순"])]
    choice = cast_next(ALL, told, CAST, TALK, required=["은정"], answering="말순")
    assert (choice.name, choice.why) == ("말순", "answers what 영호 brought out: 말순")


def test_then_who_was_called_by_name():
    choice = cast_next(ALL, [said("영호", "은정아, 문 좀 닫아.", ["말순"])], CAST, TALK)
    assert (choice.name, choice.why) == ("은정", "called by name: 은정")


def test_then_who_was_asked():
    choice = cast_next(ALL, [said("영호", "왜 그러셨어요?", ["말순"])], CAST, TALK)
    assert (choice.name, choice.why) == ("말순", "asked by 영호: 말순")


def test_a_mention_and_silence_count_in_the_score():
    turns = [said("은정", "나 왔어."), said("말순", "왔냐."), said("영호", "할머니가 안 비킨다니까.")]
    assert cast_next(ALL, turns, CAST, TALK).name == "말순"


def test_nobody_speaks_three_times_in_a_row():
    turns = [
        said("말순", "안 비킨다."),
        said("말순", "못 비킨다."),
        said("은정", "할머니."),
        *[said("영호", "말순 여사.")] * 2,
    ]
    assert cast_next(ALL, turns, CAST, {**TALK, "영호": 1.0}).name != "영호"


def test_the_model_is_asked_only_for_a_near_tie():
    asked = []

    def ask(names):
        asked.append(list(names))
        return [1.0 if name == "은정" else 0.0 for name in names], 1, 5, 0.01

    choice = cast_next(ALL, [], CAST, TALK, ask=ask)
    assert choice.name == "은정"
    assert choice.calls == 1
    assert choice.why.startswith("near-tie")
    cast_next(ALL, [said("영호", "할머니가 안 비켜.")], CAST, TALK, ask=ask)
    assert len(asked) == 1


def test_alone_on_stage_one_talks_to_oneself():
    turns = [said("말순", "아무도 없네."), said("말순", "그래.")]
    assert cast_next(["말순"], turns, CAST, TALK).name == "말순"
