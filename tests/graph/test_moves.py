"""Lines said anew, picked, mended, taken back and forked: the store keeps all of it, and the take goes on from where it stands."""

import pytest

from graph.take import LineWanted
from tests.conftest import BOTH_STORES, FILES
from transcript.errors import UsageError
from transcript.store import RunStore
from transcript.turn import Turn

pytestmark = BOTH_STORES
INVENTED = {"*": [""]}
LATE = FILES / "늦게.yaml"


@pytest.fixture
def take(staged, scripted):
    """Return a take of invented lines, each of another wording, before its first turn."""
    made = staged(scripted(INVENTED, invent=True), LATE)
    made.start(7, [], person=True)
    return made


def step(take, times=1):
    """Play `times` turns and return them."""
    return [next(one for one in take.play(pause=True) if isinstance(one, Turn)) for _ in range(times)]


def to_a_line(take):
    """Play until somebody spoke; return the turn."""
    while not (turn := step(take)[0]).cue:
        pass
    return turn


def line(take):
    return take.company.turns(take.state()["head"])


def texts(take):
    return [turn.text for turn in line(take)]


def stored(take):
    return [turn.text for turn in take.company.store.turns(take.company.store.here("take"))]


def where(take):
    return next(branch for branch in take.branches() if branch.current)


def test_a_line_is_said_anew_by_the_same_speaker_under_the_same_cue(take):
    step(take, 3)
    old = to_a_line(take)
    before = texts(take)[:-1]
    assert take.retry() == old
    new = step(take)[0]
    assert (new.n, new.speaker, new.cue, new.beat) == (old.n, old.speaker, old.cue, old.beat)
    assert new.text != old.text
    assert new.why.split(";")[0] == old.why.split(";")[0]
    assert texts(take) == [*before, new.text] == stored(take)
    assert [branch.last for branch in take.branches() if not branch.named] == [old]


def test_a_line_is_said_anew_as_often_as_one_likes_each_time_in_other_words(take):
    step(take, 2)
    words = [to_a_line(take).text]
    for _ in range(4):
        take.retry()
        words.append(step(take)[0].text)
    assert len(set(words)) == 5
    assert where(take).name == "main"
    assert sum(not branch.named for branch in take.branches()) == 4


def test_what_came_after_the_line_goes_with_it_and_comes_back_with_undo(take):
    step(take, 2)
    old = to_a_line(take)
    take.event("창밖에서 경적이 울린다.")
    step(take)
    whole = texts(take)
    take.retry()
    assert step(take)[0].n == old.n
    assert take.undo() == f"main:{old.n + 1}"
    assert texts(take) == whole == stored(take)


def test_there_is_nothing_to_say_anew_before_somebody_spoke(staged, scripted):
    take = staged(scripted(INVENTED, invent=True))
    take.start(7, [], person=True)
    with pytest.raises(UsageError, match="the beginning"):
        take.undo()
    step(take)
    assert take.company.turns(take.state()["head"])[-1].kind == "action"
    with pytest.raises(UsageError, match="nobody has spoken"):
        take.retry()


def test_a_line_of_a_person_is_not_said_anew_by_the_model(take):
    old = to_a_line(take)
    take.take_role(old.speaker)
    take.ask(old.speaker)
    assert isinstance(list(take.play(pause=True))[-1], LineWanted)
    take.say("내가 먼저 왔잖아.")
    step(take)
    with pytest.raises(UsageError, match="typed by a person"):
        take.retry()


def test_a_role_that_was_given_to_a_person_since_is_still_said_anew_by_the_model(take):
    old = to_a_line(take)
    take.take_role(old.speaker)
    take.retry()
    assert step(take)[0].by == "model"
    assert take.state()["human"] == [old.speaker]


def test_a_candidate_is_picked_in_place_of_the_line(take):
    step(take, 2)
    old = to_a_line(take)
    candidates = take.alternatives()
    assert [one.text for one in candidates] == [one.text for one in old.candidates]
    other = next(i for i, one in enumerate(candidates) if one.text != old.text)
    new = take.pick(other)
    assert (new.text, new.n, new.speaker, new.by) == (candidates[other].text, old.n, old.speaker, "model")
    assert texts(take)[-1] == new.text == stored(take)[-1]
    assert take.alternatives() == candidates
    assert step(take)[0].n == new.n + 1
    take.undo()
    take.undo()
    assert line(take)[-1] == old
    with pytest.raises(UsageError, match=rf"candidate 9: line {old.n} has"):
        take.pick(8)


def test_a_line_that_is_picked_is_measured(take):
    step(take, 2)
    to_a_line(take)
    other = next(i for i, one in enumerate(take.alternatives()) if one.text != line(take)[-1].text)
    new = take.pick(other)
    assert new.emotion == take.company.emotion.read(new.text, "")


