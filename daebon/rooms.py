"""Check that the generic package names (agents, graph, model…) are this project's own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from transcript.errors import UsageError

ROOMS = ("agents", "emotion", "graph", "model", "scenarios", "training", "transcript")


def check_rooms() -> None:
    """Raise UsageError when another distribution, or a folder in the working directory, hides one of our packages."""
    home = Path(__file__).parent.parent
    for room in ROOMS:
        spec = find_spec(room)
        place = Path(spec.origin).parent if spec and spec.origin else None
        if place != home / room:
            raise UsageError(
                f"package {room!r} is {place or 'missing'}, not daebon's; start daebon from another folder, "
                "or install it in an environment of its own"
            )
