"""The count of a whole take, and the sum over takes."""

from __future__ import annotations

import statistics
import unicodedata
from collections import Counter
from dataclasses import dataclass, fields

from daebon.scores.copies import copied
from daebon.scores.cut import cut
from daebon.scores.hangul import letters
from daebon.scores.residue import residue
from daebon.scores.rows import ENGINE, NARRATION, Fault, Row, names_of, take_name
from daebon.scores.secrets import secrets_said

WINDOW = 15  # dialogue lines that a line is compared with


@dataclass(frozen=True)
class Tally:
    """What was counted in some takes; `calls` and `seconds` hold one value for each turn that the engine made."""

    takes: int = 0
    turns: int = 0
    lines: int = 0
    residue: int = 0
    cut: int = 0
    secrets: int = 0
    copies: int = 0
    letters: int = 0
    hangul: int = 0
    narration: int = 0
    chars: int = 0
    narration_chars: int = 0
    beats: int = 0
    beats_by_condition: int = 0
    calls: tuple[int, ...] = ()
    seconds: tuple[float, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        """Count the takes of both."""
        return Tally(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))


def count(transcript: Row) -> tuple[Tally, list[Fault]]:
    """Count one take, given as the plain JSON of `transcript.json`.

    Faults are counted in what the engine wrote; what a person typed or the scenario holds is only compared with. Calls
    and seconds are taken over the engine's turns too: a 지문 copied from the scenario costs nothing and would flatter.
    """
    turns = transcript["turns"]
    take = take_name(transcript)
    names = names_of(transcript["scenario"])
    faults: list[Fault] = []
    spoken_so_far: list[tuple[int, str]] = []
    all_letters = all_hangul = chars = narration_chars = 0
    for turn in turns:
        text = unicodedata.normalize("NFC", turn["text"])
        aside = unicodedata.normalize("NFC", turn.get("parenthetical") or "")
        spoken, told = turn["kind"] == "dialogue", turn["kind"] in NARRATION
        size = len("".join(text.split()))
        chars += size
        narration_chars += size if told else 0
        if turn["by"] in ENGINE and (spoken or told):
            n_letters, n_hangul = letters(text + aside)
            all_letters, all_hangul = all_letters + n_letters, all_hangul + n_hangul
            why = residue(text, names, spoken=spoken) or residue(aside, names, spoken=False)
            if why:
                faults.append(Fault(take, turn["n"], "residue", why, f"({aside}) {text}" if aside else text))
            if why := cut(text, spoken=spoken):
                faults.append(Fault(take, turn["n"], "cut", why, text))
            window = spoken_so_far[-WINDOW:]
            if spoken and (index := copied(text, [line for _, line in window])) is not None:
                faults.append(Fault(take, turn["n"], "copy", f"turn {window[index][0]}: {window[index][1]}", text))
        if spoken:
            spoken_so_far.append((turn["n"], text))
    faults += secrets_said(transcript)
    wrong = Counter(kind for _, kind in {(fault.n, fault.kind) for fault in faults})
    beats = transcript["take"].get("beats") or []
    made = [turn["cost"] for turn in turns if turn["by"] in ENGINE]
    tally = Tally(
        takes=1,
        turns=len(turns),
        lines=len(spoken_so_far),
        residue=wrong["residue"],
        cut=wrong["cut"],
        secrets=wrong["secret"],
        copies=wrong["copy"],
        letters=all_letters,
        hangul=all_hangul,
        narration=sum(turn["kind"] in NARRATION for turn in turns),
        chars=chars,
        narration_chars=narration_chars,
        beats=len(beats),
        beats_by_condition=sum(beat["reason"].startswith("condition") for beat in beats),
        calls=tuple(cost["calls"] for cost in made),
        seconds=tuple(cost["seconds"] for cost in made),
    )
    return tally, sorted(faults, key=lambda fault: fault.n)


def figures(tally: Tally) -> dict[str, float | None]:
    """Return the value of each measure; None where there was nothing to measure."""

    def share(part: float, whole: float) -> float | None:
        return part / whole if whole else None

    return {
        "takes": tally.takes,
        "turns": tally.turns,
        "lines": tally.lines,
        "residue": tally.residue,
        "cut": tally.cut,
        "secrets": tally.secrets,
        "hangul_share": share(tally.hangul, tally.letters),
        "copy_share": share(tally.copies, tally.lines),
        "narration_share": share(tally.narration, tally.turns),
        "narration_chars_share": share(tally.narration_chars, tally.chars),
        "condition_share": share(tally.beats_by_condition, tally.beats),
        "calls_mean": share(sum(tally.calls), len(tally.calls)),
        "calls_max": max(tally.calls, default=None),
        "seconds_median": statistics.median(tally.seconds) if tally.seconds else None,
    }
