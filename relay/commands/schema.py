"""``relay schema``: what editors need to complete hook files and to check them as they are written."""

from __future__ import annotations

from relay.commands.screen import print_json
from relay.rulebook.schema import schema as schema_of
from relay.senders import ABOUT


def schema() -> None:
    """Print a JSON Schema of hook files, for editors.

    Keep it beside them, relay schema > rules/hook.schema.json, and begin each of them with the line
    # yaml-language-server: $schema=hook.schema.json
    """
    print_json(schema_of(ABOUT))
