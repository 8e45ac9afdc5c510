"""What a person does to a scene between two turns: each wish shows in what is played next, and nowhere else."""

import pytest

from agents.speech import LEVELS
from graph.take import LineWanted
from tests.conftest import FILES
from tests.graph.test_moves import INVENTED, line, step, to_a_line
from transcript.errors import UsageError
from transcript.store import RunStore
from transcript.turn import Turn

LATE = FILES / "늦게.yaml"


@pytest.fixture
def model(scripted, monkeypatch):
    """Return a scripted model that keeps the prompts it was given in `prompts`."""
    made = scripted(INVENTED, invent=True)
    prompts = []
    propose = type(made).propose

    def heard(self, prompt, n, **options):
        prompts.append(prompt)
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(type(made), "propose", heard)
    return made, prompts


@pytest.fixture
def take(staged, model):
    made = staged(model[0])
    made.start(7, [], person=True)
    step(made, 3)
    return made


def mine(prompts, name):
    return [prompt for prompt in prompts if prompt.splitlines()[-1].startswith(f"{name}:")]


def test_an_event_happens_next_and_is_the_person_s(take):
    take.event(" 천둥이 친다.\n정전이 된다. ")
    turn = step(take)[0]
    assert (turn.kind, turn.text, turn.by, turn.why) == (
        "event",
        "천둥이 친다. 정전이 된다.",
        "human",
        "event: by the person",
    )
    with pytest.raises(UsageError, match="event"):
        take.event("  ")


def test_two_wishes_come_true_in_order(take):
    take.event("초인종이 울린다.")
    take.leave("태오")
    first, second = step(take, 2)
    assert (first.text, second.text) == ("초인종이 울린다.", "태오가 나간다.")
    assert "태오" in line(take)[-3].present and "태오" not in second.present


def test_who_is_out_says_and_hears_nothing_and_comes_back(take, model):
    with pytest.raises(UsageError, match="already"):
        take.enter("태오")
    take.leave("태오")
    gone, alone, alone_too = step(take, 3)
    assert (gone.kind, gone.text) == ("action", "태오가 나간다.")
    assert [(turn.present, turn.speaker in (None, "소라")) for turn in (gone, alone, alone_too)] == [
        (("소라",), True)
    ] * 3
    with pytest.raises(UsageError, match="there is 소라"):
        take.leave("태오")
    take.enter("태오")
    came = step(take)[0]
    assert (came.kind, came.text, came.present) == ("action", "태오가 들어온다.", ("소라", "태오"))
    take.ask("태오")
    del model[1][:]
    assert step(take)[0].speaker == "태오"
    assert not any(alone.text in prompt for prompt in mine(model[1], "태오"))


def test_the_last_one_stays_and_a_stranger_is_no_role(take):
    take.leave("태오")
    with pytest.raises(UsageError, match="last one"):
        take.leave("소라")
    for wish in (take.enter, take.leave, take.take_role, take.release, take.who):
        with pytest.raises(UsageError, match="cast is 소라, 태오"):
            wish("민수")


def test_a_role_is_taken_and_given_back_also_for_the_next_process(take):
    take.take_role("태오")
    take.ask("태오")
    wanted = list(take.play(pause=True))[-1]
    assert isinstance(wanted, LineWanted) and wanted.cue.speaker == "태오"
    with pytest.raises(UsageError, match="already"):
        take.take_role("태오")
    store = RunStore(take.company.store.place)
    assert store.run("take").take["human"] == ["태오"]
    take.release("태오")
    turn = step(take)[0]
    assert (turn.speaker, turn.by) == ("태오", "model")
    assert store.run("take").take["human"] == []
    store.close()


def test_a_role_taken_stays_taken_when_the_take_is_rewound(take):
    take.take_role("소라")
    take.undo(2)
    assert take.state()["human"] == ["소라"]


def test_a_role_is_taken_before_the_curtain(staged, model):
    take = staged(model[0])
    take.start(7, [], person=True)
    take.take_role("소라")
    steps = []
    while not steps or not isinstance(steps[-1], LineWanted):
        steps += list(take.play(pause=True))
    assert steps[-1].cue.speaker == "소라"


def test_a_beat_is_closed_by_the_person(take):
    assert take.state()["beat"] == 0
    take.next_beat()
    assert step(take)[0].beat == 2
    closed = take.state()["beats"][-1]
    assert (closed["beat"], closed["reason"]) == (1, "forced: by the person")
    while not take.over:
        if not take.state()["leaving"]:
            take.next_beat()
        list(take.play(pause=True))
    with pytest.raises(UsageError, match="over"):
        take.next_beat()


def test_a_level_holds_from_the_next_line_on_and_one_way_only(take):
    take.level("소라", "태오", "합쇼체")
    take.ask("소라")
    assert step(take)[0].cue.level == "합쇼체"
    take.ask("태오")
    assert step(take)[0].cue.level == "해요체"
    for wrong in (("소라", "태오", "반말"), ("소라", "소라", "해체"), ("소라", "민수", "해체")):
        with pytest.raises(UsageError, match=r"해요체|cast"):
            take.level(*wrong)
    assert all(level in LEVELS for level in ("합쇼체", "해요체"))


