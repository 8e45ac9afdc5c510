"""The studio on a real terminal: a session of 30 commands at two widths against golden screens, and terminals that go away."""

import json
import os
import re
import shutil
import signal
import sqlite3
import tempfile
from pathlib import Path

import pytest

from tests.conftest import FILES
from tests.daebon.studio import LINES
from tests.daebon.tmux import Pane, missing

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def folder():
    """Return a folder whose path is as long on every machine, so that every screen breaks at the same places."""
    path = Path(tempfile.mkdtemp(prefix="studio-", dir="/tmp"))
    (path / "script.json").write_text(json.dumps({"lines": LINES}, ensure_ascii=False), encoding="utf-8")
    yield path
    shutil.rmtree(path)


@pytest.fixture
def sit_down(folder):
    panes = []

    def start(columns, rows, *options, command="play", language="en_US.UTF-8"):
        what = [str(FILES / "둘.yaml"), "--model", f"scripted:{folder / 'script.json'}", "--seed", "1"]
        arguments = [command, *(what if command == "play" else ["latest"]), "--out", str(folder / "o"), *options]
        panes.append(Pane(folder, columns, rows, *arguments, language=language))
        return panes[-1]

    yield start
    for pane in panes:
        pane.close()


def stored(folder):
    with sqlite3.connect(f"file:{folder / 'o' / 'daebon.sqlite'}?mode=ro", uri=True) as db:
        return [json.loads(text)["text"] for (text,) in db.execute("SELECT turn FROM turns ORDER BY id")]


def played(pane):
    """Play the session of the golden screens: more than 30 commands, with everything a person types in between."""
    pane.wait("›")
    for text in (
        "",
        "",
        "/help",
        "/help edit",
        "/take 태오",
        "(상자를 잡으며) 제가 열어 봐도 돼요?",
        "소라: 손대지 마.",
    ):
        pane.type(text)
    for text in ("/release", "/direct 더 차갑게", "/다음 태오", "/retry", "/alt", "2"):
        pane.type(text)
    pane.type("/edit 2")
    pane.type(" 무겁잖아.")
    pane.type("")
    for text in ("/undo", "/되살리기", "/branch 화해", "", "/branches", "/goto main:4", "/branches all"):
        pane.type(text)
    for text in ("/event 전화가 길게 울린다.", "/exit 태오", "/next 태오", "/등장 태오", "/level 소라 태오 해요체"):
        pane.type(text)
    for text in (
        "/whisper 태오 열쇠는 강물에 있다",
        "/interview 태오 왜 왔어요?",
        "/who 태오",
        "/emotion 4",
        "/감정선",
    ):
        pane.type(text)
    for text in ("/script 3", "/cost", "/prefs", "/export fountain,txt", "/retyr", "그냥 하는 말"):
        pane.type(text)
    for text in ("/suggest", "", "/beat", "/save", "/goto 화해", "/quit"):
        pane.type(text)
    return pane.wait("left with 0")


def normal(screen, folder):
    """Take out what differs from day to day: folder, seconds, and rows that only place the toolbar."""
    screen = screen.replace(folder.name, "studio-########")
    screen = re.sub(
        r"^((?:this script|everything made|이 대본|만든 것 전부)\s+\d+) +\d+\.\d",
        r"\1  #.#",
        screen,
        flags=re.MULTILINE,
    )
    return re.sub(r"\n{3,}", "\n\n", screen)


@pytest.mark.parametrize(("columns", "language"), [(60, "ko_KR.UTF-8"), (200, "en_US.UTF-8")])
def test_a_session_looks_as_it_should(sit_down, folder, columns, language):
    pane = sit_down(columns, 600, language=language)
    shown = normal(played(pane), folder)
    golden = GOLDEN / f"studio-{columns}-{language[:2]}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_a_second_studio_reads_along_and_changes_nothing(sit_down, folder):
    first = sit_down(80, 40)
    first.wait("›")
    first.type("")
    second = sit_down(90, 40, command="resume")
    assert "is being played by process" in second.wait("›")
    before = stored(folder)
    second.type("태오: 여기서도 써 볼까요?")
    second.press("C-u")
    second.type("/undo")
    assert second.screen().count("is being played by process") == 3
    assert stored(folder) == before
    first.type("소라: 저쪽에서 쓴 줄이야.")
    second.type("")
    assert "저쪽에서 쓴 줄이야" in second.screen()
    second.type("/quit")
    first.type("/quit")
    first.wait("left with 0")


def test_a_second_studio_goes_on_in_a_take_of_its_own(sit_down, folder):
    first = sit_down(80, 40)
    first.wait("›")
    first.type("")
    before = stored(folder)
    second = sit_down(91, 40, "--branch", "다른 길", command="resume")
    second.wait(re.escape(before[-1]))
    second.wait("›")
    second.type("태오: 이 길에서는 제가 말해요.")
    first.type("소라: 저쪽은 저쪽이고.")
    second.type("/undo")
    second.type("")
    for pane in (first, second):
        pane.type("/quit")
        pane.wait("left with 0")
    texts = {}
    for run in ("빈집-1", "빈집-1.다른 길"):
        record = json.loads((folder / "o" / run / "transcript.json").read_text(encoding="utf-8"))
        texts[run] = [turn["text"] for turn in record["turns"]]
    assert texts["빈집-1"] == [*before, "저쪽은 저쪽이고."]
    assert texts["빈집-1.다른 길"][:2] == before and "저쪽은 저쪽이고." not in texts["빈집-1.다른 길"]


@pytest.mark.parametrize("end", ["terminal closed", signal.SIGTERM, signal.SIGKILL])
def test_a_studio_that_is_ended_goes_on_at_the_last_line(sit_down, folder, end):
    pane = sit_down(80, 24)
    pane.wait("›")
    pane.type("")
    pane.type("태오: 누나, 반만 쓴 줄이 아니에요.")
    pane.type("태오: 여기까지는 치다가 말았", enter=False)
    before = stored(folder)
    assert before[-1] == "누나, 반만 쓴 줄이 아니에요."
    process = pane.pid()
    if end == "terminal closed":
        pane.close()
    else:
        os.kill(process, end)
        pane.wait("left with")
    assert stored(folder) == before
    if end != signal.SIGKILL:
        record = json.loads((folder / "o" / "빈집-1" / "transcript.json").read_text(encoding="utf-8"))
        assert [turn["text"] for turn in record["turns"]] == before
    again = sit_down(81, 24, command="resume")
    again.wait("누나, 반만 쓴 줄이 아니에요")
    again.type("태오: 다시 왔어요.")
    assert stored(folder) == [*before, "다시 왔어요."]


@pytest.mark.parametrize("language", ["ko_KR.UTF-8", "en_US.UTF-8"])
def test_the_help_stands_whole_on_a_small_screen(sit_down, language):
    pane = sit_down(60, 24, language=language)
    pane.wait("›")
    pane.type("/help")
    shown = pane.screen()
    words = ("Enter ", "/retry", "/help all") if language.startswith("en") else ("Enter ", "/다시", "/도움말 모두")
    assert all(word in shown for word in (*words, "Tab ", "Ctrl-D")), shown
