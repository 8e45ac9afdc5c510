"""A whole take on the scripted model: beats, knowledge, retries, secrets, branches, people, and resuming."""

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from graph.build import build
from graph.nodes import choose, route_choose
from graph.take import ChoiceWanted, LineWanted
from scenarios import find
from tests.conftest import FILES
from transcript.errors import Interrupted
from transcript.store import RunStore
from transcript.turn import Turn

LINES = {
    "소라": [
        "그 상자는 내가 들게.", "커튼은 안 가져가.", "바닥이 차네, 그치.", "창문부터 닫아 줘.", "달력은 떼지 마.",
        "못 자국이 많아.", "라디오는 네가 써.",
    ],
    "태오": [
        "뭐가 들었는데요?", "현관 등이 나갔어요.", "트럭이 곧 와요.", "장갑 하나 드릴까요?", "벽지가 다 떴네요.",
        "주소는 적어 뒀어요.", "물은 잠갔어요.",
    ],
    "*": ["먼지가 인다."],
}  # fmt: skip
INVENTED = {"*": [""]}


def turns(take):
    return [step for step in take.play() if isinstance(step, Turn)]


def state_of(take):
    return take.state()


def test_a_take_goes_from_the_opening_to_the_curtain(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=False)
    played = turns(take)
    assert take.over == "finished"
    assert played[0].text == "상자 하나만 남은 거실."
    assert [turn.n for turn in played] == list(range(1, len(played) + 1))
    assert [beat["reason"].split(":")[0] for beat in state_of(take)["beats"]][:2] == ["condition", "condition"]
    assert played[-1].text == "소라가 나간다."
    assert all(turn.why for turn in played)


def test_who_listens_hears_the_whole_line_also_where_its_beginning_was_decided(staged, scripted):
    take = staged(scripted({**LINES, "소라": ["어."]}), candidates=1)
    take.start(7, [], person=False)
    heard = []
    take.company.on_work = lambda _who: heard.clear()
    take.company.on_token = heard.append
    for turn in take.play():
        if isinstance(turn, Turn) and turn.cue and turn.cue.reveal:
            assert len(heard) > 1 and "".join(heard) == turn.text == "나 열쇠를 강물에 던졌어."
            return
    pytest.fail("the secret never came out")


def test_a_secret_is_brought_out_by_its_holder_in_its_beat(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=False)
    told = [turn for turn in turns(take) if "강물" in turn.text]
    assert [(turn.speaker, turn.beat) for turn in told] == [("소라", 2)]
    assert told[0].text.startswith("나 열쇠를 강물에 던졌")
    assert told[0].why == "beat must bring out: 소라는 열쇠를 강물에 던졌다"
    assert 0 in state_of(take)["known"]["태오"]


def test_no_beat_ends_on_a_fact_that_nobody_answered(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=False)
    spoken = [turn for turn in turns(take) if turn.kind == "dialogue"]
    at = next(i for i, turn in enumerate(spoken) if turn.cue.reveal)
    told, answer = spoken[at : at + 2]
    assert (answer.speaker, answer.beat) == (told.to[0], told.beat)


def test_a_secret_that_the_model_volunteers_too_early_is_turned_down(staged, scripted):
    early = [["열쇠는 내가 강물에 던졌어.", "그 상자는 내가 들게."], *LINES["소라"][1:]]
    take = staged(scripted({**LINES, "소라": early}))
    take.start(7, [], person=False)
    first = next(turn for turn in take.play() if isinstance(turn, Turn) and turn.speaker == "소라")
    assert first.text == "그 상자는 내가 들게."
    assert [c.rejected for c in first.candidates] == [None, "gives away: 소라는 열쇠를 강물에 던졌다"]


def test_a_beat_changes_the_speech_level_from_then_on(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=False)
    levels = {(turn.beat, turn.cue.level) for turn in turns(take) if turn.speaker == "소라"}
    assert {level for beat, level in levels if beat < 3} == {"해체"}
    assert {level for beat, level in levels if beat == 3} == {"해요체"}


def test_who_was_away_never_reads_what_was_said(staged, scripted, monkeypatch):
    model = scripted(INVENTED, invent=True)
    prompts = []
    propose = type(model).propose

    def heard(self, prompt, n, **options):
        prompts.append(prompt)
        return propose(self, prompt, n, **options)

    monkeypatch.setattr(type(model), "propose", heard)
    take = staged(model, FILES / "늦게.yaml")
    take.start(3, [], person=False)
    played = turns(take)
    whispers = [turn.text for turn in played if turn.beat == 1 and turn.kind == "dialogue"]
    mine = [prompt for prompt in prompts if prompt.endswith("미르:") or "\n미르: (" in prompt[-40:]]
    others = [prompt for prompt in prompts if prompt not in mine]
    assert mine
    assert not any(whisper in prompt for whisper in whispers for prompt in mine)
    assert all(whisper in others[-1] for whisper in whispers)


