"""The dialogue of `daebon persona new` and `daebon scenario new`: one question after another, and nothing typed is lost.

Every answer is written to a draft file as it is given; Ctrl-C, Ctrl-D or a closed terminal leaves the draft, and the same
command goes on from it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console
from rich.text import Text

from daebon.messages import _, language
from daebon.messages.below import in_words
from daebon.play import is_terminal
from scenarios import inspect_persona, inspect_scenario
from scenarios.writing import rows_yaml
from transcript.errors import DaebonError, FileError, Interrupted, UsageError
from transcript.record import write_atomically

if TYPE_CHECKING:
    from agents.ideas import Proposal

_WORDS = {"/다시": "/retry", "/건너뛰기": "/skip", "/뒤로": "/back", "/끝": "/quit", "/나가기": "/quit"}
_KNOWN = ("/retry", "/skip", "/back", "/quit")
Propose = Callable[[], "Sequence[Proposal]"]
Fault = Callable[[Any], str]


class Back(Exception):
    """The person wants the question before."""


@dataclass
class Draft:
    """Answers by key in the order given, as they stand in the draft file beside the file to be written."""

    path: Path
    idea: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    typing: str = ""
    former: dict[str, Any] = field(default_factory=dict)  # answers that /back took up again

    @staticmethod
    def load(path: Path, idea: str) -> Draft:
        """Read the draft at `path`, or begin one; raises FileError for a file that is no draft."""
        if not path.exists():
            return Draft(path, idea)
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            return Draft(path, idea or row["idea"], dict(row["answers"]), str(row["typing"]), dict(row["former"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise FileError(path, "is no draft of daebon; move it away, or choose another --out") from error

    def save(self) -> None:
        """Write the draft."""
        row = {"idea": self.idea, "answers": self.answers, "typing": self.typing, "former": self.former}
        write_atomically(self.path, json.dumps(row, ensure_ascii=False, indent=1) + "\n")

    def keep(self, key: str, value: Any) -> None:
        """Add an answer and write the draft."""
        self.answers[key], self.typing = value, ""
        self.save()


class Desk:
    """Asks at the terminal, or reads one answer a line from a pipe; what it says goes to stderr."""

    def __init__(self, draft: Draft) -> None:
        """Go on with `draft`: a question that has its answer is not asked again."""
        self.draft = draft
        self.out = Console(stderr=True, highlight=False)
        self._rows = None if is_terminal() else _piped()
        self._session: Any = None
        self._lines: list[str] = []  # of the list being typed
        self._half = ""

    def begin(self) -> None:
        """Say how to answer, and what a draft already holds."""
        self.out.print(
            _(
                "Enter takes the proposal or leaves it empty · text is your answer · /retry proposes anew · "
                "/skip leaves it empty · /back the question before · /quit leaves, the draft is kept"
            ),
            style="dim",
        )
        if many := len(self.draft.answers):
            told = _("{path}: going on from a draft; answers in it: {n}", path=self.draft.path, n=many)
            self.out.print(told, style="cyan")

    def restart(self) -> None:
        """Take up the last answer again: it is asked from there on, and what was answered is proposed."""
        if self.draft.answers:
            key, value = self.draft.answers.popitem()
            self.draft.former[key] = value
            self.draft.save()

    def one(self, key: str, label: str, propose: Propose | None = None, fault: Fault | None = None) -> str:
        """Return one answer, "" for none; a proposal stands behind the question and Enter takes it."""
        if key in self.draft.answers:
            return str(self.draft.answers[key])
        offers = self._offers(key, propose)
        self._resume(listed=False)
        while True:
            offer = offers[0] if offers else None
            self._show(label, offer.value if offer else "", offer.how if offer else "")
            text = self._read()
            if text == "/retry":
                offers = offers[1:] or (list(propose()) if propose else [])
                if not offers:
                    self.out.print(_("nothing more to propose; write it yourself, or /skip"), style="yellow")
                continue
            value = "" if text == "/skip" else text or (offer.value if offer else "")
            wrong = fault(value) if fault else ""
            if wrong:
                self.out.print(wrong, style="yellow")
                continue
            return str(self._keep(key, value))

    def many(self, key: str, label: str, propose: Propose | None = None, fault: Fault | None = None) -> list[str]:
        """Return a list of answers, one a line to an empty one; Enter at once takes the proposals."""
        if key in self.draft.answers:
            return list(self.draft.answers[key])
        offers = self._offers(key, propose)
        self._show(label, "\n".join(offer.value for offer in offers), offers[0].how if offers else "")
        typed = self._resume(listed=True)
        while True:
            text = self._read(f"{len(typed) + 1}")
            if text == "/retry" and not typed:
                offers = list(propose()) if propose else []
                self._show(label, "\n".join(offer.value for offer in offers), offers[0].how if offers else "")
            elif text == "/skip":
                return list(self._keep(key, typed))
            elif text:
                wrong = fault([*typed, text]) if fault else ""
                if wrong:
                    self.out.print(wrong, style="yellow")
                    continue
                typed.append(text)
                self.draft.typing = "\n".join([*typed, ""])
                self.draft.save()
            else:
                return list(self._keep(key, typed or [offer.value for offer in offers]))

    def choice(
        self,
        key: str,
        label: str,
        options: Sequence[str],
        propose: Propose | None = None,
        glosses: Mapping[str, str] | None = None,
    ) -> str:
        """Return one of `options`, chosen by its number or in words; "" for none. The proposals come in their order.

        `glosses` say in a word what an option means.
        """
        if key in self.draft.answers:
            return str(self.draft.answers[key])
        offers = self._offers(key, propose)
        how = {offer.value: offer.how for offer in offers}
        order = [offer.value for offer in offers] + [option for option in options if option not in how]
        self._show(label, order[0] if offers else "", how.get(order[0], ""))
        shown = [f"{n}.{option} {(glosses or {}).get(option, '')}".rstrip() for n, option in enumerate(order, 1)]
        self.out.print("\n".join(f"  {row}" for row in shown) if glosses else "  " + "  ".join(shown), style="dim")
        self._resume(listed=False)
        while True:
            text = self._read()
            if text.isdecimal() and 1 <= int(text) <= len(order):
                text = order[int(text) - 1]
            value = "" if text == "/skip" else text or (order[0] if offers else "")
            if value in (*options, ""):
                return str(self._keep(key, value))
            self.out.print(
                _("{value}: give a number from 1 to {n}, or a word of the list", value=value, n=len(order)),
                style="yellow",
            )

    def _offers(self, key: str, propose: Propose | None) -> list[Proposal]:
        """Return what is proposed: what was answered before /back, or what the proposer says."""
        from agents.ideas import Proposal

        before = self.draft.former.get(key)
        if before:
            return [
                Proposal(value, _("your answer before")) for value in (before if isinstance(before, list) else [before])
            ]
        return list(propose()) if propose else []

    def _resume(self, *, listed: bool) -> list[str]:
        """Take what was typed of this answer when the draft was left; return the lines of a list, to go on with."""
        *lines, self._half = self.draft.typing.split("\n") if listed else ["", self.draft.typing]
        self._lines = lines if listed else []
        for n, line in enumerate(self._lines, 1):
            self.out.print(f"{n}> {line}")
        return self._lines

    def _keep(self, key: str, value: Any) -> Any:
        self.draft.keep(key, value)
        return value

    def _show(self, label: str, offer: str, how: str) -> None:
        self.out.print(Text.assemble((label, "bold")))
        if offer:
            for row in offer.split("\n"):
                self.out.print(Text(f"  {row}", style="cyan"))
            self.out.print(Text(f"  ({in_words(how)})", style="dim"))

    def _read(self, mark: str = "") -> str:
        """Return what the person typed in one line, a command in English; raises Back, or Interrupted with the draft kept."""
        while True:
            if self._rows is not None:
                row = next(self._rows, None)
                if row is None:
                    self._leave()
                text = row or ""
            else:
                text = self._prompt(f"{mark}> ")
            text = command(text)
            if text == "/quit":
                self._leave()
            if text == "/back":
                raise Back
            if not text.startswith("/") or text in _KNOWN:
                return text
            known = " ".join(_WORDS if language() == "ko" else _KNOWN)
            self.out.print(_("no command {word} here; known are {known}", word=text, known=known), style="yellow")

    def _prompt(self, mark: str) -> str:
        from prompt_toolkit import PromptSession

        self._session = self._session or PromptSession()
        half, self._half = self._half, ""
        try:
            return str(self._session.prompt(mark, default=half))
        except (KeyboardInterrupt, EOFError):
            self.draft.typing = "\n".join([*self._lines, self._session.default_buffer.text])
            self._leave()

    def _leave(self) -> NoReturn:
        self.draft.save()
        self.out.print(
            _("the draft is kept: {path}; the same command goes on from it", path=self.draft.path), style="cyan"
        )
        raise Interrupted("stopped")


def command(text: str) -> str:
    """Return what was typed as NFC without blanks around it, a Korean command as the English one."""
    typed = unicodedata.normalize("NFC", text).strip()
    return _WORDS.get(typed, typed)


def asked(desk: Desk, questions: Callable[[Desk], dict[str, Any]]) -> dict[str, Any]:
    """Return what the questions make of the answers; /back asks the one before again."""
    while True:
        try:
            return questions(desk)
        except Back:
            desk.restart()


def persona_fault(row: Mapping[str, Any]) -> str:
    """Return what the schema says against a persona's keys, with the remedy; "" for nothing."""
    return _fault({"name": "이름", **row}, inspect_persona)


def scenario_fault(row: Mapping[str, Any]) -> str:
    """Return what the schema says against a scenario, with the remedy; "" for nothing."""
    return _fault(row, inspect_scenario)


def _fault(row: Mapping[str, Any], inspect: Callable[[Path], Any]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answer.yaml"
        file.write_text(rows_yaml(row), encoding="utf-8")
        errors = inspect(file).errors
    return str(errors[0].problem) if errors else ""


def finished(draft: Draft, path: Path, text: str) -> None:
    """Write the file, never over another one, and only then take the draft away."""
    if path.exists():
        raise UsageError(f"{path} is there already; move it, or choose another --out: the draft stays in {draft.path}")
    write_atomically(path, text)
    try:
        draft.path.unlink(missing_ok=True)
    except OSError as error:
        raise DaebonError(f"{draft.path}: cannot be deleted ({error.strerror}); delete it yourself") from error


def _piped() -> Iterator[str]:
    for row in sys.stdin:
        yield row.rstrip("\n")
