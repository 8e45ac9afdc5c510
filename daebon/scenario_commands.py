"""The command line of scenarios: `daebon scenario list | new | check | schema`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daebon import messages
from daebon.options import Lang

app = typer.Typer(help="Write and check scenarios; list the shipped ones.", no_args_is_help=True)


@app.command("list")
def scenario_list() -> None:
    """List the shipped scenarios."""
    from scenarios import find, load_scenario, shipped

    for title in shipped():
        scenario = load_scenario(find(title))
        print(f"{title}\t{scenario.genre}\t{scenario.logline}")


@app.command("new")
def scenario_new(
    idea: Annotated[str, typer.Option("--from", help="A logline; the model then proposes what can be chosen.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The scenario file; default: TITLE.yaml.")] = None,
    model: Annotated[str, typer.Option("--model", help="As for `daebon play`.")] = "embedded",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same proposals.")] = 7,
    lang: Lang = None,
) -> None:
    """Write a scenario, question by question: cast, relations, the beats of a structure, arcs.

    Enter accepts, text changes, /retry proposes anew, /skip, /back, /quit. After Ctrl-C the same command goes on from the draft.
    """
    from daebon.scenario_new import new_scenario
    from transcript.errors import UsageError

    messages.use(lang)
    if out and out.exists():
        raise UsageError(f"{out} is there already; choose another --out")
    path = new_scenario(idea, out, model, seed)
    _checked(path, stderr=True)
    print(path)


@app.command("check")
def scenario_check(file: Annotated[str, typer.Argument(help="A scenario file or the title of a shipped one.")]) -> None:
    """Check a scenario with its personas: every fault and every doubt, each with file, line, key and remedy.

    The exit code is 1 with an error: what doesn't load, or a contradiction that will show on the stage.
    """
    from scenarios import find

    if _checked(find(file), stderr=False):
        raise typer.Exit(1)


def _checked(path: Path, *, stderr: bool) -> bool:
    """Print what was found, and the measure of a scenario that loads; return whether there is an error."""
    from agents.review import review_scenario
    from daebon.people import findings, tell
    from scenarios import inspect_scenario

    inspected = inspect_scenario(path)
    scenario = inspected.value
    wrong = tell(findings(inspected, review_scenario(scenario) if scenario else []), stderr=stderr)
    if scenario and not stderr:
        beats = [beat for scene in scenario.scenes for beat in scene.beats]
        low, high = (sum(beat.turns[i] for beat in beats) for i in (0, 1))
        print(
            f"{scenario.title}: {len(scenario.cast)} roles, {len(scenario.scenes)} scenes, {len(beats)} beats, {low} to {high} turns"
        )
    return wrong


@app.command("schema")
def scenario_schema_command() -> None:
    """Print the JSON Schema of a scenario file, for editors."""
    import json

    from scenarios import scenario_schema

    print(json.dumps(scenario_schema(), ensure_ascii=False, indent=2))
