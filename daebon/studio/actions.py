"""Commands that move the story on: who speaks, what happens, who is here, what somebody knows; and those of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents.speech import LEVELS
from daebon.messages import N_, _
from daebon.messages.below import in_words
from daebon.studio import showing
from daebon.studio.moves import Move, Unfinished
from daebon.studio.reading import name_and_text, name_of, number_of
from graph.take import LineWanted
from transcript.errors import UsageError

if TYPE_CHECKING:
    from daebon.studio.session import Studio

_OF_PREFS = N_("/prefs shows them; /prefs delete 3, /prefs off, /prefs on")


def next_speaker(studio: Studio, rest: str) -> Move:
    """Have a role speak next, whoever else would."""
    studio.take.ask(_here(studio, rest))
    return Move.GO


def direct(studio: Studio, rest: str) -> Move:
    """Give the director a note; a role of the person that was asked for its line is asked again, under the note."""
    _need(rest)
    studio.take.note(rest)
    studio.screen.tell(_("the director has your note until the end of this beat: {note}", note=rest))
    if isinstance(studio.question, LineWanted):
        studio.take.ask(studio.question.cue.speaker)
    return Move.GO if studio.question else Move.STAY


def suggest(studio: Studio, _rest: str) -> Move:
    """Show three events that could come next, and let the person take one; it happens on a branch of its own."""
    with studio.screen.working():
        found = studio.take.suggest()
    for i, suggestion in enumerate(found, 1):
        studio.screen.tell(f"{i}. {suggestion.text}  ({in_words(suggestion.in_words())})")
    answer = studio.ask(_("number, or Enter for none: "))
    if not answer:
        return Move.STAY
    chosen = found[number_of(answer, 1, len(found)) - 1]
    studio.screen.rule(_("branch {name}", name=studio.take.follow(chosen)))
    return Move.GO


def event(studio: Studio, rest: str) -> Move:
    """Let something happen."""
    _need(rest)
    studio.take.event(rest)
    return Move.GO


def beat(studio: Studio, _rest: str) -> Move:
    """Go on to the next beat."""
    studio.take.next_beat()
    return Move.GO


def take_role(studio: Studio, rest: str) -> Move:
    """Have the person play a role from now on."""
    name = name_of(rest, studio.cast)
    studio.take.take_role(name)
    studio.screen.tell(_("you play {name} from now on; when it is their turn you are asked", name=name))
    return studio.void()


def release(studio: Studio, rest: str) -> Move:
    """Give a role back to the company."""
    mine = studio.mine
    if not mine:
        raise UsageError(_("you play no role; take one with /take NAME"))
    name = name_of(rest, studio.cast) if rest or len(mine) > 1 else mine[0]
    studio.take.release(name)
    studio.screen.tell(_("the company plays {name} again", name=name))
    return studio.void()


def enter(studio: Studio, rest: str) -> Move:
    """Have a role come in."""
    studio.take.enter(name_of(rest, studio.cast))
    return Move.GO


def leave(studio: Studio, rest: str) -> Move:
    """Have a role go out."""
    studio.take.leave(_here(studio, rest))
    return Move.GO


def level(studio: Studio, rest: str) -> Move:
    """Set how one role speaks to another."""
    from_, others = name_and_text(rest, studio.cast)
    to, wanted = name_and_text(others, studio.cast)
    if wanted not in LEVELS:
        raise UsageError(_("'{word}' is no speech level; they are {levels}", word=wanted, levels=", ".join(LEVELS)))
    studio.take.level(from_, to, wanted)
    studio.screen.tell(_("{a} → {b}: {level} from the next line on", a=from_, b=to, level=wanted))
    return studio.void()


def whisper(studio: Studio, rest: str) -> Move:
    """Tell one role something."""
    name, text = name_and_text(rest, studio.cast)
    _need(text)
    studio.take.whisper(name, text)
    studio.screen.tell(_("only {name} knows until the scene ends: {text}", name=name, text=text))
    return studio.void()


def interview(studio: Studio, rest: str) -> Move:
    """Ask a role something outside the scene."""
    name, text = name_and_text(rest, studio.cast)
    _need(text)
    with studio.screen.working(streams=True):
        studio.screen.on_work(name)
        answer = studio.take.interview(name, text)
    studio.screen.aside(name, answer)
    return Move.STAY


def save(studio: Studio, _rest: str) -> Move:
    """Write the files of the take."""
    from daebon.runner import write_files

    for path in write_files(studio.take):
        studio.screen.path(path)
    return Move.STAY


def export(studio: Studio, rest: str) -> Move:
    """Write the script in the formats given."""
    from transcript.exports import export as write
    from transcript.pdf import missing

    formats = [name.lower() for name in rest.replace(",", " ").split()]
    _need(rest)
    transcript = studio.take.transcript()
    folder = studio.take.company.store.run(studio.take.run).folder
    for path in write(transcript, formats, folder):
        studio.screen.path(path)
    if "pdf" in formats and (letters := missing(transcript)):
        studio.screen.tell(_("pdf: □ stands for what its font lacks: {letters}", letters=" ".join(letters)))
    return Move.STAY


def prefs(studio: Studio, rest: str) -> Move:
    """Show the preferences that the person's choices made, delete one, or switch the recording."""
    word, _space, number = rest.partition(" ")
    if word in ("on", "off", "켜기", "끄기"):
        studio.take.record_preferences(word in ("on", "켜기"))
    elif word in ("delete", "지우기"):
        known = [row.id for row in studio.take.preferences()]
        studio.take.forget(number_of(number, 1, max(known, default=1)))
    elif rest:
        raise UsageError(_(_OF_PREFS))
    rows = studio.take.preferences()
    if rows:
        studio.screen.show(showing.preferences(rows))
    recording = _("your choices are recorded") if studio.take.records else _("your choices are not recorded")
    studio.screen.tell(f"{recording}; {_(_OF_PREFS)}")
    return Move.STAY


def quit_(_studio: Studio, _rest: str) -> Move:
    """Leave."""
    return Move.LEAVE


def _here(studio: Studio, word: str) -> str:
    name = name_of(word, studio.cast)
    if name not in studio.state["present"]:
        raise UsageError(_("{name} is not here; /enter {name} brings them in", name=name))
    return name


def _need(text: str) -> None:
    if not text:
        raise Unfinished
