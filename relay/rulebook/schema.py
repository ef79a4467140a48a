"""Describes hook files as a JSON Schema, for editors that complete and check them: ``relay schema`` prints it.

It is made of the tables that the reader reads by, so that it can't lag behind. It is of draft 7, the newest that the
YAML language server reads (its README: "Supports JSON Schema 7 and below"). What only the reader knows, such as an
unknown name in an expression, is left to ``relay check``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from relay.expressions.glossary import FILTER_WORDS, NAME_WORDS
from relay.lead_fields import NULLABLE
from relay.rulebook.hook_file import EVENT_KEYS, KEYS, LEAD_KEYS, MATCHES, MISSING, TESTS
from relay.rulebook.rule_reading import DELIVER
from relay.rulebook.rule_reading import KEYS as RULE_KEYS
from relay.rulebook.signature_reading import ALGORITHMS, DAY_S, ENCODINGS, PARTS, USUAL_S
from relay.rulebook.signature_reading import KEYS as SIGNATURE_KEYS
from relay.sending import About

Schema: TypeAlias = "dict[str, Any]"

DRAFT = "http://json-schema.org/draft-07/schema#"
#: Where ``relay new`` looks for it, in the folder of the hook files.
SCHEMA_FILE = "hook.schema.json"
#: What a value holds that is taken out of the event.
HOLE = r"\$\{"
UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
EMAIL = r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"
VARIABLE = "the name of an environment variable, never the secret itself"

EXPRESSION = (
    f"Names: {'; '.join(f'{name}, {words}' for name, words in NAME_WORDS.items())}. "
    f"Filters, behind a |: {'; '.join(f'{name}, {words}' for name, words in FILTER_WORDS.items())}. "
    "A missing value leaves its field out. The grammar: docs/rules.md."
)
FIELD_WORDS = {
    "first_name": "First name.",
    "last_name": "Last name; null clears it.",
    "email": "E-mail address; null clears it.",
    "phone": "Phone number; null clears it.",
    "company": "Company; null clears it.",
    "title": "Title, as in Sra. or Gerente; null clears it.",
    "source": "Where the lead comes from.",
    "campaign_id": "UUID of the campaign at the CRM; null clears it.",
}
FIELD_EXAMPLES = {
    "first_name": "${fields.nombre | first_word | title}",
    "last_name": "${fields.nombre | rest | title}",
    "email": "${fields.correo | email}",
    "phone": "${fields.telefono | phone('CL')}",
    "company": "${fields.empresa}",
    "title": "${fields.cargo}",
    "source": "${hidden.utm_source}",
    "campaign_id": "${hidden.utm_campaign | lookup('campaigns')}",
}


def schema(senders: Mapping[str, About]) -> Schema:
    """Describe the hook files that name these senders."""
    known = parts(senders)
    further = {key: what for about in senders.values() for key, what in about.keys.items()}
    secrets = {key: text(f"{sentence(what)} Write {VARIABLE}.") for key, what in further.items()}
    return {
        "$schema": DRAFT,
        "title": "Hook file of Lead Relay",
        "description": "rules/<hook>.yaml answers POST /hooks/<hook>: who sends, which lead, what becomes true of it.",
        **object_of({key: known[key] for key in KEYS} | secrets, required=("sender", "secrets", "lead", "rules")),
        "allOf": [when_sender(names, keys, described, further) for (keys, described), names in kinds(senders).items()],
    }


def kinds(senders: Mapping[str, About]) -> dict[tuple[tuple[str, ...], bool], list[str]]:
    """Gather the senders that have the same keys."""
    found: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for name, about in senders.items():
        found.setdefault((tuple(about.keys), about.described), []).append(name)
    return found


def when_sender(names: list[str], keys: Iterable[str], described: bool, further: Iterable[str]) -> Schema:
    """Say which keys these senders need, and which they can't have."""
    refused = [*(key for key in further if key not in keys), *(() if described else ("signature",))]
    then: Schema = {"required": list(keys), "properties": dict.fromkeys(refused, False)}
    return {"if": {"properties": {"sender": {"enum": names}}, "required": ["sender"]}, "then": then}


def parts(senders: Mapping[str, About]) -> dict[str, Schema]:
    """Describe each key that a hook file of any sender may have."""
    known = {
        "enum": list(senders),
        "enumDescriptions": [sentence(about.title) for about in senders.values()],
        "description": "The service that sends the events.",
    }
    secrets = f"Each {VARIABLE}; a request is good where any of them made it, so that you can rotate."
    rules = "From top to bottom; all that hold contribute, and the later wins for each field."
    destination = "Account of the lead API, by the suffix of its variables: acme for LEADS_API_KEY__ACME."
    return {
        "sender": known,
        "secrets": items(text("", ["TYPEFORM_SECRET"])) | {"description": secrets},
        "lead": lead(),
        "rules": items(rule()) | {"description": rules},
        "destination": text(destination, ["acme"]),
        "tests": option(TESTS, "What becomes of the sender's test events: keep, the usual, or deliver."),
        "tables": tables(),
        "event": own_event(),
        "signature": signature(),
        "shadow": text("Other rules, tried on every event beside these and never sent.", ["shadow/cotiza.yaml"]),
    }


def own_event() -> Schema:
    words = {
        "id": formula("The event's own id, by which a repetition is known.", "${fields.response_id}"),
        "time": formula("When it happened: ISO time, or seconds since 1970.", "${fields.sent_at}"),
    }
    found = object_of({key: words[key] for key in EVENT_KEYS})
    return found | {"description": "The event's id and time, where the sender's own are not right."}