def test_any_line_is_mended_and_the_later_ones_stay(take):
    step(take, 6)
    before = line(take)
    n = next(turn.n for turn in before if turn.cue)
    new = take.edit(n, "  나 오늘은 정말 화났어. ", "문을 닫으며")
    assert (new.text, new.parenthetical, new.by) == ("나 오늘은 정말 화났어.", "문을 닫으며", "edited")
    assert texts(take) == [new.text if turn.n == n else turn.text for turn in before] == stored(take)
    assert [turn.n for turn in line(take)] == list(range(1, 7))
    assert step(take)[0].n == 7
    assert len(take.company.store.turns(take.company.store.head("take"))) == 6


def test_a_mended_line_moves_people_as_if_it_had_been_said_so(take):
    turns = step(take, 4)
    n = next(turn.n for turn in turns if turn.cue)
    calm = take.state()["feelings"][turns[n - 1].speaker]["분노"]
    take.edit(n, "나 정말 화나! 너무 분노가 치밀어!")
    assert take.state()["feelings"][turns[n - 1].speaker]["분노"] > calm
    take.undo()
    assert take.state()["feelings"][turns[n - 1].speaker]["분노"] == calm


def test_a_secret_that_a_mended_line_gives_away_is_known_from_then_on(staged, scripted):
    take = staged(scripted(INVENTED, invent=True))
    take.start(7, [], person=True)
    turns = step(take, 4)
    spoken = next(turn for turn in turns if turn.speaker == "소라")
    assert 0 not in take.state()["known"]["태오"]
    take.edit(spoken.n, "나 열쇠를 강물에 던졌어.")
    assert 0 in take.state()["known"]["태오"]
    step(take)
    take.goto(4)
    assert 0 in take.state()["known"]["태오"]
    assert line(take)[spoken.n - 1].by == "edited"
    take.goto(spoken.n - 1)
    assert 0 not in take.state()["known"]["태오"]


def test_a_mended_line_cuts_what_follows_when_that_is_wished(take):
    step(take, 6)
    n = next(turn.n for turn in line(take) if turn.cue)
    take.edit(n, "그만하자.", keep=False)
    assert where(take).turns == n
    assert step(take)[0].n == n + 1
    take.undo()
    take.undo()
    assert where(take).turns == 6


def test_lines_after_a_mended_one_can_be_said_anew_and_mended_again(take):
    step(take, 5)
    first = next(turn.n for turn in line(take) if turn.cue)
    take.edit(first, "그만하자, 이제.")
    last = next(turn.n for turn in reversed(line(take)) if turn.cue)
    old = line(take)[last - 1]
    take.retry()
    new = step(take)[0]
    assert (new.n, new.speaker, new.cue) == (last, old.speaker, old.cue)
    assert line(take)[first - 1].text == "그만하자, 이제."
    take.edit(last, "그래, 그만해.")
    take.edit(first, "정말 그만하자.")
    assert texts(take)[first - 1] == "정말 그만하자."
    assert texts(take)[last - 1] == "그래, 그만해."
    assert step(take)[0].n == last + 1


@pytest.mark.parametrize(
    ("n", "text", "problem"), [(9, "응.", "lines 1 to 3"), (0, "응.", "lines 1"), (2, " ", "empty")]
)
def test_a_mend_that_makes_no_sense_changes_nothing(take, n, text, problem):
    step(take, 3)
    before = texts(take)
    with pytest.raises(UsageError, match=problem):
        take.edit(n, text)
    assert texts(take) == before
    assert len(take.branches()) == 1


def test_undo_is_undone_by_redo_and_nothing_is_lost(take):
    step(take, 5)
    whole = texts(take)
    assert take.undo(3) == "main:2"
    assert texts(take) == whole[:2] == stored(take)
    assert take.undo() == "main:1"
    assert take.redo() == "main:2"
    assert take.redo() == "main:5"
    assert texts(take) == whole
    with pytest.raises(UsageError, match="no undo"):
        take.redo()
    assert step(take)[0].n == 6
    assert len(take.branches()) == 1


def test_what_is_played_after_an_undo_is_new_and_the_old_lines_stay_reachable(take):
    step(take, 5)
    whole = texts(take)
    take.undo(2)
    new = step(take, 2)
    assert [turn.n for turn in new] == [4, 5]
    assert [turn.text for turn in new] != whole[3:]
    old = next(branch for branch in take.branches() if not branch.named)
    assert (old.name, old.parent, old.forked_at, old.turns) == ("main~1", "main", 3, 5)
    take.goto("main~1")
    assert texts(take) == whole == stored(take)
    assert where(take).name == "main"
    take.goto("main~2")
    assert texts(take) == whole[:3] + [turn.text for turn in new]


