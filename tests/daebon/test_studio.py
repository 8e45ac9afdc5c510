"""Every command of the studio on the scripted model, typed through a pipe."""

import pytest
from rich.cells import cell_len

from daebon import messages
from daebon.messages import _
from daebon.studio.commands import COMMANDS
from tests.daebon.studio import CTRL_C, LINES, PASTE, Sitting


@pytest.fixture(autouse=True)
def at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    messages.use("en")


@pytest.fixture
def sitting(scripted, staged):
    take = staged(scripted(LINES))
    take.start(7, [], person=True)
    return Sitting(take)


def texts(sitting):
    return [turn.text for turn in sitting.take.company.turns(sitting.take.state()["head"])]


def test_enter_plays_line_after_line(sitting):
    shown = sitting.type("", "")
    assert "S#1. 빈 거실 / 오후" in shown
    assert texts(sitting)[0] == "상자 하나만 남은 거실."
    assert len(texts(sitting)) == 3
    assert all(text in shown for text in texts(sitting))


def test_a_role_of_ones_own(sitting):
    shown = sitting.type("", "/take 태오", "(상자를 잡으며) 제가 열어 봐도 돼요?", "/release", "")
    mine = [turn for turn in sitting.take.company.turns(sitting.take.state()["head"]) if turn.by == "human"]
    assert [(t.speaker, t.parenthetical, t.text) for t in mine] == [("태오", "상자를 잡으며", "제가 열어 봐도 돼요?")]
    assert "you play 태오 from now on" in shown
    assert sitting.take.state()["human"] == []


def test_anybody_is_given_a_line_and_the_role_goes_back(sitting):
    sitting.type("", "소라: 그 상자는 두고 가.")
    last = sitting.take.company.turns(sitting.take.state()["head"])[-1]
    assert (last.speaker, last.text, last.by) == ("소라", "그 상자는 두고 가.", "human")
    assert sitting.take.state()["human"] == []


def test_a_line_that_nobody_can_say_is_in_the_history(sitting, tmp_path):
    shown = sitting.type("", "그냥 하는 말", "/exit 태오", "태오: 나는 없는데요.")
    assert "who says it?" in shown and "brings your line back" in shown
    assert "태오 is not here" in shown
    history = (tmp_path / "state" / "daebon" / "history").read_text(encoding="utf-8")
    assert "+그냥 하는 말\n" in history
    assert "나는 없는데요" in history
    assert texts(sitting)[-1] == "태오가 나간다."


def test_the_rest_of_a_page_is_in_the_history_when_a_line_of_it_fails(sitting, monkeypatch, tmp_path):
    from transcript.errors import StoreError

    said = []

    def say(text, parenthetical=None):
        said.append((text, parenthetical))
        raise StoreError("the disk is full")

    sitting.type("")
    monkeypatch.setattr(sitting.take, "say", say)
    sitting.keys(PASTE.format("소라: (멈추며) 첫 줄.\n태오: 둘째 줄이에요.") + "\r\x04")
    assert said == [("첫 줄.", "멈추며")]
    history = (tmp_path / "state" / "daebon" / "history").read_text(encoding="utf-8")
    assert history.endswith("+소라: (멈추며) 첫 줄.\n+태오: 둘째 줄이에요.\n")


def test_an_action_in_brackets_happens(sitting):
    sitting.type("", "(전등이 깜박인다.)")
    assert texts(sitting)[-1] == "전등이 깜박인다."
    assert sitting.take.company.turns(sitting.take.state()["head"])[-1].kind == "event"


def test_a_pasted_page_is_its_lines_and_a_pasted_paragraph_one(sitting):
    page = "소라: 상자는\n내가 들게.\n(문이 닫힌다.)\n태오: 누나, 같이 들어요.\n"
    sitting.keys("\r" + PASTE.format(page) + "\r" + "\x04")
    assert texts(sitting)[-3:] == ["상자는 내가 들게.", "문이 닫힌다.", "누나, 같이 들어요."]


def test_hangul_typed_decomposed_is_stored_composed(sitting):
    import unicodedata

    sitting.type("", unicodedata.normalize("NFD", "태오: 각설탕은 어디 있어요?"))
    assert texts(sitting)[-1] == "각설탕은 어디 있어요?"


def test_next_and_direct(sitting):
    shown = sitting.type("", "/다음 태오", "/direct 더 차갑게", "/next 없는이", "/next", "/direct")
    last = sitting.take.company.turns(sitting.take.state()["head"])[-1]
    assert last.speaker == "태오"
    assert sitting.take.state()["note"] == "더 차갑게"
    assert "the director has your note" in shown
    assert "no role '없는이'" in shown and "the roles are 소라, 태오" in shown
    assert shown.count("write it like this") == 1


