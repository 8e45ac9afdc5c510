"""What is doubtful in personas and scenarios that load: contradictions, names that clash, secrets in the open, what no prompt holds.

An error is a contradiction that will show on the stage, a warning something that weakens the play, a note what a writer may
want to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from agents import prompts
from agents.guards import similarity
from agents.knowledge import fact_of, facts_of, says
from agents.names import mentioned, ordinary, titles
from agents.speech import mismatch, read
from scenarios.values import Persona, Scenario
from transcript.turn import Cue

Severity = Literal["error", "warning", "note"]
Path = tuple[str | int, ...]

CONTEXT = 2048  # tokens of the smallest context that a supported model has for sure (LDCC)
LETTERS_PER_TOKEN = 1.55  # measured: the tails of the shipped personas on the embedded model
_PUBLIC, _TAIL = 64, 320  # tokens of CONTEXT for what everybody sees of one role (twelve of them), and for one tail
_FEW, _NEAR = 2, 0.7
_PAIRS = ({"해요체", "해체"}, {"합쇼체", "해요체"}, {"해체", "해라체"})  # levels that one line may mix


@dataclass(frozen=True)
class Doubt:
    """One finding: how grave, at which key path (English keys), what and what to do."""

    severity: Severity
    path: Path
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return what and remedy in one line."""
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


def review_persona(
    persona: Persona, others: Mapping[str, Sequence[str]] | None = None, levels: Sequence[str] = ()
) -> list[Doubt]:
    """Return every doubt about one persona; `others` maps the names of the other people around to their aliases.

    `levels` are those at which the persona speaks by its relations, beside its own.
    """
    return [
        *_levels(persona, levels),
        *_names(persona, others or {}),
        *_secrets(persona, others or {}),
        *_examples(persona),
        *_lengths(persona),
        *_empty(persona),
    ]


def review_scenario(scenario: Scenario) -> list[Doubt]:
    """Return every doubt about a scenario and its people, whose paths begin with `cast`."""
    found: list[Doubt] = []
    everybody = {p.name: p.aliases for p in scenario.personas}
    for at, persona in enumerate(scenario.personas):
        others = {name: aliases for name, aliases in everybody.items() if name != persona.name}
        relations = [*scenario.relations, *(r for s in scenario.scenes for b in s.beats for r in b.relations)]
        levels = [r.level for r in relations if r.from_ == persona.name and r.level]
        where: Path = ("cast", at, "persona")
        found += [
            Doubt(doubt.severity, (*where, *doubt.path), doubt.what, doubt.remedy)
            for doubt in review_persona(persona, others, levels)
        ]
    return [*found, *_relations(scenario), *_reveals(scenario)]


# --- one persona


def _levels(persona: Persona, levels: Sequence[str]) -> Iterator[Doubt]:
    """Yield the lines that are at no level the persona is said to speak; one line may mix 해요체 and 해체."""
    declared = persona.voice.level
    if declared is None:
        if persona.voice.examples:
            remedy = "write voice.level, so that a line at the wrong one is turned down"
            yield Doubt("warning", ("voice",), "no speech level is set", remedy)
        return
    accepted = {declared, *levels}
    for key, lines in (("examples", persona.voice.examples), ("sayings", persona.voice.sayings)):
        for at, line in enumerate(lines):
            found = mismatch(line, declared)
            if found is None or any(mismatch(line, level) is None for level in accepted) or _mixes(line, declared):
                continue
            what = f"“{line}” is {found}, and voice.level is {declared}"
            yield Doubt("error", ("voice", key, at), what, f"write it in {declared}, or change voice.level")


def _mixes(line: str, declared: str) -> bool:
    """Say whether a line has a sentence at `declared` and the rest at a level that people mix with it."""
    sentences = [levels for levels in read(line) if levels]
    mates = set().union(*(pair for pair in _PAIRS if declared in pair))
    return any(declared in levels for levels in sentences) and all(levels & mates for levels in sentences)


def _names(persona: Persona, others: Mapping[str, Sequence[str]]) -> Iterator[Doubt]:
    owners = {form: name for name, aliases in others.items() for form in (*aliases, name)}
    titled = {*titles(), *(f"{title}님" for title in titles())}
    for path, form in (
        (("name",), persona.name),
        *((("aliases", at), alias) for at, alias in enumerate(persona.aliases)),
    ):
        if form in owners:
            what = f"{form} is also a name or alias of {owners[form]}"
            yield Doubt("error", path, what, "give every person names of their own")
            continue
        if path != ("name",) and form == persona.name:
            yield Doubt("warning", path, f"the alias {form} is the name itself", "delete it")
        if len(form) == 1:
            what = f"{form} is one syllable and stands in many words, so nobody can tell when it is called"
            yield Doubt("warning", path, what, "take a name of two syllables or more")
        elif form in titled and path != ("name",):
            what = f"{form} is what others are called too"
            yield Doubt("note", path, what, f"write it as `address` toward {persona.name} where only some say it")
        elif form in ordinary():
            what = f"{form} is also a common word; it counts as a name only where something near it speaks for a person"
            yield Doubt("note", path, what)
        inside = [other for other in owners if len(form) > 1 and form in other and owners[other] != persona.name]
        if inside:
            what = f"{form} stands within {inside[0]}, a name of {owners[inside[0]]}"
            yield Doubt("warning", path, what, "the longer one wins where both fit; change one to be safe")


