"""What `daebon persona` and `daebon scenario` print: cards, findings, and what was read off a script."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from daebon.messages import N_, _
from daebon.terminal import stdout
from scenarios.values import Persona
from transcript.errors import FileError

if TYPE_CHECKING:
    from agents.review import Doubt
    from scenarios import Inspected
    from training.continuation import Portrait

_WIDE = 96
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_TRAITS = (
    ("openness", N_("Openness")),
    ("conscientiousness", N_("Conscientiousness")),
    ("extraversion", N_("Extraversion")),
    ("agreeableness", N_("Agreeableness")),
    ("neuroticism", N_("Neuroticism")),
)
_CELLS = 10  # of a bar from 0 to 1


@dataclass(frozen=True)
class Finding:
    """One finding with its place, `file:line: key: text`, as errors are told."""

    severity: str
    error: FileError

    @property
    def order(self) -> tuple[str, int]:
        """Sort by place."""
        return self.error.path, self.error.line or 0


def findings(inspected: Inspected[Any], doubts: Iterable[Doubt]) -> list[Finding]:
    """Return the problems of a file and the doubts about what it says, in file order."""
    found = [Finding("error", error) for error in inspected.errors]
    for doubt in doubts:
        place = inspected.place(doubt.path)
        found.append(Finding(doubt.severity, FileError(place.file, str(doubt), line=place.line, key=place.key)))
    return sorted(found, key=lambda finding: finding.order)


def tell(found: Sequence[Finding], *, stderr: bool = False) -> bool:
    """Print findings, one a line; return whether one is an error."""
    console = Console(highlight=False, soft_wrap=True, stderr=stderr)
    for finding in found:
        head = Text(finding.severity, style=_COLOURS[finding.severity])
        console.print(Text.assemble(head, ": ", str(finding.error)))
    return any(finding.severity == "error" for finding in found)


def card(persona: Persona, does: Sequence[str]) -> RenderableType:
    """Return the card of a persona; `does` says in sentences what the traits do."""
    voice = persona.voice
    about = Table.grid(padding=(0, 2))
    about.add_column(style="dim", no_wrap=True)
    about.add_column(overflow="fold")
    rows = (
        (_("other names"), ", ".join(persona.aliases)),
        (_("age"), persona.age),
        (_("private story"), persona.persona),
        (_("want"), persona.want),
        (_("fear"), persona.fear),
        (_("secrets"), "\n".join(persona.secret)),
        (_("voice"), ". ".join(filter(None, (voice.level or "", voice.style)))),
        (_("sayings"), " / ".join(voice.sayings)),
        (_("example lines"), "\n".join(voice.examples)),
        (_("gestures"), "\n".join(persona.gestures)),
        (_("emotion"), ", ".join(f"{label} {strength:g}" for label, strength in persona.emotion.baseline.items())),
    )
    for label, value in rows:
        if value:
            about.add_row(label, Text(value))
    bars = Table.grid(padding=(0, 2))
    for _column in range(3):
        bars.add_column(no_wrap=True)
    values = [(_(name), float(getattr(persona.traits, key))) for key, name in _TRAITS]
    for name, share in (
        *values,
        (_("Volatility"), persona.emotion.volatility),
        (_("Talkativeness"), persona.talkativeness),
    ):
        bars.add_row(Text(name, style="dim"), _bar(share), f"{share:.2f}")
    parts: list[RenderableType] = [about, Text(), bars, Text(), *(Text(f"· {sentence}") for sentence in does)]
    title = Text.assemble((persona.name, "bold"), f"  {persona.role}" if persona.role else "")
    return Panel(Group(*parts), title=title, title_align="left", width=min(_WIDE, stdout().width))


def extracted(portraits: Sequence[Portrait]) -> RenderableType:
    """Return tables of who was found in a script: lines, voice and feeling, and how each speaks to whom."""
    people = Table(box=None, title=Text(_("people"), style="bold"), title_justify="left")
    headings = (_("name"), _("lines"), _("level"), _("emotion"), _("mood"), _("sayings"), _("example lines"))
    for at, heading in enumerate(headings):
        people.add_column(heading, justify="right" if at in (1, 4, 6) else "left")
    pairs = Table(box=None, title=Text(_("relations"), style="bold"), title_justify="left")
    heads = (_("who"), _("to whom"), _("lines"), _("level"), _("share"), _("address"))
    for at, heading in enumerate(heads):
        pairs.add_column(heading, justify="right" if at in (2, 4) else "left")
    for portrait in portraits:
        persona = portrait.persona
        felt = ", ".join(f"{label} {strength:.2f}" for label, strength in portrait.felt.items())
        people.add_row(
            persona.name,
            str(portrait.lines),
            persona.voice.level or "—",
            felt or "—",
            f"{portrait.valence:+.2f}",
            " / ".join(persona.voice.sayings) or "—",
            str(len(persona.voice.examples)),
        )
        for to, manner in sorted(portrait.toward.items(), key=lambda item: -item[1].lines):
            share = f"{manner.share:.0%}" if manner.level else "—"
            pairs.add_row(persona.name, to, str(manner.lines), manner.level or "—", share, manner.address or "—")
    return Group(people, Text(), pairs)


def files(paths: Iterable[Path]) -> None:
    """Print the paths that were written, for another program."""
    for path in paths:
        print(path)
    sys.stdout.flush()


def _bar(value: float) -> Text:
    filled = round(value * _CELLS)
    return Text.assemble(("█" * filled, "cyan"), ("░" * (_CELLS - filled), "dim"))