def lead() -> Schema:
    words = {
        "id": formula("The lead's UUID, out of the event.", "${hidden.lead_id}"),
        "match": match(),
        "missing": option(MISSING, "What becomes of an event whose lead is not known."),
        "nameless": text("First name of a lead that is created from an event without one.", ["Lead"]),
    }
    return {
        **object_of({key: words[key] for key in LEAD_KEYS}),
        "description": "Which lead an event is about: by its id, or by what it is known by (match).",
        "anyOf": [{"required": ["id"]}, {"required": ["match"]}],
        "dependencies": {"missing": ["match"], "nameless": ["missing"], "match": {"properties": {"id": False}}},
    }


def match() -> Schema:
    words = {
        "phone": formula("Its phone, with the country.", "${fields.telefono | phone('CL')}"),
        "email": formula("Its e-mail.", "${fields.correo | email}"),
        "external_id": formula("Its id in another system.", "${fields.crm_id}"),
    }
    described = {"description": "Tried in the order in which they are written.", "minProperties": 1}
    return {**object_of({key: words[key] for key in MATCHES}), **described}


def rule() -> Schema:
    words = {
        "name": text(
            "What people see beside each value that the rule set; each rule has its own.", ["contact details"]
        ),
        "when": {
            "type": ["string", "boolean"],
            "description": f"When the rule holds: an expression without ${{ }}; always, where left out. {EXPRESSION}",
            "examples": ["fields.presupuesto | number >= 3000", "form.id == 'Ab12Cd34' and not fields.asesor"],
        },
        "update": update(),
        "deliver": option(DELIVER, "each: sent alone and in order, for an automation that must see every step."),
        "stop": {"type": "boolean", "description": "Whether no rule below is looked at once this one has held."},
    }
    return {
        **object_of({key: words[key] for key in RULE_KEYS}, required=("name", "update")),
        "defaultSnippets": [{"label": "rule", "body": {"name": "$1", "when": "$2", "update": {"$3": "$4"}}}],
    }


def update() -> Schema:
    values = {name: core_field(name, clears) for name, clears in NULLABLE.items()}
    metadata = {
        "type": "object",
        "minProperties": 1,
        "description": "Fields of your own, by their names; each a text, a number or true/false.",
        "additionalProperties": {"type": ["string", "number", "boolean"], "description": EXPRESSION},
    }
    described = {"minProperties": 1, "description": "What shall be true of the lead: the body of PUT /leads/{id}."}
    return {**object_of({**values, "metadata": metadata}), **described}


def core_field(name: str, clears: bool) -> Schema:
    """Describe a value of a core field: text, an expression, and null where that clears it."""
    found: Schema = {
        "type": ["string", "null"] if clears else "string",
        "description": f"{FIELD_WORDS[name]} {EXPRESSION}",
        "examples": [FIELD_EXAMPLES[name]],
    }
    shape = {"email": ("an e-mail address", EMAIL), "campaign_id": ("a UUID", UUID)}.get(name)
    if shape:
        found |= {
            "pattern": f"^{shape[1]}$|{HOLE}",
            "patternErrorMessage": f"Write {shape[0]}, or an expression in ${{ }}.",
        }
    return found


def tables() -> Schema:
    value = {"type": ["string", "number", "boolean"]}
    table = {"type": "object", "additionalProperties": value, "description": "What each key stands for."}
    words = "Tables for | lookup, by their names; case and accents of the keys don't matter."
    return {"type": "object", "additionalProperties": table, "description": words}


def signature() -> Schema:
    """Describe how a generic sender signs."""
    words: Mapping[str, Schema] = {
        "header": text("Header that holds the signature.", ["X-Signature"]),
        "prefix": text("What stands before the signature in its header.", ["sha256=", "v1="]),
        "timestamp": text(
            "Header of the moment; or with = at its end, its mark in the signature's header.", ["X-Timestamp", "t="]
        ),
        "id": text("Header of the event's id.", ["X-Event-Id"]),
        "kind": text("Header of the word for what happened.", ["X-Event-Type"]),
        "algorithm": option(ALGORITHMS, "Hash of the HMAC; usual: sha256."),
        "encoding": option(ENCODINGS, "How the signature is written; usual: hex."),
        "signed": {
            **items({"type": "string", "examples": list(PARTS)}),
            "description": f"What is signed, in order: {', '.join(PARTS)}; any other text, in quotes, is itself.",
            "contains": {"const": "body"},
        },
        "tolerance": {
            "type": "integer",
            "minimum": 1,
            "maximum": DAY_S,
            "description": f"Seconds that the moment may differ from now; usual: {USUAL_S}.",
        },
    }
    found = object_of({key: words[key] for key in SIGNATURE_KEYS}, required=("header",))
    return {**found, "description": "How the sender signs its requests; without it the secret itself comes as a token."}


def formula(words: str, example: str) -> Schema:
    """Describe a text that must be taken out of the event."""
    return {
        "type": "string",
        "pattern": HOLE,
        "patternErrorMessage": f"Write an expression, as in {example}",
        "description": f"{words} {EXPRESSION}",
        "examples": [example],
    }


def text(words: str, examples: Iterable[str] = ()) -> Schema:
    found: Schema = {"type": "string", "minLength": 1}
    return found | ({"description": words} if words else {}) | ({"examples": list(examples)} if examples else {})


def option(choices: Iterable[str], words: str) -> Schema:
    return {"enum": list(choices), "description": words}


def items(one: Schema) -> Schema:
    return {"type": "array", "minItems": 1, "items": one}


def object_of(parts: Mapping[str, Schema], *, required: Iterable[str] = ()) -> Schema:
    """Describe an object that has these keys and no others."""
    found: Schema = {"type": "object", "properties": dict(parts), "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
