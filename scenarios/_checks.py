"""What no single value can know: names nobody has, facts nobody knows, who is on stage, where branches lead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emotion import labels
from scenarios._keys import Translation
from scenarios._problems import Problem, near, show
from scenarios._yaml import KeyPath
from scenarios.values import END

Choices = Mapping[str, str]  # a known word, and how it is shown
NONE: Choices = {}


@dataclass(frozen=True)
class Spot:
    """A value of any type and its path; what is missing or of another type reads as empty, it is reported elsewhere."""

    value: Any
    path: KeyPath = ()

    def get(self, key: str) -> Spot:
        """Return what stands under `key`."""
        return Spot(self.value.get(key) if isinstance(self.value, dict) else None, (*self.path, key))

    def each(self) -> Iterator[Spot]:
        """Yield the items of a list."""
        for at, item in enumerate(self.value if isinstance(self.value, list) else ()):
            yield Spot(item, (*self.path, at))

    def entries(self) -> Iterator[tuple[str, Spot]]:
        """Yield the entries of a mapping."""
        for key, item in self.value.items() if isinstance(self.value, dict) else ():
            yield key, Spot(item, (*self.path, key))

    @property
    def text(self) -> str:
        """Return the text without the spaces around it, "" for anything else."""
        return self.value.strip() if isinstance(self.value, str) else ""


def _choices(texts: Iterable[str]) -> Choices:
    return {text: show(text) for text in texts if text}


class Checker:
    """Finds the problems of one scenario, or of one persona, under English keys."""

    def __init__(self, at: Translation) -> None:
        """Report at the places of `at`."""
        self.at = at
        self.names: Choices = NONE  # of the cast; empty when they are not all known, then names are not checked
        self.aliases: dict[str, str] = {}

    def problem(self, spot: Spot, what: str, remedy: str, word: str = "", choices: Choices = NONE) -> None:
        """Add a problem at `spot`; the nearest to `word` among `choices` goes into the message."""
        self.at.problems.append(Problem(self.at.place(spot.path), what, remedy, near(word, choices)))

    def persona(self, persona: Spot) -> None:
        """Check a persona by itself."""
        self._feelings(persona.get("emotion").get("baseline"))

    def scenario(self, scenario: Spot, *, complete: bool) -> None:
        """Check the whole; `complete` says that every persona of the cast could be read."""
        cast = [entry.get("persona") for entry in scenario.get("cast").each()]
        for persona in cast:
            self.persona(persona)
        self._cast(cast)
        if complete and all(persona.get("name").text for persona in cast):
            self.names = _choices(persona.get("name").text for persona in cast)
        self._relations(scenario.get("relations"))
        for entry in scenario.get("knowledge").each():
            self._named(entry.get("who"))
        for name, spot in scenario.get("arc").entries():
            self._name(spot, name)
        known = [entry.get("fact").text for entry in scenario.get("knowledge").each()]
        facts = _choices([*known, *(fact.text for persona in cast for fact in persona.get("secret").each())])
        scenes = list(scenario.get("scenes").each())
        targets = self._scene_names(scenes)
        for scene in scenes:
            self._scene(scene, facts if complete else None)
            for branch in scene.get("branches").each():
                target = branch.get("to")
                if target.text and target.text not in targets:
                    what, remedy = f"no scene is called {show(target.text)}", f"write a scene's name, or {END}"
                    self.problem(target, what, remedy, target.text, targets)

    def _cast(self, cast: list[Spot]) -> None:
        owners: dict[str, tuple[str, int]] = {}
        for at, persona in enumerate(cast):
            name = persona.get("name").text
            for spot in (persona.get("name"), *persona.get("aliases").each()):
                folded = unicodedata.normalize("NFC", spot.text.casefold())
                owner, entry = owners.setdefault(folded, (name, at))
                if folded and entry != at:
                    first = self.at.place(("cast", entry)).line
                    what = f"{show(spot.text)} is already a name or alias of {show(owner)} (cast, line {first})"
                    self.problem(spot, what, "give every person in the cast names of their own")
            self.aliases.update({alias.text: name for alias in persona.get("aliases").each()})

    def _name(self, spot: Spot, name: str) -> bool:
        """Report a name that nobody has; return whether somebody has it, or whether that can't be known."""
        if not name or not self.names or name in self.names:
            return True
        if name in self.aliases:
            owner = self.aliases[name]
            self.problem(spot, f"{show(name)} is an alias of {show(owner)}", f"write the name {show(owner)}")
        else:
            cast = ", ".join(self.names)
            self.problem(spot, f"nobody in the cast is called {show(name)}", f"the cast is {cast}", name, self.names)
        return False

    def _named(self, spots: Spot) -> list[Spot]:
        """Check a list of names; return those that can be on stage."""
        known: dict[str, Spot] = {}
        for spot in spots.each():
            if spot.text and spot.text in known:
                self.problem(spot, f"{show(spot.text)} stands twice in the list", "keep one of the two")
            elif self._name(spot, spot.text) and spot.text:
                known[spot.text] = spot
        return list(known.values())

    def _relations(self, relations: Spot) -> None:
        seen: dict[tuple[str, str], Spot] = {}
        for relation in relations.each():
            pair = relation.get("from").text, relation.get("to").text
            for key, name in zip(("from", "to"), pair, strict=True):
                self._name(relation.get(key), name)
            if not all(pair):
                continue
            if pair[0] == pair[1]:
                what = f"from and to are both {show(pair[0])}"
                self.problem(relation.get("to"), what, "name two different people")
            first = seen.setdefault(pair, relation)
            if first is not relation:
                line = self.at.place(first.path).line
                what = f"the relation from {show(pair[0])} to {show(pair[1])} stands here and in line {line}"
                self.problem(relation, what, "keep one of the two")

    def _scene_names(self, scenes: list[Spot]) -> Choices:
        names: dict[str, Spot] = {}
        for scene in scenes:
            name = scene.get("name")
            if name.text == END:
                self.problem(name, f"{show(END)} means the end of the play in a branch", "choose another name")
            first = names.setdefault(name.text or str(scene.path), name)
            if first is not name:
                what = f"the scene in line {self.at.place(first.path).line} is also called {show(name.text)}"
                self.problem(name, what, "choose another name")
        return _choices([*(spot.text for spot in names.values()), END])

    def _scene(self, scene: Spot, facts: Choices | None) -> None:
        stage = {spot.text for spot in self._named(scene.get("present"))}
        if scene.get("present").value is None:
            stage = set(self.names)
        for beat in scene.get("beats").each():
            self._relations(beat.get("relations"))
            for name, feelings in beat.get("emotion").entries():
                self._name(feelings, name)
                self._feelings(feelings)
            self._movements(beat, stage)
            for fact in beat.get("reveal").each():
                if facts is not None and fact.text and fact.text not in facts:
                    what = f"the fact {show(fact.text)} is in no `knowledge` and nobody's `secret`"
                    self.problem(fact, what, "spell it as it stands there, or add it there", fact.text, facts)

    def _movements(self, beat: Spot, stage: set[str]) -> None:
        """Follow who is on `stage`: people enter before the beat, speak in it, and leave after it."""
        for spot in self._named(beat.get("enter")):
            if spot.text in stage:
                what = f"{show(spot.text)} is already there"
                self.problem(spot, what, "delete it, or list the `present` of the scene without that name")
            stage.add(spot.text)
        for key, doing in (("speakers", "speak in"), ("exit", "leave")):
            for spot in self._named(beat.get(key)):
                if spot.text not in stage and self.names:
                    what = f"{show(spot.text)} cannot {doing} a beat without being there"
                    self.problem(spot, what, "add the name to `present` of the scene or to `enter` of a beat")
        stage.difference_update(spot.text for spot in beat.get("exit").each())

    def _feelings(self, feelings: Spot) -> None:
        """Report two words for one emotion; an unknown one is reported by its value."""
        seen: dict[str, str] = {}
        for word, spot in feelings.entries():
            label = labels.resolve(word)
            if label is not None and seen.setdefault(label, word) != word:
                what = f"{show(word)} and {show(seen[label])} are the same emotion"
                self.problem(spot, what, "keep one of the two")
