"""A person at a real terminal: Enter, a line of their role, a note, a branch, leaving; driven through a pseudo-terminal."""

import json
import os
import signal
import sys
from pathlib import Path

import pexpect
import pytest

from tests.conftest import FILES

ROOT = Path(__file__).parents[2]
PROMPT = "›.*?25h"  # it stands, and the terminal is the prompt's: before, it would swallow Ctrl-C and Ctrl-D itself
LINES = {
    "lines": {
        "소라": [
            "그 상자는 내가 들게.",
            "커튼은 안 가져가.",
            "바닥이 차네, 그치.",
            "창문부터 닫아 줘.",
            "달력은 떼지 마.",
        ],
        "태오": ["뭐가 들었는데요?", "현관 등이 나갔어요.", "트럭이 곧 와요.", "장갑 하나 드릴까요?"],
        "*": ["먼지가 인다."],
    }
}


@pytest.fixture
def sit_down(tmp_path):
    script = tmp_path / "script.json"
    script.write_text(json.dumps(LINES, ensure_ascii=False), encoding="utf-8")

    def start(scenario, *options, columns=100, command=()):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(tmp_path),
            "PROMPT_TOOLKIT_NO_CPR": "1",
        }
        playing = ["play", str(FILES / scenario), "--model", f"scripted:{script}", "--seed", "1"]
        return pexpect.spawn(
            sys.executable, ["-m", "daebon", *(command or playing), "--out", str(tmp_path / "o"), *options],
            env=environment, encoding="utf-8", timeout=180, dimensions=(40, columns), preexec_fn=_interruptible,
        )  # fmt: skip

    return start


def _interruptible():
    """Hear Ctrl-C also where the tests run in the background of a shell, which has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def played(tmp_path):
    return json.loads(next((tmp_path / "o").glob("*/transcript.json")).read_text(encoding="utf-8"))["turns"]


def test_a_role_is_played_with_hangul_and_a_note(sit_down, tmp_path):
    terminal = sit_down("둘.yaml", "--as", "태오")
    terminal.expect("빈 거실")
    terminal.sendline("")  # the opening stands, go on
    terminal.expect("그 상자는|커튼은|바닥이")
    terminal.sendline("")
    terminal.expect("해요체")
    terminal.sendline("/direct 더 차갑게")
    terminal.expect("has your note")
    terminal.expect("연출 지시")
    terminal.sendline("(상자를 잡으며) 그럼 제가 열어 봐도 돼요?")
    terminal.expect("열어 봐도 돼요")
    terminal.sendline("/없는명령")
    terminal.expect("no command /없는명령")
    terminal.sendline("태오: 누나, 대답해요.")
    terminal.expect("대답해요")
    terminal.sendline("/quit")
    terminal.expect("daebon resume 빈집-1")
    terminal.expect(pexpect.EOF)
    mine = [turn for turn in played(tmp_path) if turn["by"] == "human"]
    assert [(turn["parenthetical"], turn["text"]) for turn in mine] == [
        ("상자를 잡으며", "그럼 제가 열어 봐도 돼요?"),
        (None, "누나, 대답해요."),
    ]
    assert all(turn["speaker"] == "태오" for turn in mine)


def test_a_branch_is_chosen_by_number(sit_down, tmp_path):
    terminal = sit_down("갈림.yaml")
    for _ in range(12):
        terminal.sendline("")
        if terminal.expect([r"2\. 태오가 나루로", "굴 앞|\n"]) == 0:
            break
    terminal.sendline("7")
    terminal.expect("from 1 to 2")
    terminal.sendline("2")
    terminal.expect("태오가 나루로 뛰어간다")
    terminal.sendline("/quit")
    terminal.expect(pexpect.EOF)
    assert any(turn["text"].startswith("태오가 나루로") for turn in played(tmp_path))


def test_ctrl_c_while_typing_leaves_with_everything_saved(sit_down, tmp_path):
    terminal = sit_down("둘.yaml", columns=36)
    terminal.expect("빈 거실")
    terminal.expect(PROMPT)
    terminal.sendcontrol("c")
    terminal.expect("Ctrl-C again")
    terminal.expect(PROMPT)
    terminal.sendcontrol("c")
    terminal.expect("daebon resume")
    terminal.expect(pexpect.EOF)
    assert played(tmp_path)[0]["text"] == "상자 하나만 남은 거실."


@pytest.mark.parametrize("end", ["d", "c"])
def test_a_replay_shows_a_line_at_each_enter_until_the_person_has_enough(sit_down, end):
    terminal = sit_down("둘.yaml")
    for _ in range(3):
        terminal.expect(PROMPT)
        terminal.sendline("")
    terminal.expect(PROMPT)
    terminal.sendline("/quit")
    terminal.expect(pexpect.EOF)
    again = sit_down("둘.yaml", command=("replay", "latest"))
    again.expect("Ctrl-D")
    again.expect("상자 하나만 남은 거실")
    again.sendline("")
    again.expect("상자는|커튼은|바닥이|뭐가|현관")
    again.sendcontrol(end)
    shown = again.read()
    again.close()
    assert "Traceback" not in shown and "Error" not in shown
    assert again.exitstatus == (0 if end == "d" else 130)
