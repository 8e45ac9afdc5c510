"""What a command asks of the studio when it is done."""

from enum import Enum, auto

from transcript.errors import UsageError


class Move(Enum):
    """STAY at the prompt with the same question, AGAIN at a prompt that is worked out anew, GO on playing, or LEAVE."""

    STAY = auto()
    AGAIN = auto()
    GO = auto()
    LEAVE = auto()


class Instead(UsageError):
    """A command was typed where an answer was wanted; its text is the message."""


class Unfinished(UsageError):
    """A command came without what it needs; the studio shows its example."""