def test_a_refused_candidate_is_retried_with_another_seed_and_kept_with_its_reason(staged, scripted):
    bad = [
        ["소라: 내가 했어.", "### Answer"],
        ["밥은 드셨어요?", "그래요 그래요 그래요."],
        ["그 상자는 내가 들게.", "…"],
    ]
    take = staged(scripted({**LINES, "소라": bad}))
    take.start(7, [], person=False)
    first = next(turn for turn in take.play() if isinstance(turn, Turn) and turn.speaker == "소라")
    assert first.text == "그 상자는 내가 들게."
    assert first.cost.calls == 3
    assert sum(c.rejected is not None for c in first.candidates) == 5


def test_when_every_candidate_is_grave_there_is_silence_not_a_fault(staged, scripted):
    take = staged(scripted({**LINES, "소라": ["### Answer:", "태오: 내가 했어."]}))
    take.start(7, [], person=False)
    played = turns(take)
    assert take.over == "finished"
    silent = [turn for turn in played if turn.by == "engine" and "말이 없다" in turn.text]
    assert silent
    assert all("turned down" in turn.why for turn in silent)
    assert not any("#" in turn.text or ":" in turn.text for turn in played)


def test_a_beat_without_its_condition_is_forced_at_its_most_turns(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), FILES / "갈림.yaml")
    take.start(5, [], person=False)
    turns(take)
    beats = state_of(take)["beats"]
    assert beats[0]["reason"].startswith("forced")
    assert beats[0]["turns"] == 3


def test_the_model_takes_a_branch_and_the_scene_numbers_follow_what_was_played(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), FILES / "갈림.yaml")
    take.start(5, [], person=False)
    played = turns(take)
    crossing = next(turn for turn in played if turn.why.startswith("branch"))
    path = state_of(take)["path"]
    assert path in ([0, 1], [0, 2])
    assert crossing.text.startswith("소라가 굴로" if path == [0, 1] else "태오가 나루로")
    assert {turn.scene for turn in played} == {1, 2}


def test_the_person_takes_the_branch(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), FILES / "갈림.yaml")
    take.start(5, [], person=True)
    steps = list(take.play())
    assert isinstance(steps[-1], ChoiceWanted)
    assert steps[-1].choices == ("소라가 굴로 들어간다", "태오가 나루로 뛰어간다")
    take.choose(1)
    turns(take)
    assert state_of(take)["path"] == [0, 2]


def test_the_person_s_role_is_asked_and_their_line_stands_as_written(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, ["태오"], person=True)
    steps = list(take.play())
    assert isinstance(steps[-1], LineWanted)
    assert steps[-1].cue.speaker == "태오"
    take.say("그 상자, 제가 열어 봐도 돼요?", "상자를 잡으며")
    said = next(step for step in take.play() if isinstance(step, Turn))
    assert (said.by, said.text, said.parenthetical) == ("human", "그 상자, 제가 열어 봐도 돼요?", "상자를 잡으며")


def test_a_note_reaches_the_next_cue_and_ends_with_the_beat(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=True)
    list(take.play(pause=True))
    take.note("더 차갑게")
    noted = next(step for step in take.play(pause=True) if isinstance(step, Turn))
    assert "더 차갑게" in noted.cue.intention
    rest = turns(take)
    assert not any("더 차갑게" in turn.cue.intention for turn in rest if turn.cue and turn.beat > noted.beat)


def test_the_same_seed_gives_the_same_take_and_another_seed_another(staged, scripted):
    texts = []
    for run, seed in (("a", 1), ("b", 1), ("c", 2)):
        take = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", run=run, seed=seed)
        take.start(seed, [], person=False)
        texts.append([(turn.speaker, turn.text, turn.why) for turn in turns(take)])
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]


@pytest.mark.parametrize("stop_after", [1, 3, 6])
def test_a_take_that_was_left_goes_on_where_it_was(staged, scripted, tmp_path, stop_after):
    store = RunStore(tmp_path / "daebon.sqlite")
    whole = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", run="whole", store=store)
    whole.start(7, [], person=False)
    expected = [turn.text for turn in turns(whole)]
    left = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", run="left", store=store)
    left.start(7, [], person=False)
    before = [turn.text for turn in islice(left.play(), stop_after)]
    again = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", run="left", store=store)
    again.resume(7, [], person=False)
    after = [turn.text for turn in turns(again)]
    assert before + after == expected
    assert [turn.text for turn in store.turns(store.head("left"))] == expected


def test_a_stop_in_the_middle_of_a_line_loses_nothing(staged, scripted, tmp_path):
    store = RunStore(tmp_path / "daebon.sqlite")
    take = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", store=store)
    take.start(7, [], person=False)
    heard = []

    def stop(piece):
        heard.append(piece)
        if len(heard) == 8:
            raise Interrupted("stopped")

    take.company.on_token = stop
    with pytest.raises(Interrupted):
        turns(take)
    kept = store.turns(store.head("take"))
    again = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml", store=store)
    again.resume(7, [], person=False)
    turns(again)
    whole = store.turns(store.head("take"))
    assert whole[: len(kept)] == kept
    assert [turn.n for turn in whole] == list(range(1, len(whole) + 1))


