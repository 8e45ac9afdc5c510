"""The reference as Markdown, made from the code: commands, the studio's commands, keys in both languages, JSON Schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from daebon.batch.plan import batch_schema
from daebon.cli import app
from daebon.messages import _, use
from daebon.studio.commands import COMMANDS, GROUPS
from scenarios import persona_schema, scenario_schema

_NAMES = ("민수", "지은")  # in the examples of the studio
_MANY = {"integer": "integers", "number": "numbers", "string": "text", "boolean": "booleans"}


def pages() -> dict[str, str]:
    """Return the pages of the reference by their path in the site."""
    made = {
        "cli.md": command_line(),
        "studio.md": studio(),
        "scenario.md": file_format("Scenario files", "scenario", scenario_schema()),
        "persona.md": file_format("Persona files", "persona", persona_schema()),
        "batch.md": file_format("Batch files", "batch", batch_schema()),
        "schemas.md": _schemas_page(),
    }
    return {f"reference/{name}": text for name, text in made.items()}


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas by their path in the site."""
    made = {"scenario": scenario_schema(), "persona": persona_schema(), "batch": batch_schema()}
    return {f"reference/{name}.schema.json": schema for name, schema in made.items()}


def command_line() -> str:
    """Return the page of all commands with their arguments and options, as `--help` has them."""
    parts = [
        "# Command line",
        "Made from the program itself; `daebon COMMAND --help` says the same. Exit codes: 0 done, 1 it failed for a reason that is told in "
        "one line, 2 wrong use or a faulty file, 130 stopped with Ctrl-C, 143 ended by the system.",
    ]
    for path, command in commands():
        parts += [f"## daebon {path}", _told(command.help or ""), _usage(path, command), _parameters(command)]
    return "\n\n".join(filter(None, parts)) + "\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its words, `persona check`; groups are left out."""
    waiting: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while waiting:
        path, command = waiting.pop(0)
        below = getattr(command, "commands", {})
        waiting[:0] = [(f"{path} {name}".strip(), child) for name, child in below.items()]
        if not below:
            yield path, command


def studio() -> str:
    """Return the page of what can be typed in the studio, in both languages."""
    parts = [
        "# Commands of the studio",
        "What can be typed in `daebon play` and `daebon resume` on a terminal, beside Enter (the next line), a line of your own, and "
        "`이름: 대사` (a line for anybody). `/help COMMAND` says more. Tab completes.",
    ]
    for group in GROUPS:
        rows = [command for command in COMMANDS if command.group == group]
        parts += [f"## {_said(group)}", "| command | 명령 | what it does | 하는 일 | example |\n|---|---|---|---|---|"]
        for command in rows:
            names = [f"`/{name}`" for name in command.names]
            use("en")
            usage = f" {_cell(_(command.usage))}" if command.usage else ""
            cells = [names[0] + usage, " ".join(names[1:]), *map(_cell, _twice(command.summary))]
            parts[-1] += f"\n| {' | '.join(cells)} | `{_cell(command.shown(_NAMES))}` |"
    use("en")
    return "\n\n".join(parts) + "\n"


def file_format(title: str, command: str, schema: Mapping[str, Any]) -> str:
    """Return the page of a file's keys: a table for the file, then one for each kind of mapping in it."""
    example = f"daebon {command} --schema" if command == "batch" else f"daebon {command} schema"
    parts = [
        f"# {title}",
        f"Every key has an English and a Korean name; both may stand in one file. `{example}` prints the [schema](schemas.md) of "
        "it. A wrong key is named with file, line and the nearest known one. **Bold** keys are required.",
        f"## The file\n\n{_keys(schema)}",
    ]
    for name, definition in schema["$defs"].items():
        if "properties" in definition:
            parts.append(f"## {name}\n\n{definition['description']}\n\n{_keys(definition)}")
    return "\n\n".join(parts) + "\n"


def _schemas_page() -> str:
    lines = [f"- [{name.rpartition('/')[2]}]({name.rpartition('/')[2]})" for name in schemas()]
    told = (
        "JSON Schema (2020-12) of the files that people write, with the keys of both languages. An editor that knows it completes keys and "
        "marks faults: in VS Code with the YAML extension put `# yaml-language-server: $schema=scenario.schema.json` into the first line."
    )
    return "\n\n".join(["# JSON Schemas", told, "\n".join(lines)]) + "\n"