def _secrets(persona: Persona, others: Mapping[str, Sequence[str]]) -> Iterator[Doubt]:
    """Yield where a secret stands in what the others see, or in lines that the model may copy."""
    cast = {persona.name: persona.aliases, **others}
    public = [(("role",), persona.role), (("voice", "style"), persona.voice.style)]
    spoken: list[tuple[Path, str]] = [(("voice", "examples", at), x) for at, x in enumerate(persona.voice.examples)]
    spoken += [(("voice", "sayings", at), x) for at, x in enumerate(persona.voice.sayings)]
    spoken += [(("gestures", at), x) for at, x in enumerate(persona.gestures)]
    for secret in persona.secret:
        fact = fact_of(secret, [persona.name], cast)
        for path, text in public:
            if text and says(text, fact):
                what = f"everybody reads this, and it tells the secret “{secret}”"
                yield Doubt("error", path, what, "say it in `persona`, which only this character reads")
        for line_path, text in spoken:
            if says(text, fact):
                what = f"“{text}” tells the secret “{secret}”, and the model may copy it"
                yield Doubt("warning", line_path, what, "take another line")


def _examples(persona: Persona) -> Iterator[Doubt]:
    lines = persona.voice.examples
    if len(lines) < _FEW:
        what = f"{len(lines)} example lines, the strongest lever on how somebody talks"
        yield Doubt("warning", ("voice", "examples") if lines else ("voice",), what, "write two to eight as they speak")
    for (_, first), (at, second) in combinations(enumerate(lines), 2):
        if similarity(first, second) >= _NEAR:
            what = f"“{second}” is almost “{first}”"
            yield Doubt("warning", ("voice", "examples", at), what, "show another side of the voice")


def _lengths(persona: Persona) -> Iterator[Doubt]:
    """Yield what is too long for the smallest context, and what of the private text no prompt holds."""
    public = tokens(prompts.public_row(persona))
    if public > _PUBLIC:
        what = f"role and voice.style together are about {public} tokens, and every agent reads them at every line"
        path: Path = ("role",) if len(persona.role) >= len(persona.voice.style) else ("voice", "style")
        yield Doubt("warning", path, what, f"keep them under {_PUBLIC} ({int(_PUBLIC * LETTERS_PER_TOKEN)} letters)")
    longest = sorted(persona.voice.examples, key=len)[-2:]
    own = tokens(prompts.tail(persona, Cue(persona.name), None, longest))
    if own > _TAIL:
        what = f"what this character alone reads at a line is about {own} tokens of a context of {CONTEXT}"
        yield Doubt("warning", ("voice", "examples"), what, f"shorten the examples, to stay under {_TAIL}")
    whole, read_ = prompts.neutral(persona.persona), prompts.private(persona)
    if len(read_) < len(whole.rstrip(".")):
        end = re.split(r"(?<=[.!?…])\s+", read_)[-1][-20:]
        what = f"the model reads the first {len(read_)} of {len(whole)} letters, up to “{end}”"
        yield Doubt("note", ("persona",), what, "put first what this character must not forget")


def _empty(persona: Persona) -> Iterator[Doubt]:
    for key, text, why in (
        ("role", persona.role, "the others don't know who this is"),
        ("persona", persona.persona, "the model knows nothing of this character that the others don't"),
    ):
        if not text:
            yield Doubt("warning", (), f"{key} is empty: {why}", f"write `{key}: …`")


def tokens(text: str) -> int:
    """Return about how many tokens a Korean text has."""
    return round(len(text) / LETTERS_PER_TOKEN)


# --- the whole scenario


def _relations(scenario: Scenario) -> Iterator[Doubt]:
    set_ = {(r.from_, r.to) for r in scenario.relations if r.level}
    default = {p.name for p in scenario.personas if p.voice.level}
    for at, scene in enumerate(scenario.scenes):
        for pair in ((a, b) for a in scene.present for b in scene.present if a != b):
            if pair not in set_ and pair[0] not in default:
                set_.add(pair)
                what = f"{pair[0]} speaks to {pair[1]} at no level: neither a relation nor voice.level says one"
                yield Doubt("warning", ("scenes", at), what, "write a relation with its level")


def _reveals(scenario: Scenario) -> Iterator[Doubt]:
    revealed = {fact for scene in scenario.scenes for beat in scene.beats for fact in beat.reveal}
    facts = facts_of(scenario)
    for at, persona in enumerate(scenario.personas):
        for number, secret in enumerate(persona.secret):
            if secret not in revealed:
                what = f"no beat reveals “{secret}”"
                yield Doubt("note", ("cast", at, "persona", "secret", number), what, "it stays secret to the end")
    everybody = {p.name: p.aliases for p in scenario.personas}
    for scene_at, scene in enumerate(scenario.scenes):
        for fact in facts:
            if fact.holders and len(fact.holders) < len(everybody) and scene.action and says(scene.action, fact):
                what = (
                    f"the opening action tells “{fact.text}”, which only {', '.join(sorted(fact.holders))} should know"
                )
                yield Doubt("warning", ("scenes", scene_at, "action"), what, "show it less plainly")
        for beat_at, beat in enumerate(scene.beats):
            if not mentioned(beat.goal, everybody):
                what = f"the goal “{beat.goal}” names nobody"
                yield Doubt("note", ("scenes", scene_at, "beats", beat_at, "goal"), what, "say who does it")
