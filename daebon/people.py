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

from scenarios.values import Persona
from transcript.errors import FileError

if TYPE_CHECKING:
    from agents.review import Doubt
    from scenarios import Inspected
    from training.continuation import Portrait

_PIPED, _WIDE = 120, 96
_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_TRAITS = (
    ("openness", "개방성"),
    ("conscientiousness", "성실성"),
    ("extraversion", "외향성"),
    ("agreeableness", "친화성"),
    ("neuroticism", "신경성"),
)
_CELLS = 10  # of a bar from 0 to 1


def stdout() -> Console:
    """Return the terminal, or a console of _PIPED columns where there is none."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED)


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
        ("별칭", ", ".join(persona.aliases)),
        ("나이", persona.age),
        ("설정", persona.persona),
        ("욕망", persona.want),
        ("두려움", persona.fear),
        ("비밀", "\n".join(persona.secret)),
        ("말투", ". ".join(filter(None, (voice.level or "", voice.style)))),
        ("입버릇", " / ".join(voice.sayings)),
        ("예문", "\n".join(voice.examples)),
        ("몸짓", "\n".join(persona.gestures)),
        ("감정", ", ".join(f"{label} {strength:g}" for label, strength in persona.emotion.baseline.items())),
    )
    for label, value in rows:
        if value:
            about.add_row(label, Text(value))
    bars = Table.grid(padding=(0, 2))
    for _ in range(3):
        bars.add_column(no_wrap=True)
    values = [(korean, float(getattr(persona.traits, key))) for key, korean in _TRAITS]
    for name, share in (*values, ("변동", persona.emotion.volatility), ("말수", persona.talkativeness)):
        bars.add_row(Text(name, style="dim"), _bar(share), f"{share:.2f}")
    parts: list[RenderableType] = [about, Text(), bars, Text(), *(Text(f"· {sentence}") for sentence in does)]
    title = Text.assemble((persona.name, "bold"), f"  {persona.role}" if persona.role else "")
    return Panel(Group(*parts), title=title, title_align="left", width=min(_WIDE, stdout().width))


def extracted(portraits: Sequence[Portrait]) -> RenderableType:
    """Return tables of who was found in a script: lines, voice and feeling, and how each speaks to whom."""
    people = Table(box=None, title=Text("인물", style="bold"), title_justify="left")
    for heading in ("이름", "대사", "높임", "감정", "밝기", "입버릇", "예문"):
        people.add_column(heading, justify="right" if heading in ("대사", "밝기", "예문") else "left")
    pairs = Table(box=None, title=Text("관계", style="bold"), title_justify="left")
    for heading in ("누가", "누구에게", "대사", "높임", "비율", "호칭"):
        pairs.add_column(heading, justify="right" if heading in ("대사", "비율") else "left")
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
