"""What the rooms below say, in the language in use: why something cannot be done, how a proposal came about, why a line was turned down."""

from __future__ import annotations

import re

from daebon.messages import N_, _

_PROPOSED = (
    (r"from “(?P<word>.+)”, a text of the list", N_("from “{word}”, a text of the list")),
    (r"guessed from “(?P<word>.+)”", N_("guessed from “{word}”")),
    (r"guessed from the time", N_("guessed from the time")),
    (r"guessed from the age", N_("guessed from the age")),
    (r"from “(?P<word>.+)”", N_("from “{word}”")),
    (r"from the list", N_("from the list")),
    (r"written by the model", N_("written by the model")),
    (r"chosen by the model among (?P<n>\d+), (?P<share>\d+%)", N_("chosen by the model among {n}, {share}")),
    (
        r"chosen by the model among (?P<n>\d+), (?P<share>\d+%): (?P<word>.+)",
        N_("chosen by the model among {n}, {share}: {word}"),
    ),
    (r"chosen by the model, (?P<share>\d+%)", N_("chosen by the model, {share}")),
    (r"the model finds “(?P<word>.+)”, (?P<share>\d+%)", N_("the model finds “{word}”, {share}")),
)  # as agents.ideas and agents.authoring say how a proposal came about

_SUGGESTED = (
    (r"밝아진다 (?P<by>.+)", N_("brighter {by}")),
    (r"어두워진다 (?P<by>.+)", N_("darker {by}")),
    (r"그대로 간다 (?P<by>.+)", N_("as it is {by}")),
)  # as agents.suggestions says it

_WRONG = (
    (r"nobody has spoken yet", N_("nobody has spoken yet; press Enter first")),
    (r"nothing to take back: .*", N_("nothing to take back: this is the beginning")),
    (r"nothing to take forward again: .*", N_("nothing to bring back: the last thing was no /undo")),
    (r"line (?P<n>\d+) was typed by a person: .*", N_("line {n} is your own: /edit changes it")),
    (r"candidate \d+: line (?P<n>\d+) has .*", N_("line {n} has no such candidate: /alt shows them")),
    (r"line (?P<n>\d+): this take has lines 1 to (?P<last>\d+)", N_("line {n}: there are lines 1 to {last}")),
    (r"line (?P<n>\d+): an empty line.*", N_("line {n}: an empty line; /undo takes a line back")),
    (
        r".*: give a branch a name that is no number .*",
        N_("give the branch a name that is no number and has no : or ~"),
    ),
    (r"(?P<name>.+): there is a branch of this name; .*", N_("{name}: there is a branch of this name; /goto {name}")),
    (r"(?P<name>.+): no such branch; there is (?P<names>.+)", N_("{name}: no such branch; there is {names}")),
    (r"(?P<place>.+): the branch has (?P<n>\d+) turns", N_("{place}: the branch ends at line {n}")),
    (r"(?P<name>.+) is on the stage already", N_("{name} is here already")),
    (r"(?P<name>.+) is the last one on the stage: .*", N_("{name} is the last one here: have somebody enter first")),
    (r"(?P<name>.+) is played by you already", N_("{name} is yours already")),
    (r"(?P<name>.+) is played by the model already", N_("{name} is the company's already")),
    (r"there is no beat to close: .*", N_("there is no beat to close: the scene is over")),
    (
        r"(?P<run>.+) is being played by process (?P<pid>\d+) on (?P<host>.+) since (?P<since>.+); .*",
        N_(
            "{run} is being played by process {pid} on {host} since {since}; read along here, close it there, "
            "or go on in a take of your own: daebon resume {run} --branch NAME"
        ),
    ),
    (r"preference (?P<n>\d+): .*", N_("no choice has the number {n}: /prefs shows them")),
    (r"undo (?P<n>-?\d+): give 1 or more", N_("/undo takes back 1 line or more, not {n}")),
    (r"(?P<name>.+) is not on the stage; there (?:is |are )?(?P<names>.+)", N_("{name} is not here; here are {names}")),
    (r"(?P<name>.+): no such role; the cast is (?P<names>.+)", N_("no role '{name}'; the roles are {names}")),
    (r".+: give two people and one of (?P<levels>.+)", N_("/level takes two roles and one of {levels}")),
    (r".+: say what in words", N_("write it in words")),
    (r"ask something in words", N_("ask something in words")),
    (r"the curtain has not risen yet: .*", N_("the curtain has not risen yet; press Enter first")),
    (
        r"unknown format '(?P<name>.*)'; .*known are (?P<names>.+)",
        N_("there is no format '{name}'; there are {names}"),
    ),
    (
        r"(?P<place>.+): the disk is full; .*",
        N_("{place}: the disk is full; free some space and go on, every line shown is saved"),
    ),
    (
        r"(?P<place>.+): the run store is damaged; .*",
        N_("{place}: the run store is damaged; play into another --out folder, the files in the take folders stay"),
    ),
    (
        r"(?P<place>.+): another daebon holds the run store; .*",
        N_("{place}: another daebon holds the run store; wait a moment and do it again"),
    ),
    (
        r"(?P<place>.+): cannot be written \((?P<why>.+)\); .*",
        N_("{place}: cannot be written ({why}); free some space or change its permissions"),
    ),
    (
        r"(?P<place>.+): cannot be deleted \((?P<why>.+)\); .*",
        N_("{place}: cannot be deleted ({why}); delete it yourself"),
    ),
    (
        r"(?P<place>.+): cannot be copied to (?P<folder>.+) to be read \((?P<why>.+)\)",
        N_("{place}: cannot be copied to {folder} to be read ({why})"),
    ),
    (
        r"(?P<place>.+): is being written by another process; .*",
        N_("{place}: is being written by another process; try again when it has stopped"),
    ),
    (r"(?P<place>.+): the run store failed \((?P<why>.+)\)", N_("{place}: the run store failed ({why}); do it again")),
    (
        r"the model gave no answer; .*",
        N_("the model gave no answer; press Enter again, or resume with another --model"),
    ),
    (
        r"the model refused the prompt: (?P<why>.+)",
        N_("the model refused the prompt ({why}); go back with /undo, or resume with another --model"),
    ),
    (r"font (?P<name>.+) is missing; install it again: (?P<command>.+)", N_("font {name} is missing; run: {command}")),
    (
        r"(?P<url>.+): no answer within (?P<n>\S+) s, .*",
        N_("{url}: no answer within {n} s; see what the server is busy with"),
    ),
    (r"(?P<url>.+): cannot be reached \((?P<why>.+)\); .*", N_("{url}: cannot be reached ({why}); start the server")),
    (r"(?P<url>.+): refuses the key \((?P<n>\d+)\); .*", N_("{url}: refuses the key ({n}); set DAEBON_SERVER_KEY")),
    (r"(?P<url>.+): still asks to wait \(429\) .*", N_("{url}: asks to wait; press Enter again later")),
)  # as the rooms below say it; what is not here (a server's own words, a fault of a library) is said as it is

