"""A sitting in the studio: ask at each point what comes next, and do it; every error leaves the person at the prompt."""

from __future__ import annotations

import errno
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agents import prompts
from agents.speech import LEVELS
from daebon.console import ended
from daebon.messages import _
from daebon.messages.below import in_words
from daebon.signals import StopFlag
from daebon.studio.commands import COMMANDS, find, nearest
from daebon.studio.completion import StudioCompleter
from daebon.studio.desk import Desk, unechoed
from daebon.studio.moves import Instead, Move, Unfinished
from daebon.studio.reading import Said, lines_of, number_of
from daebon.studio.screen import Screen
from graph.take import ChoiceWanted, LineWanted, Take
from transcript.errors import DaebonError, Interrupted, UsageError
from transcript.exports import FORMATS
from transcript.turn import Turn

_DOCUMENTS = "pip install 'daebon[documents]'"
_SHOWN = 6  # lines that stand on the screen again after a change of what came before


class Studio:
    """One person, one take. `ask` for what is typed, `go` to let the company play."""

    def __init__(self, take: Take, screen: Screen, flag: StopFlag, **terminal: Any) -> None:
        """Sit down; `terminal` (input, output) is prompt_toolkit's, for tests."""
        self.take, self.screen, self.flag = take, screen, flag
        self.desk = Desk(StudioCompleter(lambda: self._known), lambda: self._where, **terminal)
        self.cast: Mapping[str, Sequence[str]] = {p.name: p.aliases for p in take.company.scenario.personas}
        self.question: LineWanted | ChoiceWanted | None = None
        self._waiting: deque[Said] = deque()  # lines of a pasted page that are still to be said
        self.drafts: dict[int, str] = {}  # rewritten lines, by number, that could not be stored
        self._warned = False
        self._read: list[Turn] = []  # what a studio that only reads has shown
        self._known: Mapping[str, Sequence[str]] = {}  # read once per prompt: at each key it would be felt
        self._where = ""

    @property
    def state(self) -> Mapping[str, Any]:
        """Return the values of the take as they are now."""
        return self.take.state()

    @property
    def turns(self) -> list[Turn]:
        """Return the lines of the branch that is being played."""
        return self.take.company.turns(self.state.get("head"))

    @property
    def mine(self) -> list[str]:
        """Return the roles that the person plays."""
        return list(self.state.get("human") or ())

    def sit(self) -> None:
        """Play with the person until they leave, or the terminal is gone."""
        flag = self.flag
        flag.wake = self._wake
        try:
            with unechoed():
                move = self._done(self._open)
                while move is not Move.LEAVE and flag.signal in (0, signal.SIGINT):
                    flag.clear()
                    move = self._done(self._go if move is Move.GO else self._next)
        finally:
            flag.wake = None

    def _wake(self) -> None:
        """Leave what waits, for a signal: the person's line, and what is read ahead."""
        self.take.stop_foreseeing()
        self.desk.leave()

    def _open(self) -> Move:
        """Show where the take stands and play the opening of a new one."""
        if self.take.reader:
            self.screen.wrong(in_words(self.take.reader))
            self.screen.tell(_("Enter: what was written there since · /help: everything else · /quit: leave"))
        else:
            self.screen.tell(_("Enter: the next line · /help: everything else · /quit: leave, all saved"))
        if self.turns:
            self.again()
        return Move.AGAIN if self.turns or self.take.reader else Move.GO

    def again(self, word: str = "", around: int = 0) -> None:
        """Show the last lines again under a rule, and those around line `around`, where something changed."""
        state, turns = self.state, self.turns
        where = _("branch {name} · line {n}", name=_branch(state), n=len(turns))
        self.screen.rule(" · ".join(filter(None, (word, where))))
        first = max(0, len(turns) - _SHOWN)
        near = [turn for turn in turns[:first] if abs(turn.n - around) <= 1] if around else []
        self.screen.again([*near, *turns[first:]], state["path"])
        self._read = list(turns)

    def _read_along(self) -> Move:
        """Show what another daebon committed to the take since."""
        turns, known = self.turns, len(self._read)
        if turns[:known] != self._read:
            self.again()
        elif turns[known:]:
            for turn in turns[known:]:
                self.screen.turn(turn, self.state["path"])
        else:
            self.screen.tell(_("nothing new yet"))
        self._read = list(turns)
        return Move.AGAIN

    def ask(self, prompt: str, default: str = "") -> str | None:
        """Return the answer to a question of a command, None where the person gives none (Ctrl-C, Ctrl-D).

        A command in place of an answer is done instead.
        """
        try:
            answer = self.desk.answer(prompt, default)
        except (KeyboardInterrupt, EOFError):
            self.flag.check()
            return None
        if answer.startswith("/") and find(answer.split()[0]):
            raise Instead(answer)
        return answer

    def _go(self) -> Move:
        """Have the company play one step, and show it."""
        self.question = None
        with self.screen.working():
            for step in self.take.play(pause=True):
                if isinstance(step, Turn):
                    self.screen.turn(step, self.state["path"])
                else:
                    self.question = step
                self.flag.check()
        if self.take.over:
            self.screen.rule(_("curtain · {why}", why=ended(self.take.over)))
            self.screen.tell(_("/undo goes on writing, /export writes the script, /quit leaves"))
        return Move.AGAIN

    def _next(self) -> Move:
        """Say a line that waits, or ask the person."""
        if self._waiting:
            line = self._waiting.popleft()
            try:
                return self.say(line)
            except DaebonError:
                self.desk.remember("\n".join(map(str, (line, *self._waiting))))
                raise
        if isinstance(self.question, ChoiceWanted):
            for i, choice in enumerate(self.question.choices, 1):
                self.screen.tell(f"{i}. {choice}")
        elif isinstance(self.question, LineWanted):
            cue = self.question.cue
            wanted = (f"→ {cue.to[0]}" if cue.to else "", cue.level or "", cue.intention)
            self.screen.tell(f"[{' · '.join(filter(None, wanted))}]")
        move = Move.STAY
        while move is Move.STAY and not self.flag.signal:
            move = self._done(self._asked, Move.STAY)
        return move

    def _asked(self) -> Move:
        """Ask once and do what was asked for."""
        self._known, self._where = self._words(), self._toolbar()
        self.take.foresee()
        try:
            text = self.desk.read(self._prompt())
        except KeyboardInterrupt:
            if self._warned:
                return Move.LEAVE
            self._warned = True
            self.screen.tell(_("Ctrl-C again, Ctrl-D or /quit leaves; everything is saved"))
            return Move.STAY
        except EOFError:
            return Move.LEAVE
        self._warned = False
        if text.startswith("/"):
            return self._command(text)
        return self._text(text)

    def _command(self, text: str) -> Move:
        word, _space, rest = text.partition(" ")
        self.screen.echo(text)
        command = find(word)
        if command is None:
            near = nearest(word)
            hint = _("did you mean {name}? ", name=near) if near else ""
            raise UsageError(_("no command {word}; {hint}/help lists them", word=word, hint=hint))
        if not self.state and not command.early:
            raise UsageError(_("the curtain has not risen yet; press Enter first"))
        try:
            return command.run(self, " ".join(rest.split()))
        except Instead as other:
            return self._command(str(other))
        except Unfinished as error:
            shown = command.shown(list(self.cast))
            raise UsageError(_("something is missing; write it like this: {example}", example=shown)) from error

    def _text(self, text: str) -> Move:
        """Take Enter, the number of a way on, or lines."""
        if isinstance(self.question, ChoiceWanted):
            self.take.choose(number_of(text, 1, len(self.question.choices)) - 1)
            return Move.GO
        if not text:
            if self.take.reader:
                return self._read_along()
            if self.take.over:
                raise UsageError(_("the curtain has fallen: /undo goes on writing, /quit leaves"))
            if self.question:
                self.take.say("")
            return Move.GO
        lines = lines_of(text, self.cast)
        try:
            for line in lines:
                self._check(line)
        except UsageError as error:
            raise UsageError(_("{problem} (↑ brings your line back)", problem=in_words(str(error)))) from error
        self._waiting.extend(lines)
        return Move.AGAIN

    def _check(self, line: Said) -> None:
        """Refuse a line before anything of its page is said: nobody to say it, or nothing to say."""
        if self.take.reader:
            raise UsageError(self.take.reader)
        if not line.text and not line.parenthetical:
            raise UsageError(_("an empty line: write something after the name"))
        if self.take.over:
            raise UsageError(_("the curtain has fallen: /undo goes on writing, /quit leaves"))
        if line.text and not (line.speaker or self.mine or self._wanted()):
            raise UsageError(_("who says it? write NAME: LINE, or take a role with /take NAME"))
        if line.speaker and line.speaker not in self.state["present"]:
            raise UsageError(_("{name} is not here; /enter {name} brings them in", name=line.speaker))

    def say(self, line: Said) -> Move:
        """Have one line stand in the script, as the next one; a role of the company is lent for it."""
        if not line.text:
            self.take.event(line.parenthetical or "")
            return Move.GO
        wanted = self._wanted()
        speaker = line.speaker or wanted or self.mine[0]
        lent = speaker not in self.mine
        if lent:
            self.take.take_role(speaker)
        try:
            if speaker != wanted or lent:
                self.take.ask(speaker)
                self._until(speaker)
            self.take.say(line.text, line.parenthetical)
            self._go()
        finally:
            if lent:
                self.take.release(speaker)
                self.question = None
        return Move.AGAIN

    def _until(self, speaker: str) -> None:
        """Play what is due before `speaker` is asked: openings, entrances and exits that were decided already."""
        while self._wanted() != speaker:
            self._go()
            if self.take.over or isinstance(self.question, ChoiceWanted):
                raise UsageError(_("{name} cannot speak here any more (↑ brings your line back)", name=speaker))

    def _wanted(self) -> str:
        return self.question.cue.speaker if isinstance(self.question, LineWanted) else ""

    def void(self) -> Move:
        """Drop the question that stood: the take was changed beneath it, and Enter works out what comes next."""
        self.question = None
        return Move.AGAIN

    def changed(self, word: str = "", around: int = 0) -> Move:
        """Show the script again after what stood was changed."""
        self.again(word, around)
        return self.void()

    def _done(self, step: Callable[[], Move], otherwise: Move = Move.AGAIN) -> Move:
        """Take a step; say what went wrong and return `otherwise`, or LEAVE when the system asks to."""
        try:
            return step()
        except (Interrupted, KeyboardInterrupt):
            if self.flag.signal not in (0, signal.SIGINT):
                return Move.LEAVE
            self.screen.tell(_("stopped; what was being made is dropped, Enter makes it again"))
        except DaebonError as error:
            self.screen.wrong(in_words(str(error)))
        except ModuleNotFoundError as error:
            self.screen.wrong(_("{name} is not installed; run: {command}", name=error.name, command=_DOCUMENTS))
        except OSError as error:
            if error.errno == errno.EIO:  # the terminal was closed, and the signal that says so is still on its way
                self.flag.hang_up()
                return Move.LEAVE
            self.screen.wrong(str(error))
        except Exception as error:  # a fault of ours must not take the person's evening
            self.screen.wrong(_("daebon failed: {error}; what to report stands in:", error=repr(error)))
            self.screen.path(self.take.report(error))
        self._waiting.clear()
        return otherwise

    def _prompt(self) -> str:
        if isinstance(self.question, ChoiceWanted):
            return f"1–{len(self.question.choices)} › "
        return f"{self.question.cue.speaker} › " if self.question else "› "

    def _toolbar(self) -> str:
        """Say where the take stands, in one row."""
        state = self.state
        if not state:
            return ""
        scenario, path = self.take.company.scenario, state["path"]
        scene = scenario.scenes[path[-1]]
        parts = [
            _("line {n}", n=state["n"]),
            _branch(state),
            _("you: {names}", names=", ".join(self.mine)) if self.mine else "",
            _("beat {n}/{all}", n=state["beat"] + 1, all=len(scene.beats)),
            prompts.heading(scene, len(path)),  # last: what a narrow screen cuts off
        ]
        return " · ".join(filter(None, parts))

    def _words(self) -> Mapping[str, Sequence[str]]:
        """Return what may stand in the places of the commands now."""
        present = list(self.state.get("present") or ())
        return {
            "role": list(self.cast),
            "here": present,
            "away": [name for name in self.cast if name not in present],
            "mine": self.mine,
            "branch": [branch.name for branch in self.take.branches()],
            "level": LEVELS,
            "format": [*FORMATS, "json"],
            "command": [name for command in COMMANDS for name in command.names],
            "prefs": ["delete", "on", "off", "지우기", "켜기", "끄기"],
        }


def _branch(state: Mapping[str, Any]) -> str:
    """Return the name of the branch; the versions of it that were left behind have a number after a ~."""
    return str(state["branch"]).partition("~")[0]
