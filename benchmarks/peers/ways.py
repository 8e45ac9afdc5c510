"""The three peers: a LangGraph of one node a role, agents in a round robin, and one call for the whole script."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any, Literal, TypedDict

from langgraph.graph import END, START, StateGraph

from agents.character import SAMPLING
from benchmarks.peers.prompts import Written, line, opening, request, script, system, task
from benchmarks.peers.voices import Said, Voice
from scenarios.values import Scenario


@dataclass(frozen=True)
class Frame:
    """What a take of ours sets for the peers, so that all play as much.

    `places` are the scene and beat (from 1) of each of its spoken lines, `path` the scenes of the scenario (from 0) that were
    played, `tokens` what its lines have with their tags, `seed` its seed.
    """

    scenario: Scenario
    seed: int
    path: tuple[int, ...]
    places: tuple[tuple[int, int], ...]
    tokens: int


@dataclass(frozen=True)
class Row:
    """A row of the chat and who wrote it; `said` is what it cost, None for the writer's rows and, of a script, for all but one."""

    line: Written
    said: Said | None = None
    by: Literal["model", "scenario"] = "model"

    def __str__(self) -> str:
        cue = f" ({self.line.parenthetical})" if self.line.parenthetical else ""
        return f"{self.line.speaker}:{cue} {self.line.text}" if self.line.speaker else self.line.text


Talk = Callable[[list[Row], int], list[Row]]  # the chat so far and how many lines follow -> these lines


class Chat(TypedDict):
    """State of the plain graph: the chat, which only grows, and how long it is to be."""

    rows: Annotated[list[Row], operator.add]
    until: int


def spoken(scenario: Scenario, voice: Voice, seed: int, name: str, rows: Sequence[Row]) -> Row:
    """Return the next line of one agent: its system prompt, the task and the whole chat are sent, the line's end stops it."""
    persona = next(one for one in scenario.personas if one.name == name)
    messages = [system(persona, scenario.relations), task(scenario), *map(str, rows), f"{name}:"]
    said = voice(messages, seed + len(rows), SAMPLING.max_tokens, ("\n",))
    return Row(line(said.text, name), said)


def plain(scenario: Scenario, voice: Voice, seed: int) -> Talk:
    """Return the plain way: a graph with a node for each role, which hand over in turn, compiled once."""
    names = [persona.name for persona in scenario.personas]
    graph = StateGraph(Chat)

    def node(name: str) -> Any:
        return lambda state: {"rows": [spoken(scenario, voice, seed, name, state["rows"])]}

    def route(following: str) -> Callable[[Chat], str]:
        return lambda state: END if len(state["rows"]) >= state["until"] else following

    for name, following in zip(names, [*names[1:], names[0]], strict=True):
        graph.add_node(name, node(name))
        graph.add_conditional_edges(name, route(following), [following, END])
    graph.add_edge(START, names[0])
    compiled: Any = graph.compile()

    def talk(rows: list[Row], lines: int) -> list[Row]:
        played = compiled.invoke(Chat(rows=rows, until=len(rows) + lines), {"recursion_limit": lines + 2})
        return list(played["rows"][len(rows) :])

    return talk


def robin(scenario: Scenario, voice: Voice, seed: int) -> Talk:
    """Return the group chat in the manner of AutoGen's RoundRobinGroupChat: the participants speak in turn."""

    def talk(rows: list[Row], lines: int) -> list[Row]:
        chat = list(rows)
        for turn in range(lines):
            name = scenario.personas[turn % len(scenario.personas)].name
            chat.append(spoken(scenario, voice, seed, name, chat))
        return chat[len(rows) :]

    return talk


def opened(scenario: Scenario, scene: int, number: int) -> list[Row]:
    """Return the rows with which the writer opens a scene."""
    return [Row(Written(text, None), by="scenario") for text in opening(scenario, scene, number)]


def acted(frame: Frame, talk: Talk) -> list[Row]:
    """Play the frame's scenes one after the other, each opened as the writer wrote it, with as many lines as our take had."""
    rows: list[Row] = []
    for number, places in groupby(frame.places, key=lambda place: place[0]):
        rows += opened(frame.scenario, frame.path[number - 1], number)
        rows += talk(rows, len(list(places)))
    return rows


def written(frame: Frame, voice: Voice) -> list[Row]:
    """Return the whole script from one call, as many tokens as our take's lines have; its cost stands in the first line."""
    said = voice([request(frame.scenario)], frame.seed, frame.tokens)
    first = frame.scenario.personas[0].name
    lines = script(f"{first}: {said.text.lstrip()}", ended=said.decoded < frame.tokens)
    return [*opened(frame.scenario, 0, 1), *(Row(one, None if place else said) for place, one in enumerate(lines))]
