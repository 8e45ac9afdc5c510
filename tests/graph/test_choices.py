"""What a writer says anew, mends and picks becomes a pair with exactly the prompt that the model read, until they take it back."""

import json

import pytest

from tests.conftest import BOTH_STORES, FILES
from tests.graph.test_moves import INVENTED, line, step, to_a_line
from training.corpus import read_corpus
from training.gather import CORPUS, Sources, gather
from transcript.errors import UsageError
from transcript.record import write_transcript
from transcript.store import RunStore

# The first candidates of 소라 are turned down, so that she is asked three times, each time by another prompt or seed.
HARD = {
    "소라": [
        ["소라: 내가 했어.", "### Answer"],
        ["밥은 드셨어요?", "그래요 그래요 그래요."],
        ["그 상자는 내가 들게.", "커튼은 안 가져가."],
    ],
    "태오": ["뭐가 들었는데요?", "현관 등이 나갔어요.", "트럭이 곧 와요.", "장갑 하나 드릴까요?"],
    "*": ["먼지가 인다."],
}  # fmt: skip


@pytest.fixture
def listening(monkeypatch):
    """Return a function that stages a model and keeps (prompt, texts) of all that it is asked."""
    asked = []

    def make(model):
        propose = type(model).propose

        def heard(self, prompt, n, **options):
            found = propose(self, prompt, n, **options)
            asked.append((prompt, [one.text for one in found.completions]))
            return found

        monkeypatch.setattr(type(model), "propose", heard)
        return model, asked

    return make


@pytest.fixture
def play(staged, scripted, listening):
    model, asked = listening(scripted(INVENTED, invent=True))
    take = staged(model, FILES / "늦게.yaml")
    take.start(7, [], person=True)
    step(take, 3)
    return take, asked


def prompt_of(asked, text):
    """Return the prompt under which a text was drawn, as the model was called."""
    found = {prompt for prompt, texts in asked if any(text in one for one in texts)}
    assert len(found) == 1
    return found.pop()


@BOTH_STORES
def test_a_line_said_anew_is_chosen_over_the_old_one_under_the_prompt_it_was_drawn_by(play):
    take, asked = play
    old = to_a_line(take)
    take.retry()
    assert take.preferences() == ()
    new = step(take)[0]
    (pair,) = take.preferences()
    assert (pair.chosen, pair.rejected, pair.reason, pair.kept) == (f" {new.text}\n", f" {old.text}\n", "retry", True)
    assert pair.prompt == prompt_of(asked, new.text)
    assert pair.prompt.endswith(f"{new.speaker}:")


@BOTH_STORES
def test_the_line_that_stands_at_last_is_chosen_over_all_it_replaced(play):
    take, asked = play
    first = to_a_line(take)
    take.retry()
    second = step(take)[0]
    take.retry()
    third = step(take)[0]
    kept = [pair for pair in take.preferences() if pair.kept]
    assert {(pair.chosen, pair.rejected) for pair in kept} == {
        (f" {third.text}\n", f" {first.text}\n"),
        (f" {third.text}\n", f" {second.text}\n"),
    }
    assert {pair.prompt for pair in kept} == {prompt_of(asked, third.text)}
    assert len(take.preferences()) == 3


@BOTH_STORES
def test_a_mend_is_chosen_over_what_the_model_said_under_its_prompt(play):
    take, asked = play
    old = next(turn for turn in line(take) if turn.cue)
    take.edit(old.n, "소라야, 아까 그 말은 못 들은 걸로 할게.", "웃으며")
    (pair,) = take.preferences()
    assert pair.prompt == prompt_of(asked, old.text)
    assert (pair.reason, pair.rejected) == ("edit", f" {old.text}\n")
    assert pair.chosen == " (웃으며) 소라야, 아까 그 말은 못 들은 걸로 할게.\n"
    take.edit(old.n, "못 들은 걸로 할게.")
    first, second = take.preferences()
    assert (first.kept, second.kept) == (False, True)
    assert second.rejected == f" {old.text}\n"


@BOTH_STORES
def test_a_pick_is_chosen_over_the_line_that_stood_under_the_prompt_of_its_own_try(staged, scripted, listening):
    model, asked = listening(scripted(HARD))
    take = staged(model)
    take.start(7, [], person=True)
    while not (turn := step(take)[0]).cue or turn.speaker != "소라":
        pass
    assert turn.cost.calls == 3
    early = next(i for i, one in enumerate(take.alternatives()) if "밥은" in (one.mended or one.text))
    new = take.pick(early)
    (pair,) = take.preferences()
    tries = [prompt for prompt, texts in asked if any("밥은 드셨어요?" in one for one in texts)]
    assert [pair.prompt] == tries
    assert (pair.reason, pair.chosen, pair.rejected) == ("choice", f" {new.text}\n", f" {turn.text}\n")


@BOTH_STORES
def test_a_choice_taken_back_no_longer_holds_and_holds_again_with_redo(play):
    take, _ = play
    to_a_line(take)
    take.retry()
    step(take)
    take.undo()
    assert [pair.kept for pair in take.preferences()] == [False]
    take.redo()
    assert [pair.kept for pair in take.preferences()] == [True]


