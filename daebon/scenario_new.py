"""The questions of `daebon scenario new`: cast, relations, beats of a structure and arcs, and the scenario that comes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from agents.authoring import Author
from agents.ideas import (
    Beat,
    Proposal,
    age_of,
    beats,
    goal,
    level_of_idea,
    names_for,
    of_idea,
    parts_of,
    structures,
    values,
)
from agents.speech import LEVELS
from daebon.authoring import Desk, Draft, asked, finished, scenario_fault
from daebon.messages import _
from emotion.shapes import GLOSS, SHAPES
from model import ModelConfig, load_chat_model
from scenarios import load_persona
from scenarios.writing import rows_yaml
from transcript.errors import FileError
from transcript.exports import safe_name

_GLOSSES: dict[str, str] = dict(GLOSS.items())
_MOST = 4  # people that are asked for; more are written into the file


def new_scenario(idea: str, out: Path | None, model: str, seed: int) -> Path:
    """Ask, write the scenario and return its path; with a logline the model proposes what can be chosen."""
    draft = Draft.load(Path(f"{out or 'scenario'}.draft.json"), idea)
    desk = Desk(draft)
    desk.begin()
    loaded = load_chat_model(ModelConfig.parse(model)) if draft.idea else None
    folder = out.parent if out else Path()
    try:
        author = Author(loaded, draft.idea, seed) if loaded else None
        row = asked(desk, lambda desk: questions(desk, author, folder))
    finally:
        if loaded:
            loaded.close()
    path = out or Path(f"{safe_name(row['title'])}.yaml")
    finished(draft, path, rows_yaml(row))
    return path


def questions(desk: Desk, author: Author | None, folder: Path) -> dict[str, Any]:
    """Ask for everything and return the scenario under the keys of its file; personas are found from `folder`."""
    known, idea = desk.draft.answers, desk.draft.idea
    title = (
        [Proposal(" ".join((parts_of(idea)[0] or idea).split()[-2:]), _("the subject of the logline"))] if idea else []
    )
    desk.one("title", _("Title"), lambda: title, lambda v: "" if v else _("a scenario needs a title"))
    desk.one(
        "logline",
        _("Logline: the story in one sentence"),
        lambda: [Proposal(idea, _("as you gave it"))] if idea else (),
    )
    desk.one("genre", _("Genre"), _of_list(author, "장르", "genre", known))
    desk.one("place", _("Setting: the place"))
    desk.one("period", _("Period"), _of_list(author, "시대", "period", known))
    desk.one("season", _("Season"), _of_list(author, "계절", "season", known))
    desk.one("tone", _("Tone"), _of_list(author, "분위기", "tone", known))
    people = _cast(desk, author, folder)
    names = [str(person["name"]) for person in people]
    relations = _relations(desk, people)
    structure = (
        desk.choice("structure", _structure_label(), structures(), lambda: _structures(author, known))
        or structures()[0]
    )
    scenes = _scenes(desk, beats(structure), names)
    arc = {}
    for name in names[:2]:
        shapes = partial(author.shape, name, known) if author else None
        if shape := desk.choice(f"arc {name}", _("Arc of {name}", name=name), SHAPES, shapes, _GLOSSES):
            arc[name] = shape
    setting = {key: known[key] for key in ("place", "period", "season") if known[key]}
    row: dict[str, Any] = {"title": known["title"]}
    row |= {key: known[key] for key in ("logline", "genre") if known[key]}
    row |= {"setting": setting} if setting else {}
    row |= {"tone": known["tone"]} if known["tone"] else {}
    row["cast"] = [person.get("file") or {k: v for k, v in person.items() if k != "file"} for person in people]
    row |= {"relations": relations} if relations else {}
    return row | {"scenes": scenes} | ({"arc": arc} if arc else {})


def _of_list(author: Author | None, question: str, kind: str, known: Mapping[str, Any]) -> Any:
    def propose() -> Sequence[Proposal]:
        if author is None:
            return ()
        said = of_idea(kind, author.idea) or ([Proposal("현대", _("the default"))] if kind == "period" else [])
        first = [offer.value for offer in said]
        return [*said, *(o for o in author.chosen(question, values(kind), known) if o.value not in first)]

    return propose


def _given(offers: Sequence[Proposal]) -> Callable[[], Sequence[Proposal]]:
    return lambda: offers


def _cast(desk: Desk, author: Author | None, folder: Path) -> list[dict[str, Any]]:
    """Ask for two to four people: a persona file that is there, or a name with its role and level."""
    people = list[dict[str, Any]]()
    for n in range(1, _MOST + 1):
        taken = [str(person["name"]) for person in people]
        label = _("Person {n}: a name, or the path of a persona file", n=n)
        label += _(" (Enter: no more)") if n > 2 else ""
        offers = _names(author, taken) if author and n <= 2 else []
        name = desk.one(f"cast {n}", label, _given(offers), partial(_name_fault, n, taken, folder))
        if not name:
            break
        if name.endswith((".yaml", ".yml")):
            persona = load_persona(folder / name)
            people.append({"name": persona.name, "file": name, "voice": {"level": persona.voice.level}})
            continue
        role = [Proposal(parts_of(author.idea)[n - 1], _("from the logline"))] if author and n <= 2 else []
        said = desk.one(f"role {n}", _("{name}: one line that the others know too", name=name), _given(role))
        level = desk.choice(
            f"level {n}", _("How {name} usually speaks", name=name), LEVELS, partial(_levels, author, said)
        )
        person: dict[str, Any] = {"name": name}
        person |= {"role": said} if said else {}
        people.append(person | ({"voice": {"level": level}} if level else {}))
    return people


def _name_fault(n: int, taken: Sequence[str], folder: Path, value: str) -> str:
    if not value:
        return _("a scenario needs two people") if n <= 2 else ""
    if value.endswith((".yaml", ".yml")):
        try:
            value = load_persona(folder / value).name
        except FileError as error:
            return str(error)
    if value in taken:
        return _("{name} is there already", name=value)
    return scenario_fault({"title": "제목", "cast": [{"name": value}], "scenes": [{"beats": [{"goal": "만난다"}]}]})


def _names(author: Author, taken: Sequence[str]) -> list[Proposal]:
    who = parts_of(author.idea)[len(taken)] or author.idea
    age = age_of(who)
    found = names_for(who, age.value if age else "", taken, author.seed)
    return [Proposal(name, _("from the list of names")) for name in found[:4]]


def _levels(author: Author | None, role: str) -> Sequence[Proposal]:
    return (
        [said] if author and (said := level_of_idea(role)) else [Proposal("해요체", _("the default"))] if author else ()
    )


def _relations(desk: Desk, people: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for a in people:
        for b in people:
            if a is b:
                continue
            usual = (a.get("voice") or {}).get("level")
            offers = [Proposal(usual, _("the usual level of {name}", name=a["name"]))] if usual else []
            level = desk.choice(
                f"relation {a['name']} {b['name']}",
                _("{a} → {b}: speech level", a=a["name"], b=b["name"]),
                LEVELS,
                _given(offers),
            )
            address = desk.one(
                f"address {a['name']} {b['name']}", _("{a} → {b}: what they call them", a=a["name"], b=b["name"])
            )
            if level or address:
                row = {"from": a["name"], "to": b["name"], "level": level, "address": address}
                rows.append({key: value for key, value in row.items() if value})
    return rows


def _structure_label() -> str:
    names = ", ".join(f"{name} {len(beats(name))}" for name in structures())
    return _("Structure, with the number of its beats: {names}", names=names)


def _structures(author: Author | None, known: Mapping[str, Any]) -> Sequence[Proposal]:
    return author.chosen("구성", structures(), known) if author else ()


def _scenes(desk: Desk, plan: Sequence[Beat], names: Sequence[str]) -> list[dict[str, Any]]:
    """Ask for the place of each scene and the goal of each beat; the goals of the structure are proposed."""
    known, scenes = desk.draft.answers, list[dict[str, Any]]()
    a, b = names[0], names[1]
    for number in dict.fromkeys(beat.scene for beat in plan):
        mine = [beat for beat in plan if beat.scene == number]
        before = scenes[-1]["heading"].get("place", "") if scenes else known.get("place", "")
        place = desk.one(
            f"scene {number}",
            _("S#{n}. The place", n=number),
            _given([Proposal(before, _("the place before"))] if before else []),
        )
        action = desk.one(f"action {number}", _("S#{n}. The opening action", n=number))
        rows = []
        for at, beat in enumerate(mine, 1):
            text = desk.one(
                f"beat {number}.{at}",
                _("S#{n} beat {beat}: what happens between the people, in one sentence", n=number, beat=at),
                _given(
                    [
                        Proposal(goal(beat.goal, a, b), _("the pattern of the structure")),
                        Proposal(goal(beat.goal, b, a), _("the two changed round")),
                    ]
                ),
            )
            if text:
                rows.append({"goal": text, "turns": list(beat.turns)})
        if rows:
            heading = {"place": place} if place else {}
            scene: dict[str, Any] = {"heading": heading | {"time": mine[0].time}, "present": list(names)}
            scenes.append(scene | ({"action": action} if action else {}) | {"beats": rows})
    return scenes or [{"present": list(names), "beats": [{"goal": goal(plan[0].goal, a, b)}]}]
