"""Gathers the texts of the desk into its catalogues: ``make texts``. New ones stand there empty, to be translated."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from relay.accounts import Role
from relay.backtest import End
from relay.model import Death, State
from relay.ops.words import TONGUES
from relay.senders import ABOUT
from relay.status import COLUMNS, ERRAND_WORDS, GATE_WORDS

PACKAGE = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "translations"
METHODS = [("ops/templates/**.html", "jinja2"), ("**.py", "python")]
OPTIONS = {"ops/templates/**.html": {"trimmed": "true", "extensions": "jinja2.ext.i18n"}}
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
#: Constants that stand elsewhere and are shown by ``words``, where ``N_`` would be no gain.
TABLES: tuple[tuple[str, ...], ...] = (
    tuple(state.word for state in State),
    tuple(death.value for death in Death),
    tuple(role.value for role in Role),
    tuple(end.value for end in End),
    tuple(GATE_WORDS.values()),
    tuple(ERRAND_WORDS.values()),
    COLUMNS,
    tuple(about.proof for about in ABOUT.values()),
    tuple(what for about in ABOUT.values() for what in about.keys.values()),
)


def texts() -> Iterator[str | tuple[str, ...]]:
    """Give every text that is to be translated; a pair is of one and of many."""
    found = extract_from_dir(str(PACKAGE), METHODS, OPTIONS, KEYWORDS)
    yield from (message for _file, _line, message, _comments, _context in found if message)
    for table in TABLES:
        yield from table


def catalogue_of(tongue: str) -> Catalog:
    file = FOLDER / f"{tongue}.po"
    return read_po(io.BytesIO(file.read_bytes()), locale=tongue) if file.exists() else Catalog(locale=tongue)


def gathered(tongue: str) -> Catalog:
    """Give a catalogue with the texts of now, and of the translations those that are still asked for."""
    template = Catalog(locale=tongue)
    for text in texts():
        template.add(text)
    catalogue = catalogue_of(tongue)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue


def untranslated(catalogue: Catalog) -> list[str]:
    """Name the texts of a catalogue that have no translation, or half of one."""
    return [
        str(one.id)
        for one in catalogue
        if one.id and not (all(one.string) if isinstance(one.string, tuple) else one.string)
    ]


def main() -> None:
    """Write every catalogue anew, without places and dates, so that two who add texts do not meet in the same line."""
    for tongue in TONGUES:
        if tongue == "en":
            continue
        catalogue = gathered(tongue)
        with (FOLDER / f"{tongue}.po").open("wb") as file:
            write_po(
                file, catalogue, width=0, no_location=True, omit_header=True, sort_output=True, ignore_obsolete=True
            )
        for text in untranslated(catalogue):
            print(f"{tongue}.po: no translation: {text}")  # noqa: T201 -- it is a command


if __name__ == "__main__":
    main()