def test_an_unknown_command_names_the_nearest(sitting):
    shown = sitting.type("", "/retyr", "/되돌리끼", "/")
    assert "no command /retyr; did you mean /retry?" in shown
    assert "did you mean /되돌리기?" in shown


def test_retry_alternatives_and_pick(sitting):
    shown = sitting.type("", "", "/retry", "/alt", "2")
    turns = sitting.take.company.turns(sitting.take.state()["head"])
    assert len(turns) == 3
    choices = sitting.take.alternatives()
    assert all(choice.text in shown for choice in choices)
    assert "score" in shown


def test_a_command_in_place_of_an_answer_is_done_instead(sitting):
    shown = sitting.type("", "", "/alt", "/undo", "/edit 2", "", "/suggest", "/branches")
    assert "undone" in shown and "give a number" not in shown
    assert len(texts(sitting)) == 2
    assert "main  lines 1–2" in shown


def test_edit_keeps_or_cuts(sitting):
    sitting.type("", "", "", "")
    before = texts(sitting)
    sitting.keys("/edit 2\r" + "\x01\x0b" + "(웃으며) 다 썼다.\r\r\x04")
    assert texts(sitting) == [before[0], "다 썼다.", *before[2:]]
    turn = sitting.take.company.turns(sitting.take.state()["head"])[1]
    assert (turn.by, turn.parenthetical) == ("edited", "웃으며")
    sitting.keys("/수정 3\r" + "\x01\x0b" + "여기서 자른다.\rx\r\x04")
    assert texts(sitting) == [before[0], "다 썼다.", "여기서 자른다."]


def test_an_edit_given_up_changes_nothing(sitting):
    sitting.type("", "", "")
    before = texts(sitting)
    shown = sitting.keys("/edit\r아무 말" + CTRL_C + "\x04")
    assert "stays as it is" in shown
    assert texts(sitting) == before


def test_undo_redo_and_undo_of_many(sitting):
    sitting.type("", "", "")
    before = texts(sitting)
    assert len(before) == 4
    sitting.type("/undo 2")
    assert texts(sitting) == before[:2]
    sitting.type("/redo", "/되살리기")
    assert texts(sitting) == before


def test_branches_are_made_drawn_and_gone_to(sitting):
    shown = sitting.type("", "", "/branch 화해", "", "/branches", "/goto main", "/goto 화해:2", "/goto 없는가지")
    assert "화해" in shown and "main" in shown
    assert sitting.take.state()["n"] == 2


def test_suggest_follows_the_one_taken(sitting):
    shown = sitting.type("", "", "/suggest", "1")
    assert " 1. " in shown and " 3. " in shown
    assert sitting.take.company.turns(sitting.take.state()["head"])[-1].kind == "event"


def test_events_entrances_exits_and_beats(sitting):
    shown = sitting.type("", "", "/event 전화가 길게 울린다.", "/exit 태오", "/next 태오", "/enter 태오", "/beat")
    assert "전화가 길게 울린다." in texts(sitting)
    assert "태오가 나간다." in texts(sitting) and "태오가 들어온다." in texts(sitting)
    assert "태오 is not here; /enter 태오" in shown
    assert sitting.take.state()["beat"] == 1


def test_levels_whispers_and_interviews(sitting):
    shown = sitting.type(
        "",
        "/level 소라 태오 합쇼체",
        "/level 소라 태오 존댓말",
        "/whisper 태오 열쇠는 상자에 있다",
        "/interview 태오 왜 왔어요?",
    )
    relation = next(row for row in sitting.take.state()["relations"] if row["from"] == "소라")
    assert relation["level"] == "합쇼체"
    assert "'존댓말' is no speech level" in shown
    assert "열쇠는 상자에 있다" in sitting.take.who("태오").whispers
    assert len(texts(sitting)) == 2


def test_looking_changes_nothing(sitting):
    sitting.type("", "", "")
    before = texts(sitting)
    shown = sitting.type("/who 소라", "/emotion 3", "/arc", "/script 2", "/cost", "/branches")
    assert "소라는 열쇠를 강물에 던졌다" in shown
    assert "model calls" in shown
    assert texts(sitting) == before


def test_help_explains_one_command_and_a_group(sitting):
    shown = sitting.type("/help edit", "/도움말 /다시", "/help Look", "/help 명령에없는말")
    assert "example: /edit 12" in shown
    assert "example: /retry" in shown
    assert "/arc" in shown and "planned and measured" in shown and "/take" not in shown
    assert "no command 명령에없는말" in shown


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("columns", "rows", "all_"), [(60, 24, ""), (60, 24, " all"), (100, 80, ""), (200, 40, "")])
def test_help_names_every_command_on_a_screen_of_any_size(sitting, language, columns, rows, all_):
    messages.use(language)
    sitting.width, sitting.height = columns, rows
    shown = sitting.type(f"/help{all_}").partition("› /help")[2]
    overview = (rows, all_) == (24, "")
    for command in COMMANDS:
        spelled = [f"/{name}" for name in command.names[:2]]
        assert (spelled[language == "ko"] if overview else " ".join(spelled)) in shown
        assert overview or _(command.summary).split()[0] in shown
    helped = shown.rstrip().splitlines()
    assert max(map(cell_len, helped)) <= columns
    if not all_:
        assert len(helped) <= rows - 8  # what stands above the prompt, its menu and the toolbar


