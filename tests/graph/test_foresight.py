"""Reading ahead: what Enter will ask is in the model's cache already, and no line is another for it."""

import signal
import threading

import pytest

from graph import foresight
from graph.take import LineWanted
from tests.graph.test_moves import INVENTED, step, texts
from transcript.errors import Interrupted, ModelError


@pytest.fixture
def model(scripted, monkeypatch):
    """Return a scripted model that gains by reading ahead, and the prompts it was `warm`ed with and `asked`."""
    made = scripted(INVENTED, invent=True)
    warm, asked = [], []
    propose = type(made).propose

    def heard(self, prompt, n, **options):
        asked.append(prompt)
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(type(made), "reads_ahead", True)
    monkeypatch.setattr(type(made), "warm", lambda _self, prompt: warm.append(prompt) or 5)
    monkeypatch.setattr(type(made), "propose", heard)
    return made, warm, asked


def played(take, times, *, ahead):
    for _ in range(times):
        if ahead:
            take.foresee()
        step(take)
    take.close()
    return texts(take)


def test_what_was_read_ahead_is_what_is_asked_and_the_lines_are_the_same(staged, model):
    made, warm, asked = model
    one = staged(made)
    one.start(7, [], person=True)
    plain = played(one, 8, ahead=False)
    first = list(asked)
    asked.clear()
    other = staged(made, run="other")
    other.start(7, [], person=True)
    assert played(other, 8, ahead=True) == plain
    assert asked == first
    assert warm and set(warm) <= set(asked)
    assert other.cost().all.prefilled == one.cost().all.prefilled + 5 * len(warm)


def test_a_decision_that_was_made_for_another_state_is_not_used(staged, model):
    made, warm, asked = model
    take = staged(made)
    take.start(7, [], person=True)
    step(take, 3)
    take.foresee()
    take.wait()
    (seen,) = warm
    speaker = seen.splitlines()[-1].partition(":")[0]
    other = "태오" if speaker == "소라" else "소라"
    take.ask(other)
    step(take)
    assert asked[-1].splitlines()[-1].startswith(f"{other}:")


def test_nothing_is_read_ahead_at_a_question_or_by_who_only_reads(staged, model):
    made, warm, _ = model
    take = staged(made)
    take.start(7, ["소라", "태오"], person=True)
    step(take)
    list(take.play(pause=True))
    take.foresee()
    take.wait()
    assert warm == []


def test_a_model_that_gains_nothing_reads_nothing(staged, scripted, monkeypatch):
    read = []
    made = scripted(INVENTED, invent=True)
    monkeypatch.setattr(type(made), "warm", lambda *given: read.append(given))
    take = staged(made)
    take.start(7, [], person=True)
    step(take, 2)
    take.foresee()
    take.wait()
    assert read == []
    assert take.company.foreseen is None


def test_what_goes_wrong_ahead_is_told_when_it_is_asked_in_earnest(staged, model, monkeypatch):
    made, _, _ = model
    take = staged(made)
    take.start(7, [], person=True)
    step(take, 2)
    before = texts(take)

    def broken(*_args, **_options):
        raise ModelError("the model is gone")

    monkeypatch.setattr(type(made), "warm", broken)
    take.foresee()
    take.wait()
    monkeypatch.setattr(type(made), "propose", broken)
    with pytest.raises(ModelError, match="gone"):
        step(take)
    assert texts(take) == before


def test_enter_waits_until_nobody_else_asks_the_model(staged, model, monkeypatch):
    made, _, asked = model
    take = staged(made)
    take.start(7, [], person=True)
    step(take, 3)
    begun, may_end, asked_during = threading.Event(), threading.Event(), []
    many = len(asked)

    def slow(_self, _prompt):
        begun.set()
        may_end.wait(30)
        asked_during.append(len(asked) - many)
        return 0

    monkeypatch.setattr(type(made), "warm", slow)
    take.foresee()
    assert begun.wait(30)
    wait = foresight.Foresight.wait

    def waiting(self, state=None):
        may_end.set()
        wait(self, state)

    monkeypatch.setattr(foresight.Foresight, "wait", waiting)
    step(take)
    assert asked_during == [0]
    assert len(asked) > many