def test_an_action_line_is_the_likeliest_that_can_be_seen_and_else_there_is_none(staged, scripted):
    company = staged(scripted({"*": [["그래."]]})).company
    drawn = [["민수가 밧줄을 감는다.", -2.0, 5], ["민수가 부두 끝을 본다.", -1.0, 5], ["민수가 울었다.", -0.1, 5]]
    asked = {"kind": "action", "opening": "민수", "head": None, "present": ["민수", "지은"], "why": "after a secret"}
    chosen = choose(company, {**asked, "raw": drawn})["line"]
    assert (chosen["kind"], chosen["text"], chosen["by"]) == ("action", "민수가 부두 끝을 본다.", "model")
    assert chosen["why"] == "after a secret"
    assert [bool(one["rejected"]) for one in chosen["candidates"]] == [False, False, True]
    given_up = choose(company, {**asked, "raw": drawn[2:]})
    assert (given_up["no_action"], given_up["kind"], given_up["opening"]) == (True, "dialogue", "")
    assert route_choose({**asked, "line": None, **given_up}) == "direct"


def test_a_limit_ends_the_take_and_a_higher_one_goes_on(staged, scripted, tmp_path):
    store = RunStore(tmp_path / "daebon.sqlite")
    take = staged(scripted(LINES), limit=3, store=store)
    take.start(7, [], person=False)
    assert len(turns(take)) == 3
    assert take.over == "limit of 3 turns"
    more = staged(scripted(LINES), limit=100, store=store)
    more.resume(7, [], person=False)
    rest = turns(more)
    assert rest[0].n == 4
    assert more.over == "finished"


def test_the_state_holds_plain_values_and_stays_small(staged, scripted):
    take = staged(scripted(INVENTED, invent=True), FILES / "늦게.yaml")
    take.start(7, [], person=False)
    sizes = [len(json.dumps(dict(state_of(take)), ensure_ascii=False)) for _ in take.play()]
    assert max(sizes) < 6_000
    assert sizes[-1] < 1.5 * sizes[2]


def test_a_transcript_tells_how_the_take_went(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=False)
    played = turns(take)
    transcript = take.transcript()
    assert transcript.turns == tuple(played)
    assert transcript.take["path"] == [0]
    assert transcript.take["over"] == "finished"
    assert len(transcript.take["beats"]) == 3
    assert 0 <= transcript.scores["narration"] < 0.5
    assert take.company.store.run("take").status == "finished"


def test_langgraph_json_names_the_graph():
    root = Path(__file__).parents[2]
    named = json.loads((root / "langgraph.json").read_text(encoding="utf-8"))["graphs"]["daebon"]
    file, function = named.split(":")
    assert f"def {function}(" in (root / file).read_text(encoding="utf-8")


def test_the_drawing_in_the_docs_is_the_graph(staged, scripted):
    drawing = build(staged(scripted(LINES)).company).get_graph().draw_mermaid()
    text = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert drawing.strip() in text


def test_a_suggestion_that_is_followed_is_a_branch_of_the_store(staged, scripted):
    take = staged(scripted(LINES))
    take.start(7, [], person=True)
    before = [next(take.play(pause=True)) for _ in range(2)]
    chosen = take.suggest()[0]
    head = state_of(take)["head"]
    branch = take.follow(chosen)
    after = next(step for step in take.play(pause=True) if isinstance(step, Turn))
    assert (after.text, after.kind, state_of(take)["branch"]) == (chosen.text, "event", branch)
    assert after.why.startswith("chosen by the person: ")
    store = take.company.store
    assert store.head("take", branch) == state_of(take)["head"]
    assert store.head("take") == head
    assert [turn.text for turn in store.turns(state_of(take)["head"])][-2] == before[-1].text


@pytest.mark.parametrize("steer", [True, False])
def test_the_plan_is_kept_in_every_cue_and_shown_only_when_it_is_steered(staged, scripted, monkeypatch, steer):
    model = scripted(INVENTED, invent=True)
    shown = []
    propose = type(model).propose

    def listening(self, prompt, *args, **options):
        shown.append(prompt.rsplit("[", 1)[1])
        return propose(self, prompt, *args, **options)

    monkeypatch.setattr(type(model), "propose", listening)
    take = staged(model, find("바다"), limit=12)
    take.company.director = replace(take.company.director, steer=steer)
    take.start(7, [], person=False)
    lines = [turn for turn in turns(take) if turn.kind == "dialogue"]
    assert lines
    assert all(turn.cue.emotion for turn in lines)
    assert any("마음은" in tail for tail in shown) is steer