def test_save_and_export(sitting, tmp_path):
    shown = sitting.type("", "", "/save", "/export fountain,txt", "/export pdff", "/export")
    for name in ("transcript.json", "빈집.fountain", "빈집.txt"):
        assert (tmp_path / "take" / name).is_file()
        assert str(tmp_path / "take" / name) in shown
    assert "pdff" in shown
    assert "write it like this: /export" in shown


def test_preferences_are_seen_deleted_and_switched_off(sitting):
    shown = sitting.keys("\r\r/edit\r\x01\x0b다시 쓴 줄.\r/prefs\r\x04")
    assert "다시 쓴 줄." in shown and "rewritten" in shown
    (row,) = sitting.take.preferences()
    shown = sitting.type(f"/prefs delete {row.id}", "/prefs off", "/prefs delete 99")
    assert sitting.take.preferences() == ()
    assert "your choices are not recorded" in shown
    assert not sitting.take.records
    sitting.type("/취향 on")
    assert sitting.take.records


def test_ctrl_c_twice_leaves_and_a_line_begun_is_dropped(sitting):
    shown = sitting.keys("\r태오: 반만 쓴" + CTRL_C + CTRL_C)
    assert "Ctrl-C again" in shown
    assert len(texts(sitting)) == 2


def test_ctrl_c_stops_the_line_that_is_made_and_enter_makes_it_again(sitting):
    import signal

    sitting.type("")
    before = texts(sitting)
    with sitting.opened() as (studio, pipe):

        def interrupted(_piece):
            sitting.flag.signal = signal.SIGINT
            sitting.take.company.on_token = None  # the second time nobody interrupts
            sitting.flag.check()

        sitting.take.company.on_token = interrupted
        pipe.send_text("\r/cost\r\r\x04")
        studio.sit()
    assert "stopped; what was being made is dropped" in sitting.shown
    assert "model calls" in sitting.shown
    assert len(texts(sitting)) == len(before) + 1


def test_ctrl_c_ends_the_reading_ahead_that_enter_waits_for(sitting, monkeypatch):
    import signal
    from threading import Event

    from graph.foresight import Foresight
    from transcript.errors import Interrupted

    sitting.type("")
    before = texts(sitting)
    kind, entered, checks, stopped = type(sitting.take.company.model), Event(), [], []
    wait = Foresight.wait

    def waiting(self, state=None):
        entered.set()
        wait(self, state)

    def warm(_self, _prompt):
        assert entered.wait(30)
        sitting.flag.signal = signal.SIGINT
        sitting.flag.wake()
        monkeypatch.setattr(kind, "reads_ahead", False)
        try:
            checks[-1]()
        except Interrupted:
            stopped.append(True)
            raise
        return 0

    monkeypatch.setattr(kind, "reads_ahead", True)
    monkeypatch.setattr(kind, "until", lambda self, check: checks.append(check) or self)
    monkeypatch.setattr(kind, "warm", warm)
    monkeypatch.setattr(Foresight, "wait", waiting)
    shown = sitting.type("", "")
    assert stopped == [True]
    assert "stopped; what was being made is dropped" in shown
    assert len(texts(sitting)) == len(before) + 1


def test_a_full_disk_and_a_fault_of_ours_leave_the_person_at_the_prompt(sitting, monkeypatch, tmp_path):
    from transcript.errors import StoreError

    sitting.type("")
    before = texts(sitting)
    failing = [StoreError("daebon.sqlite: the disk is full; free some space"), ValueError("a bug")]

    def commit(*_args):
        raise failing.pop(0)

    with sitting.opened() as (studio, pipe), monkeypatch.context() as patched:
        patched.setattr(sitting.take.company, "commit", commit)
        (tmp_path / "take").mkdir(exist_ok=True)
        pipe.send_text("\r\r/script\r\x04")
        studio.sit()
    assert "the disk is full" in sitting.shown
    assert "a bug" in sitting.shown and "errors.log" in sitting.shown
    assert "ValueError: a bug" in (tmp_path / "take" / "errors.log").read_text(encoding="utf-8")
    assert sitting.shown.count(before[-1]) == 2  # as the studio began, and again by /script
    sitting.type("")
    assert len(texts(sitting)) == len(before) + 1


