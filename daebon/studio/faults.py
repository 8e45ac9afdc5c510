"""What the rooms below say when something cannot be done, in the language of the studio."""

from __future__ import annotations

from daebon.messages import N_, reworded

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


def in_words(fault: str) -> str:
    """Return what went wrong as a person in the studio reads it."""
    return reworded(fault, _SAID)
