"""Build the graph of a take: START → direct → speak → choose → measure → direct … → END."""

from __future__ import annotations

from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from graph import nodes
from graph.context import Company
from graph.state import StageState

Stageplay = CompiledStateGraph[StageState, None, StageState, StageState]

_STEPS_PER_TURN = 20  # direct, speak, choose with all retries, an action given up, measure; with room


def build(company: Company, checkpointer: BaseCheckpointSaver[Any] | None = None) -> Stageplay:
    """Compile the graph for one company."""
    graph = StateGraph(StageState)
    for node in (nodes.direct, nodes.speak, nodes.choose, nodes.listen, nodes.measure):
        graph.add_node(node.__name__, partial(node, company))
    graph.add_edge(START, "direct")
    graph.add_conditional_edges("direct", nodes.route_direct)
    graph.add_edge("speak", "choose")
    graph.add_conditional_edges("choose", nodes.route_choose)
    graph.add_conditional_edges("listen", nodes.route_listen)
    graph.add_edge("measure", "direct")
    return graph.compile(checkpointer=checkpointer)


def config_of(run: str, limit: int) -> RunnableConfig:
    """Return LangGraph's configuration for a run of at most `limit` turns."""
    return {"configurable": {"thread_id": run}, "recursion_limit": 100 + _STEPS_PER_TURN * limit}


def make_graph() -> Stageplay:
    """Return the graph of the shipped scenario 바다 on the embedded model, for `langgraph.json`; its server checkpoints."""
    from pathlib import Path

    import platformdirs

    from emotion.measure import ClassifierEmotion
    from model import ModelConfig, load_chat_model
    from scenarios import find, load_scenario
    from transcript.store import RunStore

    scenario = load_scenario(find("바다"))
    store = RunStore(Path(platformdirs.user_data_dir("daebon", appauthor=False)) / "daebon.sqlite")
    model = load_chat_model(ModelConfig.parse("embedded"))
    return build(Company(scenario, model, store, ClassifierEmotion(), scenario.director.candidates))
