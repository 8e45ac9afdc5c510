"""What the rooms below say when something cannot be done, in the language of the studio."""

from __future__ import annotations

import re

from daebon.messages import N_, _

_SAID = (
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
        N_("{run} is being played by process {pid} on {host} since {since}; close it there, or read along here"),
    ),
    (r"preference (?P<n>\d+): .*", N_("no choice has the number {n}: /prefs shows them")),
)  # as graph.moves and graph.rehearsal say it; what is not here is said as it is


def in_words(fault: str) -> str:
    """Return what went wrong as a person in the studio reads it."""
    for pattern, message in _SAID:
        if found := re.fullmatch(pattern, fault):
            return _(message, **found.groupdict())
    return fault