def test_a_whisper_is_in_the_prompt_of_one_role_until_the_scene_ends(take, model):
    prompts = model[1]
    secret = "태오가 상자를 바꿔치기했다"
    take.whisper("소라", f"{secret}.")
    del prompts[:]
    for name in ("소라", "태오"):
        take.ask(name)
        step(take)
    assert mine(prompts, "소라") and all(secret in prompt for prompt in mine(prompts, "소라"))
    assert mine(prompts, "태오") and not any(secret in prompt for prompt in mine(prompts, "태오"))
    assert not any(secret in turn.text for turn in line(take))
    assert take.who("소라").whispers == (f"{secret}.",)
    assert take.who("태오").whispers == ()
    take.undo(9)
    assert take.who("소라").whispers == ()


def test_a_whisper_ends_with_its_scene(staged, model):
    take = staged(model[0], FILES / "갈림.yaml")
    take.start(5, [], person=False)
    step(take, 2)
    name = take.state()["present"][0]
    take.whisper(name, "굴에는 물이 차 있다")
    while len(take.state()["path"]) == 1:
        step(take)
    assert take.who(name).whispers == ()


def test_an_interview_leaves_no_trace_and_is_remembered_by_the_take_alone(take, model):
    prompts, heard = model[1], []
    take.company.on_token = heard.append
    before, stood = dict(take.state()), line(take)
    del prompts[:]
    first = take.interview("소라", "왜 상자를 버리려고 해?")
    assert first and "".join(heard).strip().startswith(first[:3])
    second = take.interview("소라", "후회하지 않아?")
    other = take.interview("태오", "무슨 생각 해?")
    assert second != first and other
    assert "작가: 왜 상자를 버리려고 해?" in prompts[1] and f"소라: {first}" in prompts[1]
    assert prompts[1].splitlines()[-1] == "소라:"
    assert "후회하지" not in prompts[2]
    assert dict(take.state()) == before and line(take) == stood
    del prompts[:]
    step(take)
    assert not any("후회하지" in prompt for prompt in prompts)
    with pytest.raises(UsageError, match="words"):
        take.interview("소라", " ")


def test_somebody_is_asked_only_for_what_they_may_know(take, model):
    take.whisper("태오", "트럭은 오지 않는다")
    del model[1][:]
    take.interview("소라", "트럭은 언제 와?")
    assert "오지 않는다" not in model[1][0]


def test_who_tells_what_somebody_feels_knows_and_thinks_of_the_others(take):
    sora, teo = take.who("소라"), take.who("태오")
    assert (sora.present, sora.human, sora.role) == (True, False, "짐을 싸는 사람")
    assert sora.secrets == ("소라는 열쇠를 강물에 던졌다",) and sora.unaware == ()
    assert teo.unaware == ("소라는 열쇠를 강물에 던졌다",) and teo.knows == ()
    assert sora.toward["태오"].level == "해체" == teo.from_others["소라"].level
    assert teo.toward["소라"].address == "누나"
    assert set(sora.strengths) == set(teo.strengths) and -1 <= sora.valence <= 1
    take.edit(next(turn.n for turn in line(take) if turn.speaker == "소라"), "나 열쇠를 강물에 던졌어.")
    assert take.who("태오").knows == ("소라는 열쇠를 강물에 던졌다",)
    assert take.who("소라").secrets == ()


def test_what_it_cost_counts_the_lines_that_stand_and_all_that_were_made(take):
    to_a_line(take)
    whole = take.cost()
    assert (whole.turns, whole.made) == (len(line(take)), len(line(take)))
    assert whole.line == whole.all and whole.line.calls > 0
    take.retry()
    step(take)
    take.edit(2, "아무것도 아니야.")
    after = take.cost()
    assert (after.turns, after.made) == (whole.turns, whole.made + 1)
    assert after.all.decoded > after.line.decoded > 0


def test_a_take_that_only_reads_changes_nothing(take, model):
    from emotion.measure import LexiconEmotion
    from graph.context import Company
    from graph.take import Take

    store, saver = take.company.store, take._head._saver
    company = Company(take.company.scenario, model[0], store, LexiconEmotion(), 2)
    reader = Take(company, saver, "take", 200, reader="소라의 밤 is being played by process 7; read it, or wait")
    reader.resume(7, [], person=True)
    assert [turn.text for turn in reader.transcript().turns] == [turn.text for turn in line(take)]
    assert reader.who("소라") == take.who("소라")
    assert reader.interview("소라", "괜찮아?")
    for wish in (
        lambda: list(reader.play()),
        reader.retry,
        reader.undo,
        lambda: reader.branch("몰래"),
        lambda: reader.edit(2, "몰래 고친다."),
        lambda: reader.event("불이 꺼진다."),
        lambda: reader.take_role("소라"),
        lambda: reader.record_preferences(False),
    ):
        with pytest.raises(UsageError, match="process 7"):
            wish()
    assert store.run("take").status == "playing"
    assert isinstance(step(take)[0], Turn)
    assert len(take.branches()) == 1


def test_after_the_curtain_something_may_still_happen_and_then_it_falls_again(take):
    while not take.over:
        list(take.play(pause=True))
    n = take.state()["n"]
    take.event("빈 거실에 전화벨이 울린다.")
    assert (step(take)[0].n, take.over) == (n + 1, "")
    while not take.over:
        list(take.play(pause=True))
    assert take.over == "finished"
