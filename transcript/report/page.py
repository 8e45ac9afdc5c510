"""Fill a template into one self-contained page under a policy that lets only our own script and style in."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import TYPE_CHECKING, Any

from transcript.layout import clean
from transcript.report.words import Lang, explain, score_name, words

if TYPE_CHECKING:
    from jinja2 import Environment

_INDENT = re.compile("^ +", re.MULTILINE)


def fill(template: str, lang: Lang, **values: Any) -> Iterator[str]:
    """Return the pieces of the page of `templates/<template>.html` with its style and script inside.

    Every text goes through `layout.clean` and is escaped. The policy (CSP) names the hashes of our one style and one script;
    anything else that asks to run, load, be sent or be framed as a form is refused by the browser.
    """
    style, script = _file("style.css"), _file(f"{template}.js")
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    environment = _environment()
    kept = {"css": style, "js": script, "policy": policy}
    page = environment.get_template(f"{template}.html")
    told = {"lang": lang, "word": words(lang), "explain": lambda text: explain(text, lang)}
    return chain(page.generate(**values, **kept, **told), ("\n",))


def data(text: str) -> str:
    """Return a piece of JSON as it can stand in a script element, without `<`, `>` and `&`."""
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def signed(value: float) -> str:
    """Return a valence or a difference with two places and its sign: `-0.13`; never `-0.00`."""
    return f"{round(value, 2) + 0.0:+.2f}"


@cache
def _environment() -> Environment:
    from jinja2 import DictLoader, Environment, StrictUndefined
    from markupsafe import Markup

    def cleaned(value: Any) -> Any:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    folder = files("transcript.report") / "templates"
    templates = {
        item.name: _INDENT.sub("", item.read_text(encoding="utf-8"))
        for item in folder.iterdir()
        if item.name.endswith(".html")
    }
    environment = Environment(
        loader=DictLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "trusted": Markup,
        "data": lambda text: Markup(data(text)),
        "signed": signed,
        "score_name": score_name,
    }
    return environment


@cache
def _file(name: str) -> str:
    return (files("transcript.report") / "templates" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
