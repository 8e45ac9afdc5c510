"""What `daebon play` offers where it is given no scenario, and in its help: the shipped ones."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from daebon import messages
from daebon.messages import _


class Offering(TyperCommand):
    """A command whose help ends with what is offered, in the language of the locale."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Read the shipped scenarios now, so that only who asks waits for them."""
        messages.use()
        self.epilog = "\n\n".join(offered())
        super().format_help(ctx, formatter)


def offered() -> list[str]:
    """Return rows in the language in use: the shipped scenarios with genre and logline, and last how to play one."""
    from scenarios import find, load_scenario, shipped

    found = [load_scenario(find(title)) for title in shipped()]
    return [
        _("Shipped scenarios:"),
        *(f"  {scenario.title} ({scenario.genre}): {scenario.logline}" for scenario in found),
        _(
            "give a title or a file of yours: daebon play {title}, or to watch it: daebon play {title} --auto",
            title=found[0].title,
        ),
    ]
