"""The commands of the studio: what each is called, in which place of `/help` it stands, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from daebon.messages import N_, _, language
from daebon.studio import actions, helping, rewriting, showing
from daebon.studio.moves import Move
from transcript.errors import UsageError

if TYPE_CHECKING:
    from daebon.studio.session import Studio


@dataclass(frozen=True)
class Command:
    """One command.

    `names` are the spellings, English first, each without its slash; `usage` the places after it; `takes` what may
    stand in each place (role, away, here, branch, level, format, command, prefs; "" for free text), and with `repeats`
    the last of these may come again.
    """

    names: tuple[str, ...]
    group: str
    usage: str
    summary: str
    example: str
    run: Callable[[Studio, str], Move]
    takes: tuple[str, ...] = ()
    repeats: bool = False
    early: bool = False  # it works before the curtain rises
    more: str = ""  # what /help COMMAND adds

    def shown(self, names: Sequence[str]) -> str:
        """Return the example with names of this play for {a} and {b}, the command as it is spelled in the language in use."""
        return self.example.format(a=names[0], b=names[-1]).replace(f"/{self.names[0]}", f"/{self.spelled}", 1)

    @property
    def spelled(self) -> str:
        """Return its name in the language in use."""
        return self.names[1] if language() == "ko" else self.names[0]


PLAY, TEXT, TIME, STAGE, LOOK, DESK = (
    N_("Play on"),
    N_("Rewrite"),
    N_("Back and forth"),
    N_("Move the stage"),
    N_("Look"),
    N_("Desk"),
)
GROUPS = (PLAY, TEXT, TIME, STAGE, LOOK, DESK)


def _help(studio: Studio, rest: str) -> Move:
    """Show the commands, those of one group, or one with what can be said of it."""
    names = list(studio.cast)
    if not rest:
        studio.screen.show(*helping.fitting(BY_GROUP, names, studio.screen.out))
    elif rest in ("all", "모두"):
        studio.screen.show(helping.whole(BY_GROUP, names, two=False))
    elif command := find(rest):
        for row in helping.one(command, names):
            studio.screen.tell(row)
    elif group := helping.group_named(GROUPS, rest):
        studio.screen.show(helping.of_group(group, BY_GROUP[group], names))
    else:
        raise UsageError(_("no command {word}; {hint}/help lists them", word=rest, hint=""))
    return Move.STAY


COMMANDS = (
    Command(
        ("next", "다음"), PLAY, N_("NAME"),
        N_("this role speaks next"), "/next {a}", actions.next_speaker, ("here",),
    ),
    Command(
        ("direct", "지시"), PLAY, N_("NOTE"),
        N_("a note to the director, until the end of the beat"), "/direct 더 차갑게", actions.direct,
    ),
    Command(
        ("suggest", "제안"), PLAY, "",
        N_("three things that could happen next; take one"), "/suggest", actions.suggest,
        more=N_("the one you take happens on a branch of its own; /branches shows where it began, /goto leads back"),
    ),
    Command(
        ("event", "사건"), PLAY, N_("SENTENCE"),
        N_("this happens now"), "/event 전화가 울린다.", actions.event,
    ),
    Command(
        ("beat", "비트"), PLAY, "",
        N_("end this beat and go on to the next"), "/beat", actions.beat,
    ),
    Command(
        ("retry", "다시"), TEXT, "",
        N_("have the last line said another way; the old one is kept"), "/retry", rewriting.retry,
        more=N_("the lines after it are cut with it; /undo brings all of it back"),
    ),
    Command(
        ("alt", "후보"), TEXT, N_("[NUMBER]"),
        N_("all candidates of the last line, with score and why they were turned down; take one"),
        "/alt 2", rewriting.alternatives,
    ),
    Command(
        ("edit", "수정"), TEXT, N_("[LINE]"),
        N_("rewrite a line, the last one or that of this number; the lines after it are kept or cut"),
        "/edit 12", rewriting.edit,
        more=N_("the line stands at the prompt: change it, press Enter; (웃으며) before the words is the acting direction"),
    ),
    Command(
        ("undo", "취소", "되돌리기"), TIME, N_("[HOW MANY]"),
        N_("take back the last lines; nothing is lost"), "/undo 2", rewriting.undo,
        more=N_("one step is the last retry, edit, pick or line; /redo brings it back as long as nothing new was played"),
    ),
    Command(
        ("redo", "되살리기"), TIME, "",
        N_("undo the last undo, edit or retry"), "/redo", rewriting.redo,
    ),
    Command(
        ("branch", "가지"), TIME, N_("NAME"),
        N_("go on from here on a branch of this name"), "/branch 화해", rewriting.branch,
    ),
    Command(
        ("branches", "가지들"), TIME, N_("[all]"),
        N_("draw all branches"), "/branches", showing.branches,
    ),
    Command(
        ("goto", "이동"), TIME, N_("BRANCH | LINE | BRANCH:LINE"),
        N_("go to a branch, or to a line of it"), "/goto main:8", rewriting.goto, ("branch",),
        more=N_("/goto 8 goes to line 8 of this branch, /goto 화해 to the end of a branch; what comes later stays where it is"),
    ),
    Command(
        ("take", "맡기"), STAGE, N_("NAME"),
        N_("you play this role from now on"), "/take {a}", actions.take_role, ("role",),
        more=N_("when it is your turn, Enter alone lets the company speak for you once"),
    ),
    Command(
        ("release", "놓기", "돌려주기"), STAGE, N_("[NAME]"),
        N_("give the role back to the company"), "/release {a}", actions.release, ("mine",),
    ),
    Command(
        ("enter", "등장"), STAGE, N_("NAME"),
        N_("this role comes in"), "/enter {b}", actions.enter, ("away",),
    ),
    Command(
        ("exit", "퇴장"), STAGE, N_("NAME"),
        N_("this role goes out"), "/exit {b}", actions.leave, ("here",),
    ),
    Command(
        ("level", "높임", "말투"), STAGE, N_("FROM TO LEVEL"),
        N_("how one speaks to the other from now on"), "/level {b} {a} 해요체", actions.level,
        ("role", "role", "level"),
    ),
    Command(
        ("whisper", "귓속말"), STAGE, N_("NAME TEXT"),
        N_("tell one role something that only they know"), "/whisper {a} 그 말은 거짓말이다", actions.whisper, ("role",),
    ),
    Command(
        ("interview", "인터뷰"), STAGE, N_("NAME QUESTION"),
        N_("ask a role outside the scene; it leaves no trace"), "/interview {a} 왜 떠났어요?", actions.interview,
        ("role",),
    ),
    Command(
        ("who", "인물"), LOOK, N_("NAME"),
        N_("a role now: what they feel, know, and how they stand to the others"), "/who {a}", showing.who, ("role",),
    ),
    Command(
        ("emotion", "감정"), LOOK, N_("[HOW MANY]"),
        N_("what was measured in the last lines"), "/emotion 5", showing.emotion,
    ),
    Command(
        ("arc", "감정선"), LOOK, "",
        N_("each role's arc so far, planned and measured"), "/arc", showing.arc,
    ),
    Command(
        ("script", "대본"), LOOK, N_("[HOW MANY]"),
        N_("show the last lines again"), "/script 20", showing.script,
    ),
    Command(
        ("cost", "비용"), LOOK, "",
        N_("time, model calls and tokens so far"), "/cost", showing.cost,
    ),
    Command(
        ("save", "저장"), DESK, "",
        N_("write the files of the take now; every line is on disk already"), "/save", actions.save,
    ),
    Command(
        ("export", "내보내기"), DESK, N_("FORMATS"),
        N_("write the script in formats, by commas"), "/export fountain,txt", actions.export, ("format",), True,
    ),
    Command(
        ("prefs", "취향"), DESK, N_("[delete NUMBER | on | off]"),
        N_("what your choices taught so far; delete one, or stop recording"), "/prefs delete 3", actions.prefs,
        ("prefs",),
        more=N_("each retry, edit and pick is a pair of lines from which `daebon train dataset` learns your taste"),
    ),
    Command(
        ("help", "도움말", "도움"), DESK, N_("[COMMAND | GROUP | all]"),
        N_("the commands; a group of them; or one explained"), "/help edit", _help, ("command",), early=True,
    ),
    Command(
        ("quit", "끝", "나가기"), DESK, "",
        N_("leave; everything is saved"), "/quit", actions.quit_, early=True,
    ),
)  # fmt: skip

BY_GROUP = {group: [command for command in COMMANDS if command.group == group] for group in GROUPS}


def find(word: str) -> Command | None:
    """Return the command that `word` (`/retry`, `/다시`) spells, None of none."""
    name = word.removeprefix("/").lower()
    return next((command for command in COMMANDS if name in command.names), None)


def nearest(word: str) -> str:
    """Return the spelling nearest to `word`, with its slash, "" where none is near."""
    names = [name for command in COMMANDS for name in command.names]
    near = get_close_matches(word.removeprefix("/").lower(), names, n=1, cutoff=0.5)
    return f"/{near[0]}" if near else ""