@pytest.fixture
def reading(model, monkeypatch):
    """Return a take that reads ahead until it is stopped, and the list of how each reading ended."""
    made, _, _ = model
    checks, begun, ended = [], threading.Event(), []

    def until(self, check):
        checks.append(check)
        return self

    def endless(_self, _prompt):
        begun.set()
        pause = threading.Event()
        try:
            for _ in range(3000):
                checks[-1]()
                pause.wait(0.01)
        except Interrupted:
            ended.append("stopped")
            raise
        ended.append("read")
        return 0

    monkeypatch.setattr(type(made), "until", until)

    def begin(staged):
        take = staged(made)
        take.start(7, [], person=True)
        step(take, 3)
        with monkeypatch.context() as patch:
            patch.setattr(type(made), "warm", endless)
            take.foresee()
            assert begun.wait(30)
        return take

    return begin, ended


@pytest.mark.parametrize(
    "leave",
    [
        lambda take: take.close(),
        lambda take: take.suggest(),
        lambda take: take.interview("소라", "지금 무슨 생각을 해요?"),
        lambda take: (take.event("정전이 된다."), step(take)),
        lambda take: (take.foresee(), take.close()),
    ],
    ids=["close", "suggest", "interview", "change", "again"],
)
def test_what_nobody_needs_any_more_is_not_read_to_the_end(staged, reading, leave):
    begin, ended = reading
    take = begin(staged)
    leave(take)
    assert ended == ["stopped"]


def test_a_signal_ends_what_enter_waits_for_and_the_next_enter_goes_on(staged, reading, monkeypatch):
    begin, ended = reading
    take = begin(staged)
    before = texts(take)
    wait = foresight.Foresight.wait

    def signalled(self, state=None):
        assert ended == []
        take.stop_foreseeing()
        wait(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(foresight.Foresight, "wait", signalled)
        with pytest.raises(Interrupted):
            step(take)
    assert ended == ["stopped"]
    assert texts(take) == before
    step(take)
    assert len(texts(take)) == len(before) + 1


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="signals to a thread are of POSIX")
def test_ctrl_c_while_the_take_is_closed_does_not_leave_the_model_reading(staged, model, monkeypatch):
    made, _, _ = model
    closing, again, ended, waits = threading.Event(), threading.Event(), [], []
    wait = foresight.Foresight.wait

    def waiting(self, state=None):
        waits.append(state)
        (again if len(waits) == 2 else closing).set()
        wait(self, state)

    def pressed(_self, _prompt):
        assert closing.wait(30)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        ended.append(again.wait(10))
        return 0

    take = staged(made)
    take.start(7, [], person=True)
    step(take, 3)
    monkeypatch.setattr(type(made), "warm", pressed)
    take.foresee()
    monkeypatch.setattr(foresight.Foresight, "wait", waiting)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            take.close()
    finally:
        signal.signal(signal.SIGINT, handler)
    assert ended == [True]


def test_a_fault_of_ours_is_written_down_and_not_over_what_the_person_types(
    staged, model, monkeypatch, tmp_path, capfd
):
    made, _, _ = model
    take = staged(made)
    (tmp_path / "take").mkdir(exist_ok=True)
    take.start(7, [], person=True)
    step(take, 2)

    def broken(*_args):
        raise ValueError("a bug")

    monkeypatch.setattr(type(made), "warm", broken)
    take.foresee()
    take.wait()
    assert "ValueError: a bug" in (tmp_path / "take" / "errors.log").read_text(encoding="utf-8")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda take: [take.whisper(name, "금고 열쇠는 화분 밑에 있다.") for name in ("소라", "태오")],
        lambda take: (take.level("소라", "태오", "합쇼체"), take.level("태오", "소라", "합쇼체")),
        lambda take: take.edit(3, "열쇠를 잃어버렸다고 했잖아요."),
        lambda take: take.undo(),
    ],
    ids=["whisper", "level", "edit", "undo"],
)
def test_what_a_person_changes_before_enter_is_heard_as_without_reading_ahead(staged, model, change):
    made, warm, asked = model

    def said(run, *, ahead):
        take = staged(made, run=run)
        take.start(7, [], person=True)
        step(take, 3)
        if ahead:
            take.foresee()
            take.wait()
            assert take.company.foreseen
        asked.clear()
        change(take)
        step(take)
        take.close()
        return list(asked)

    assert said("other", ahead=False) == said("take", ahead=True)
    assert asked
    assert asked[0] != warm[0]


def test_a_role_that_is_taken_before_enter_is_asked_of_the_person(staged, model):
    made, warm, asked = model
    take = staged(made)
    take.start(7, [], person=True)
    step(take, 3)
    take.foresee()
    take.wait()
    assert warm
    asked.clear()
    for name in ("소라", "태오"):
        take.take_role(name)
    assert isinstance(next(take.play(pause=True)), LineWanted)
    assert asked == []
