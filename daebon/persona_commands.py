"""The command line of personas: `daebon persona new | check | show | talk | extract | import | export | schema`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daebon import messages
from daebon.card_commands import export_persona, import_card
from daebon.messages import _
from daebon.options import Lang

if TYPE_CHECKING:
    from scenarios import Scenario

app = typer.Typer(
    help="Write, check and meet personas; take them from scripts and character cards.", no_args_is_help=True
)
app.command("import")(import_card)
app.command("export")(export_persona)

File = Annotated[Path, typer.Argument(help="A persona file.")]
Model = Annotated[str, typer.Option("--model", help="As for `daebon play`: embedded, ldcc, gguf:PATH …")]
InScenario = Annotated[
    str | None, typer.Option("--scenario", help="A scenario (file or title) whose world and relations count.")
]


@app.command("new")
def persona_new(
    idea: Annotated[str, typer.Option("--from", help="One line; the model then proposes each field.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="The persona file; default: NAME.yaml.")] = None,
    model: Model = "embedded",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Same seed, same proposals.")] = 7,
    lang: Lang = None,
) -> None:
    """Write a persona, question by question: Enter accepts, text changes, /retry proposes anew, /skip, /back, /quit.

    Every answer stands in a draft file at once; after Ctrl-C the same command goes on from it. Behind each proposal stands
    where it comes from: a word of your line, a list, the model's choice, or the model's own words.
    """
    from agents.review import review_persona
    from daebon.people import findings, tell
    from daebon.persona_new import new_persona
    from scenarios import inspect_persona
    from transcript.errors import UsageError

    messages.use(lang)
    if out and out.exists():
        raise UsageError(f"{out} is there already; choose another --out")
    path = new_persona(idea, out, model, seed)
    inspected = inspect_persona(path)
    tell(
        findings(inspected, review_persona(inspected.value, _neighbours(path)) if inspected.value else []), stderr=True
    )
    print(path)


@app.command("check")
def persona_check(file: File, lang: Lang = None) -> None:
    """Check a persona file: every fault and every doubt, and what its Big Five (성격) do on the stage.

    Each finding is one line: error, warning or note, then file, line, key and remedy. The exit code is 1 with an error.
    Names are held against the other persona files of the folder. What the traits do, and by which papers: docs/psychology.md.
    """
    from agents.psychology import in_words
    from agents.review import review_persona
    from daebon.people import findings, tell
    from scenarios import inspect_persona

    messages.use(lang)
    inspected = inspect_persona(file)
    persona = inspected.value
    doubts = review_persona(persona, _neighbours(file)) if persona else []
    wrong = tell(findings(inspected, doubts))
    if persona:
        examples, level = len(persona.voice.examples), persona.voice.level or _("not set")
        print(_("{name}: example lines {n}, speech level {level}", name=persona.name, n=examples, level=level))
        for sentence in in_words(persona, messages.language()):
            print(f"  - {sentence}")
    if wrong:
        raise typer.Exit(1)


@app.command("show")
def persona_show(
    file: File,
    prompt: Annotated[bool, typer.Option("--prompt", help="Print the exact prompt of the agent instead.")] = False,
    scenario: InScenario = None,
    lang: Lang = None,
) -> None:
    """Show a persona as a card, or with --prompt what the model reads of it before a line."""
    from agents.psychology import in_words
    from daebon.people import card
    from daebon.terminal import stdout
    from scenarios import load_persona

    messages.use(lang)
    persona = load_persona(file)
    if prompt:
        from agents.interview import first_prompt

        print(first_prompt(persona, _scenario(scenario)))
        return
    stdout().print(card(persona, in_words(persona, messages.language())))


@app.command("talk")
def persona_talk(
    file: File,
    model: Model = "embedded",
    scenario: InScenario = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same answers.")] = 7,
    lang: Lang = None,
) -> None:
    """Talk with a character out of every scene: they remember the talk, and no scene hears of it. /quit ends it."""
    from daebon.interviewing import talk
    from scenarios import load_persona

    messages.use(lang)
    talk(load_persona(file), _scenario(scenario), model, seed)


@app.command("extract")
def persona_extract(
    script: Annotated[
        Path, typer.Argument(help="A finished script: HWP, HWPX, DOCX, PDF, FDX, Fountain, TXT, MD or JSONL.")
    ],
    who: Annotated[list[str] | None, typer.Option("--who", help="Only this character; may be given again.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="A new folder; default: the title of the script.")] = None,
    lang: Lang = None,
) -> None:
    """Take the characters out of a script: a persona for each, and a scenario that goes on from the last scene.

    Who speaks to whom, speech level and term of address per pair, feelings, sayings and example lines are counted in the
    script; want, fear and secrets stay empty, for you to write. With --who no scenario is written.
    """
    from daebon.people import extracted, files
    from daebon.terminal import stdout
    from emotion.measure import ClassifierEmotion
    from training.continuation import portraits, write
    from training.extract import read_people
    from transcript.errors import UsageError

    messages.use(lang)
    found = read_people(script)
    everybody = portraits(found, ClassifierEmotion())
    names = [portrait.persona.name for portrait in everybody]
    for name in who or ():
        if name not in names:
            raise UsageError(
                f"--who {name}: nobody of that name speaks in {script}; those who do are {', '.join(names)}"
            )
    chosen = [portrait for portrait in everybody if not who or portrait.persona.name in who]
    stdout().print(extracted(chosen))
    files(write(found, chosen, out, script, goes_on=not who))


@app.command("schema")
def persona_schema_command() -> None:
    """Print the JSON Schema of a persona file, for editors."""
    import json

    from scenarios import persona_schema

    print(json.dumps(persona_schema(), ensure_ascii=False, indent=2))


def _scenario(name: str | None) -> Scenario | None:
    from scenarios import find, load_scenario

    return load_scenario(find(name)) if name else None


def _neighbours(file: Path) -> dict[str, tuple[str, ...]]:
    """Return the names and aliases of the other personas in the folder; a file that does not load is left out."""
    from scenarios import inspect_persona

    found: dict[str, tuple[str, ...]] = {}
    for other in sorted(file.parent.glob("*.y*ml")) if file.parent.is_dir() else ():
        if other.name != file.name and (persona := inspect_persona(other).value):
            found[persona.name] = persona.aliases
    return found