def test_an_edit_that_the_disk_refuses_stands_in_the_next_edit(sitting, monkeypatch):
    from transcript.errors import StoreError

    sitting.type("", "")

    def edit(*_args, **_options):
        raise StoreError("the disk is full")

    with sitting.opened() as (studio, pipe):
        with monkeypatch.context() as patched:
            patched.setattr(sitting.take, "edit", edit)
            pipe.send_text("/edit\r\x01\x0b고심해서 고친 줄.\r\x04")
            studio.sit()
        assert studio.drafts
        studio.flag.clear()
        pipe.send_text("/edit\r\r\x04")
        studio.sit()
    assert texts(sitting)[-1] == "고심해서 고친 줄."


def test_one_candidate_streams_and_what_stands_is_what_is_stored(scripted, staged):
    take = staged(scripted(LINES), candidates=1)
    take.start(7, [], person=True)
    sitting = Sitting(take)
    frames = []
    with sitting.opened() as (studio, pipe):
        screen = studio.screen

        def piece_by_piece(piece):
            for letter in piece:
                screen.on_token(letter)
                frames.append(screen._made)

        take.company.on_token = piece_by_piece
        pipe.send_text("\r\x04")
        studio.sit()
    last = texts(sitting)[-1]
    assert frames and frames[0] != frames[-1] and all(last.startswith(frame) for frame in frames)
    assert frames[len(last) // 2] in sitting.shown
    assert sitting.shown.rindex(f"   2 소라  {last}") > sitting.shown.index(f"     소라  {last}")


def test_a_studio_that_reads_shows_what_others_write(scripted, staged):
    take = staged(scripted(LINES))
    take.start(7, [], person=True)
    writer = Sitting(take)
    writer.type("")
    reading = staged(scripted(LINES), store=take.company.store)
    reading.reader = reading._head._reader = "take is being played by process 7 on 책상 since today; close it there"
    reader = Sitting(reading)
    with reader.opened() as (studio, pipe):
        pipe.send_text("\r태오: 여기도요.\x15\x04")
        studio.sit()
    assert "is being played by process 7 on 책상" in reader.shown and "nothing new yet" in reader.shown
    shown = reader.type("/undo", "/take 태오", "/retry", "태오: 저도요.\r\x15")
    assert shown.count("is being played by process 7") == 5
    with reader.opened() as (studio, pipe):
        studio.again()
        writer.type("소라: 저쪽에서 쓴 줄이야.")
        pipe.send_text("\r\x04")
        studio._next()
    assert "저쪽에서 쓴 줄이야." in reader.shown
    assert texts(writer)[-1] == "저쪽에서 쓴 줄이야."


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/ret", ["/retry"]),
        ("/되", ["/되돌리기", "/되살리기"]),
        ("소", ["소라: "]),
        ("/next ", ["소라", "태오"]),
        ("/enter ", []),
        ("/level 소라 태오 해", ["해라체", "해요체", "해체"]),
        ("/goto ", ["main"]),
        ("/export fountain,md,js", ["json", "jsonl"]),
        ("/help und", ["undo"]),
        ("/whisper 태오 열쇠 ", []),
        ("그냥 글", []),
    ],
)
def test_what_tab_offers(sitting, typed, offered):
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from daebon.studio.completion import StudioCompleter

    sitting.type("")
    with sitting.opened() as (studio, _pipe):
        completer = StudioCompleter(studio._words)
        found = completer.get_completions(Document(typed), CompleteEvent())
        assert sorted(one.text for one in found) == offered


def test_what_was_typed_is_found_again_in_the_next_sitting(sitting):
    sitting.type("", "태오: 이 전등은 그냥 둬도 돼요?")
    sitting.keys("\x12전등은 그냥\r\r\x04")  # Ctrl-R, the words, take it, say it
    assert texts(sitting).count("이 전등은 그냥 둬도 돼요?") == 2


def test_every_fault_of_the_engine_that_a_person_meets_is_said_in_korean(sitting):
    messages.use("ko")
    shown = sitting.type(
        "", "/redo", "/edit 9", "/branch 3", "/branch 화해", "/branch 화해", "/goto 없는곳", "/goto 40", "/enter 소라",
        "/take 소라", "/take 소라", "/release 태오", "/exit 소라", "/exit 태오", "/prefs delete 9",
    )  # fmt: skip
    rows = [row for row in shown.splitlines() if row.startswith("  ") and row.strip()]
    english = [row for row in rows if not any("가" <= letter <= "힣" for letter in row)]
    assert english == []
    for word in (
        "되살릴 것이 없습니다",
        "‘화해’ 가지는 이미 있습니다",
        "‘없는곳’ 가지는 없습니다",
        "이미 이 자리에 있습니다",
        "마지막 남은 인물",
    ):
        assert word in shown
