"""The page in the reader's language. English is what stands in the sources; the catalogues in ``translations`` say the
same in others, read when the process starts.

In a template: ``{{ _("text") }}`` and ``{% trans %}``. In Python: ``_("text")`` where it is said at once, ``N_`` of
``relay.texts`` where it is a constant, and ``words(constant)`` where that is shown. ``make texts`` gathers them all.
"""

from __future__ import annotations

import io
from importlib.resources import files

import flask
from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

#: Languages, each with its own name and the place whose dates and numbers it has unless the browser says another.
TONGUES = {"en": ("English", "en_GB"), "es": ("Español", "es_CL")}
COOKIE = "relay_language"


def _catalogue(tongue: str) -> NullTranslations:
    source = files(__package__) / "translations" / f"{tongue}.po"
    if not source.is_file():
        return NullTranslations()
    catalogue = read_po(io.BytesIO(source.read_bytes()), locale=tongue)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


CATALOGUES = {tongue: _catalogue(tongue) for tongue in TONGUES}


def locale() -> Locale:
    """Give the reader's language and place: what was chosen, else what the browser asks for, else British English."""
    if not flask.has_request_context():
        return Locale.parse(TONGUES["en"][1])
    if "locale" not in flask.g:
        flask.g.locale = _asked_for(flask.request)
    found: Locale = flask.g.locale
    return found


def _asked_for(request: flask.Request) -> Locale:
    chosen = request.cookies.get(COOKIE, "")
    for tag in request.accept_languages.values():
        found = _locale(tag)
        if found is not None and chosen in ("", found.language):
            return found
    return Locale.parse(TONGUES.get(chosen, TONGUES["en"])[1])


def _locale(tag: str) -> Locale | None:
    """Read ``es-MX``; None where we don't speak it. A language alone has its usual place."""
    language = tag.replace("_", "-").split("-")[0].lower()
    if language not in TONGUES:
        return None
    try:
        found = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        found = Locale(language)
    return found if found.territory else Locale.parse(TONGUES[language][1])


def tongue() -> str:
    return locale().language


def gettext(text: str, **named: object) -> str:
    """Say it in the reader's language, with what is named put in."""
    said = CATALOGUES[tongue()].ugettext(text) if text else ""
    return said % named if named else said


def ngettext(one: str, many: str, number: int, **named: object) -> str:
    """Say it of one or of many; ``%(num)s`` is the number as the reader writes it unless it is named otherwise."""
    return one_or_many(one, many, number) % {"num": number, **named}


def one_or_many(one: str, many: str, number: int) -> str:
    """Give the form for so many, with nothing put in yet: that is the template's part."""
    return CATALOGUES[tongue()].ungettext(one, many, number)


_ = gettext


def words(text: str) -> str:
    """Say in the reader's language a text that stands elsewhere as a constant; unknown ones stay as they are."""
    return gettext(text)