def _told(text: str) -> str:
    """Return a help text as Markdown: what is indented in it is an example."""
    blocks = []
    for block in inspect.cleandoc(text).split("\n\n"):
        rows = block.splitlines()
        if all(row.lstrip().startswith("daebon ") or row.startswith("  ") for row in rows):
            blocks.append("```\n" + "\n".join(row.strip() for row in rows) + "\n```")
        else:
            blocks.append(block.replace("<", "&lt;").replace("*", "\\*"))
    return "\n\n".join(blocks)


def _usage(path: str, command: Any) -> str:
    words = [f"daebon {path}", *(_name(p) for p in command.params if _is_argument(p))]
    return f"`{' '.join([*words, '[OPTIONS]'])}`"


def _parameters(command: Any) -> str:
    rows = [f"| {_shown(p)} | {_cell(p.help or '')}{_default(p)} |" for p in command.params if p.name != "help"]
    return "\n".join(["| | |", "|---|---|", *rows]) if rows else ""


def _is_argument(parameter: Any) -> bool:
    return not parameter.opts[0].startswith("-")


def _name(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _shown(parameter: Any) -> str:
    if _is_argument(parameter):
        return f"`{parameter.metavar or parameter.name.upper()}`"
    spellings = " ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    return spellings if parameter.is_flag else f"{spellings} {_value(parameter)}"


def _value(parameter: Any) -> str:
    kind = parameter.type_descriptor.annotation
    choices = getattr(kind, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return " \\| ".join(choices)
    kind = choices[0] if choices else kind
    word = parameter.metavar or {"Path": "PATH", "int": "N", "float": "NUMBER"}.get(
        getattr(kind, "__name__", ""), "TEXT"
    )
    low, high = parameter.min, parameter.max
    limits = "" if low is None and high is None else f" ({'' if low is None else low}..{'' if high is None else high})"
    return f"{_cell(word)}{limits}"


def _default(parameter: Any) -> str:
    known = parameter.default
    if known in (None, "", False) or parameter.required or callable(known) or "default" in (parameter.help or ""):
        return ""
    return f" Default: {'on' if known is True else f'`{known}`'}."


def _keys(definition: Mapping[str, Any]) -> str:
    properties = list(definition["properties"].items())
    rows = ["| key | 열쇠말 | value | what it is | 뜻 |", "|---|---|---|---|---|"]
    # The schema has each key twice, English and then Korean, and says in `allOf`, in the same order, which are required.
    for at, ((english, value), (korean, twin)) in enumerate(zip(properties[::2], properties[1::2], strict=True)):
        name = f"**{english}**" if "oneOf" in definition["allOf"][at] else english
        default = f"; default {value['default']}" if "default" in value else ""
        cells = (name, korean, _kind(value) + default, _cell(value["description"]), _cell(twin["description"]))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _kind(value: Mapping[str, Any]) -> str:
    """Say what a value of the schema may be."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return "anything" if name == "JsonValue" else f"[{name}](#{name.lower()})"
    if "enum" in value:
        return ", ".join(map(str, value["enum"]))
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(one) for one in value["anyOf"] if one.get("type") != "null"))
    match value.get("type"):
        case "array" if "prefixItems" in value:
            return f"[{', '.join(map(_kind, value['prefixItems']))}]"
        case "array":
            item = _kind(value["items"])
            return f"list of {_MANY.get(item, item)}"
        case "object":
            below: Sequence[Any] = [*value.get("patternProperties", {}).values(), value.get("additionalProperties")]
            member = next((one for one in below if isinstance(one, dict) and one), None)
            return f"mapping of name to {_kind(member)}" if member else "mapping"
        case "string":
            return "text"
    low, high = value.get("minimum"), value.get("maximum")
    return str(value.get("type", "anything")) if low is None else f"{low}..{high}"


def _twice(message: str) -> tuple[str, str]:
    use("en")
    english = _(message)
    use("ko")
    return english, _(message)


def _said(message: str) -> str:
    return " · ".join(dict.fromkeys(_twice(message)))


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
