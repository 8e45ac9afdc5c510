"""Facts that are said by someone who must not say them yet."""

from __future__ import annotations

import unicodedata

from daebon.scores.facts import facts_of
from daebon.scores.line import read_line
from daebon.scores.rows import ENGINE, Fault, Row, always_on_stage, names_of, personas, place_of, take_name
from daebon.scores.saying import SAID, Part, match_part, said

REVEALED = 0.35  # like SAID, in the beat that reveals the fact, where it decides who has heard it


def secrets_said(transcript: Row) -> list[Fault]:
    """List the turns of the engine in which a fact is said by someone who must not say it yet.

    A keeper may say a secret once a beat that reveals it has begun, anyone else once they have heard it: they were
    present at a line that says it, or in a beat that reveals it and is over. Knowledge that is nobody's secret and
    that no beat reveals is open once a goal or a 지문 states it. A 지문 of the engine keeps secrets like a keeper.
    """
    scenario, faults = transcript["scenario"], []
    facts = facts_of(scenario)
    known: list[set[str | None]] = [set(fact.knowers) for fact in facts]
    witnesses: list[set[str | None]] = [set() for _ in facts]
    opened: set[int] = set()
    staged: list[set[Part]] = [set() for _ in facts]
    begun: set[tuple[int, int]] = set()

    def stage(text: str) -> None:
        line = read_line(text, scenario)
        for i, fact in enumerate(facts):
            staged[i].update(part for part in fact.parts if not part.person and match_part(part, line) >= 0.7)
            if not fact.keepers and not fact.opens and said(fact, line, None, ()) >= SAID:
                known[i].update(persona["name"] for persona in personas(scenario))

    for text in always_on_stage(scenario):
        stage(text)
    for turn in transcript["turns"]:
        place, scene = place_of(transcript, turn)
        if place not in begun:
            begun.add(place)
            stage(scene["beats"][place[1]]["goal"])
        speaker, to = turn.get("speaker"), turn.get("to") or ()
        heard = {*(turn.get("present") or scene.get("present") or names_of(scenario).values()), speaker}
        text = unicodedata.normalize("NFC", turn["text"])
        spoken = turn["kind"] == "dialogue"
        line = read_line(text, scenario, speaker, to)
        for i, fact in enumerate(facts):
            if place in fact.opens:
                opened.add(i)
                witnesses[i] |= heard
            else:
                known[i] |= witnesses[i]
            share = said(fact, line, speaker, to, frozenset(staged[i]))
            kept = i not in opened and (speaker in fact.keepers if spoken else bool(fact.keepers))
            if share >= SAID and (kept or (spoken and speaker not in known[i])) and turn["by"] in ENGINE:
                why = f"{fact.text} ({share:.2f}, {'kept' if kept else 'not known'})"
                faults.append(Fault(take_name(transcript), turn["n"], "secret", why, text))
            if share >= (REVEALED if place in fact.opens and speaker in known[i] else SAID):
                known[i] |= heard
        if not spoken:
            stage(text)
    return faults
