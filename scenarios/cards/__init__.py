"""Character cards (V1, V2, V3 in JSON, PNG and CHARX): read, made into personas, and written from personas."""

from scenarios.cards.exporting import Origin, as_version, card_of
from scenarios.cards.files import FORMATS, export_card, import_card, origin_of
from scenarios.cards.importing import USER, Imported, persona_of
from scenarios.cards.reading import Card, read_card

__all__ = [
    "FORMATS",
    "USER",
    "Card",
    "Imported",
    "Origin",
    "as_version",
    "card_of",
    "export_card",
    "import_card",
    "origin_of",
    "persona_of",
    "read_card",
]
