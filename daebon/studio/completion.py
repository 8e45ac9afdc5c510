"""What the Tab key and the menu offer: commands, roles, branches, speech levels, export formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from daebon.messages import _
from daebon.studio.commands import COMMANDS, find

Words = Callable[[], Mapping[str, Sequence[str]]]


class StudioCompleter(Completer):
    """Completes the command at the start of a line and what each of its places takes.

    `words` gives the words that a place may take now, by kind: role, away, branch, level, format, command.
    """

    def __init__(self, words: Words) -> None:
        """Ask `words` at each completion: the cast, the branches and who is here change."""
        self._words = words

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield what could stand at the cursor."""
        text = document.text_before_cursor
        if not text.startswith("/"):
            if " " not in text and ":" not in text and "\n" not in text:
                roles = self._words()["role"]
                yield from (Completion(f"{r}: ", -len(text), display=r) for r in roles if r.startswith(text))
            return
        name, space, rest = text.partition(" ")
        if not space:
            for command in COMMANDS:
                spelled = next((s for s in command.names if f"/{s}".startswith(name)), None)
                if spelled:
                    yield Completion(f"/{spelled}", -len(name), display_meta=_(command.summary))
            return
        found = find(name)
        if found is None or not found.takes:
            return
        before, _sep, begun = rest.replace(",", " ").rpartition(" ")
        place = len(before.split())
        if place < len(found.takes) or found.repeats:
            kind = found.takes[min(place, len(found.takes) - 1)]
            for word in self._words()[kind]:
                if word.startswith(begun):
                    yield Completion(word, -len(begun))