_REFUSED = {
    "empty": N_("says nothing"),
    "template or markup residue": N_("template or markup residue"),
    "coarse where the writer is not": N_("coarse where the writer is not"),
    "name tag": N_("speaks for somebody else"),
    "steps out of the role": N_("steps out of the role"),
    "cut off": N_("cut off"),
    "reads out what only they were told": N_("reads out what only they were told"),
    "gives away": N_("gives away"),
    "foreign letters or lone jamo": N_("foreign letters or lone jamo"),
    "open quotation": N_("open quotation"),
    "calls themselves by name": N_("calls themselves by name"),
    "too short": N_("too short"),
    "too long": N_("too long"),
    "speech level": N_("speech level"),
    "address": N_("address"),
    "asks instead of telling": N_("asks instead of telling"),
    "contradicts itself": N_("contradicts itself"),
    "repeats itself": N_("repeats itself"),
    "harps on": N_("harps on"),
    "copy of": N_("copy of"),
    "copy of the example": N_("copy of the example"),
}  # as agents.guards says them


def in_words(text: str) -> str:
    """Return what a room below said as a person reads it: the message of the first pattern that matches all of it, else `text`."""
    for pattern, message in (*_PROPOSED, *_SUGGESTED, *_WRONG):
        if found := re.fullmatch(pattern, text):
            return _(message, **found.groupdict())
    return text


def refusal(reason: str) -> str:
    """Return why the guards turned a candidate down, as a person reads it."""
    head, colon, detail = reason.partition(": ")
    said = _(_REFUSED[head]) if head in _REFUSED else head
    found, wanted, level = detail.partition(", wanted ")
    if wanted:
        detail = _("{found}, wanted {level}", found="" if found == "no ending" else found, level=level)
    return f"{said}{colon}{detail}"