@BOTH_STORES
def test_a_choice_still_holds_where_an_earlier_line_was_mended_since_and_on_another_branch(play):
    take, _ = play
    to_a_line(take)
    take.retry()
    new = step(take)[0]
    take.edit(next(turn.n for turn in line(take) if turn.cue), "뭐라고 했어?")
    assert [pair.kept for pair in take.preferences()] == [True, True]
    take.goto(1)
    step(take)
    assert [pair.kept for pair in take.preferences()] == [False, True]
    take.branch("다르게")
    take.goto("main~3")
    assert (line(take)[-1].text, take.state()["n"]) == (new.text, new.n)
    take.goto("다르게")
    assert [pair.kept for pair in take.preferences()] == [True, True]


@BOTH_STORES
def test_what_a_person_typed_and_what_the_scenario_wrote_makes_no_pair(staged, scripted):
    take = staged(scripted(INVENTED, invent=True))
    take.start(7, ["태오"], person=True)
    opening = step(take)[0]
    take.edit(opening.n, "상자 하나만 남은 작은 거실.")
    take.ask("태오")
    list(take.play(pause=True))
    take.say("누나, 이거 뭐예요?")
    said = step(take)[0]
    take.edit(said.n, "누나, 이게 뭐예요?")
    assert line(take)[-1].text == "누나, 이게 뭐예요?"
    assert take.preferences() == ()


@BOTH_STORES
def test_a_pair_is_deleted_for_good(play, staged, scripted):
    take, _ = play
    to_a_line(take)
    take.retry()
    step(take)
    (pair,) = take.preferences()
    take.forget(pair.id)
    assert take.preferences() == ()
    with pytest.raises(UsageError, match=f"preference {pair.id}"):
        take.forget(pair.id)
    again = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", store=RunStore(take.company.store.place))
    again.resume(7, [], person=True)
    assert again.preferences() == ()
    with again.company.store.session() as db:
        assert db.execute("SELECT prompt || chosen || rejected FROM preferences").fetchall() == [("",)]


@BOTH_STORES
def test_it_can_be_switched_off_for_a_run(play, staged, scripted):
    take, _ = play
    assert take.records
    take.record_preferences(False)
    to_a_line(take)
    take.retry()
    new = step(take)[0]
    take.edit(new.n, "몰라.")
    assert take.preferences() == () and not take.records
    again = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", store=RunStore(take.company.store.place))
    again.resume(7, [], person=True)
    assert not again.records and again.preferences() == ()
    again.record_preferences(True)
    again.edit(new.n, "모르겠어.")
    assert [pair.reason for pair in again.preferences()] == ["edit"]


@BOTH_STORES
def test_a_retry_whose_process_died_before_the_pair_was_kept_makes_it_when_taken_up(
    play, staged, scripted, monkeypatch
):
    take, asked = play
    to_a_line(take)
    take.retry()
    monkeypatch.setattr("graph.choices.insert", lambda *_: None)
    new = step(take)[0]
    monkeypatch.undo()
    assert take.preferences() == ()
    again = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", store=RunStore(take.company.store.place))
    again.resume(7, [], person=True)
    assert [pair.prompt for pair in again.preferences()] == [prompt_of(asked, new.text)]


def test_what_was_chosen_stands_in_the_dpo_file_with_the_prompt_that_the_model_saw(play, tmp_path):
    take, asked = play
    old = to_a_line(take)
    take.retry()
    new = step(take)[0]
    later = to_a_line(take)
    take.edit(later.n, "그 얘기는 여기서 하지 마.")
    dropped = to_a_line(take)
    take.retry()
    step(take)
    take.undo()
    out = tmp_path / "out"
    write_transcript(take.transcript(), out / "take" / "transcript.json")
    for name in ("daebon.sqlite", "daebon.sqlite-wal"):
        (out / name).write_bytes((tmp_path / name).read_bytes())
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    some = next(path for path in sorted(CORPUS.glob("*.yaml")))
    (corpus / some.name).write_bytes(some.read_bytes())
    assert len(read_corpus(corpus)) == 1
    report = gather(Sources(corpus, takes=(out,), draws=1), tmp_path / "data", seed=5)
    rows = [json.loads(row) for row in (tmp_path / "data" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    mine = {row["reason"]: row for row in rows if row["source"] == "studio/take"}
    assert set(mine) == {"retry", "edit"}
    assert mine["retry"]["prompt"] == prompt_of(asked, new.text)
    assert (mine["retry"]["chosen"], mine["retry"]["rejected"]) == (f" {new.text}\n", f" {old.text}\n")
    assert mine["edit"]["prompt"] == prompt_of(asked, later.text)
    assert (mine["edit"]["chosen"], mine["edit"]["rejected"]) == (" 그 얘기는 여기서 하지 마.\n", f" {later.text}\n")
    assert not any(row["chosen"] == " 그 얘기는 여기서 하지 마.\n" for row in rows if row["source"] == "take/take")
    assert not any(dropped.text in row["rejected"] for row in rows if row["reason"] == "retry")
    assert report["pairs"]["edit"] == 1