def test_undo_goes_back_before_the_first_line_and_no_further(take):
    first = step(take, 2)
    assert take.undo(9) == "main:0"
    assert texts(take) == []
    with pytest.raises(UsageError, match="beginning"):
        take.undo()
    assert (step(take)[0].n, first[0].n) == (1, 1)
    take.undo()
    take.redo()
    assert len(line(take)) == 1


def test_the_state_goes_back_with_the_lines(take):
    seen = []
    while len(seen) < 9:
        step(take)
        seen.append({key: value for key, value in take.state().items() if key not in ("branch", "began", "cost")})
    for n in (8, 5, 2, 6):
        take.goto(n)
        now = {key: value for key, value in take.state().items() if key not in ("branch", "began", "cost")}
        assert now == {**seen[n - 1]}


def test_a_branch_goes_its_own_way_and_both_are_there(take):
    step(take, 3)
    take.branch("헤어지는 결말")
    mine = step(take, 2)
    take.goto("main")
    assert len(line(take)) == 3
    step(take)
    found = {branch.name: branch for branch in take.branches()}
    assert list(found) == ["main", "헤어지는 결말"]
    other = found["헤어지는 결말"]
    assert (other.parent, other.forked_at, other.turns, other.last, other.named) == ("main", 3, 5, mine[-1], True)
    assert found["main"].current
    take.goto("헤어지는 결말:4")
    assert texts(take)[-1] == mine[0].text
    assert where(take).name == "헤어지는 결말"
    take.goto("헤어지는 결말")
    assert where(take).turns == 4
    take.redo()
    assert where(take).name == "main"


@pytest.mark.parametrize("name", ["", "12", "a:b", "a~2", "main"])
def test_a_branch_needs_a_name_of_its_own_that_goto_understands(take, name):
    step(take)
    with pytest.raises(UsageError):
        take.branch(name)
    assert len(take.branches()) == 1


@pytest.mark.parametrize("goal", ["없는 곳", "main:7", 7, "7"])
def test_goto_names_what_is_there(take, goal):
    step(take, 2)
    with pytest.raises(UsageError, match=r"there is main|has 2 turns"):
        take.goto(goal)


def test_a_branch_keeps_what_was_arranged_on_it_after_its_last_line(take):
    step(take, 3)
    people = take.state()["present"]
    take.branch("존댓말")
    take.level(people[0], people[1], "합쇼체")
    arranged = take.state()["relations"]
    take.goto("main")
    assert take.state()["relations"] != arranged
    take.goto("존댓말")
    assert take.state()["relations"] == arranged


def test_moves_are_made_while_a_person_s_line_is_awaited(take):
    spoken = to_a_line(take)
    take.take_role(spoken.speaker)
    take.ask(spoken.speaker)
    assert isinstance(list(take.play(pause=True))[-1], LineWanted)
    take.branch("기다리다가")
    again = list(take.play(pause=True))[-1]
    assert isinstance(again, LineWanted)
    assert again.cue.speaker == spoken.speaker
    take.undo()
    assert where(take).turns == spoken.n - 1
    take.redo()
    take.say("왔구나.") if isinstance(list(take.play(pause=True))[-1], LineWanted) else None
    assert step(take)[0].n == spoken.n + 1


def test_a_take_is_taken_up_on_the_branch_it_stands_on(take, staged, scripted):
    step(take, 4)
    take.branch("밤")
    step(take)
    take.undo(2)
    store = RunStore(take.company.store.place)
    again = staged(scripted(INVENTED, invent=True), LATE, store=store)
    again.resume(7, [], person=True)
    assert texts(again) == texts(take)
    assert where(again).name == "밤"
    assert step(again)[0].n == 4
    assert again.transcript().turns == tuple(line(again))


def test_a_finished_take_is_rewound_and_played_to_another_end(take):
    whole = []
    while not take.over:
        steps = list(take.play())
        if not take.over:
            take.choose(0) if not isinstance(steps[-1], LineWanted) else take.say("")
        whole += [one for one in steps if isinstance(one, Turn)]
    take.undo(3)
    assert take.over == ""
    assert step(take)[0].n == len(whole) - 2
    take.goto("main~1")
    assert take.over == "finished"


def test_a_take_of_an_older_daebon_whose_checkpoints_tell_no_place_is_rewound_too(take, place):
    step(take, 4)
    whole = texts(take)
    connection = take._head._saver.conn
    in_file = "json_remove(CAST(metadata AS TEXT), '$.head', '$.branch')"
    bare = "metadata - 'head' - 'branch'" if isinstance(place, str) else in_file
    connection.execute(f"UPDATE checkpoints SET metadata = {bare}")
    connection.commit()
    take.undo(2)
    assert texts(take) == whole[:2]
    assert step(take)[0].n == 3
    take.goto("main~1")
    old = to_a_line(take)
    take.retry()
    assert step(take)[0].cue == old.cue
