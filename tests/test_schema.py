"""The JSON Schema of hook files takes what the reader takes, names every key of it, and says of a slip what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from relay.expressions.filters import FILTERS, TESTS
from relay.expressions.glossary import FILTER_WORDS, NAME_WORDS, TEST_WORDS
from relay.expressions.grammar import NAMES
from relay.lead_fields import FIELDS
from relay.rulebook import hook_file, rule_reading, signature_reading
from relay.rulebook.schema import parts, schema
from relay.senders import ABOUT
from tests.hook_texts import LEAD

TOP = Path(__file__).parent.parent
SCHEMA = schema(ABOUT)
PARTS = SCHEMA["properties"]
VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)
SHIPPED = sorted([*TOP.glob("rules/*.yaml"), *TOP.glob("rules/examples/*.yaml")])
GOOD = """
sender: generic
secrets: [TOKEN]
lead: {id: '${fields.lead_id}'}
rules:
  - name: one
    update: {first_name: '${fields.nombre}', metadata: {a: 1}}
"""


def faults(text: str) -> list[tuple[str, str]]:
    """Say where a hook file is not as the schema says, and what is said of it."""
    content = YAML(typ="safe", pure=True).load(text)
    found = VALIDATOR.iter_errors(content)
    return [("/".join(map(str, one.instance_path)), one.message) for one in found]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_schema_takes_every_hook_file_that_is_shipped(file: Path) -> None:
    assert faults(file.read_text(encoding="utf-8")) == []


def test_it_is_a_schema_of_the_draft_that_editors_know() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema_rs.meta.validate(SCHEMA)


def test_every_key_that_the_reader_knows_is_in_the_schema_and_the_reverse() -> None:
    further = {key for about in ABOUT.values() for key in about.keys}

    assert set(PARTS) == set(hook_file.KEYS) | further
    assert set(parts(ABOUT)) == set(hook_file.KEYS)
    assert set(PARTS["lead"]["properties"]) == set(hook_file.LEAD_KEYS)
    assert set(PARTS["lead"]["properties"]["match"]["properties"]) == set(hook_file.MATCHES)
    assert set(PARTS["event"]["properties"]) == set(hook_file.EVENT_KEYS)
    assert set(PARTS["rules"]["items"]["properties"]) == set(rule_reading.KEYS)
    assert set(PARTS["rules"]["items"]["properties"]["update"]["properties"]) == {*FIELDS, "metadata"}
    assert set(PARTS["signature"]["properties"]) == set(signature_reading.KEYS)


def test_every_name_filter_and_test_has_its_words() -> None:
    assert set(NAME_WORDS) == set(NAMES)
    assert set(FILTER_WORDS) == set(FILTERS)
    assert set(TEST_WORDS) == set(TESTS)


def test_every_key_says_what_it_is() -> None:
    def without_words(at: str, part: Any) -> list[str]:
        found = [] if part is False or "description" in part else [at]
        inner = part.get("properties", {}) if part else {}
        return found + [one for key, value in inner.items() for one in without_words(f"{at}/{key}", value)]

    assert without_words("", SCHEMA) == []
    assert without_words("rules", PARTS["rules"]["items"] | {"description": ""}) == []


@pytest.mark.parametrize("key", ["lead", "event", "signature", "rules"])
def test_every_example_keeps_its_own_pattern(key: str) -> None:
    def check(part: Any) -> None:
        for example in part.get("examples", ()):
            assert jsonschema_rs.is_valid({"$schema": SCHEMA["$schema"], **part}, example), example
        for inner in part.get("properties", {}).values():
            check(inner)

    check(PARTS[key].get("items", PARTS[key]))


def test_a_good_file_is_good() -> None:
    assert faults(GOOD) == []


#: What is slipped in for what, where the schema sees it, and a part of what it says.
SLIPS = [
    ("sender: generic", "sender: typform", "sender", '"typform" is not one of'),
    ("sender: generic", "sendr: generic", "", "'sendr' was unexpected"),
    ("sender: generic", "", "", '"sender" is a required property'),
    ("secrets: [TOKEN]", "", "", '"secrets" is a required property'),
    ("secrets: [TOKEN]", "secrets: TOKEN", "secrets", '"TOKEN" is not of type "array"'),
    ("secrets: [TOKEN]", "secrets: []", "secrets", "[] has less than 1 item"),
    ("secrets: [TOKEN]", "secrets: [5]", "secrets/0", '5 is not of type "string"'),
    ("sender: generic", "sender: generic\ntests: sometimes", "tests", '"sometimes" is not one of "keep" or "deliver"'),
    ("sender: generic", "sender: generic\ntoken: META_TOKEN", "token", "False schema does not allow"),
    ("sender: generic", "sender: meta\ntoken: META_TOKEN", "", '"verify_token" is a required property'),
    ("sender: generic", "sender: tally\nsignature: {header: X}", "signature", "False schema does not allow"),
    ("sender: generic", "sender: generic\nsignature: {}", "signature", '"header" is a required property'),
    (
        "sender: generic",
        "sender: generic\nsignature: {header: X, tolerance: 0}",
        "signature/tolerance",
        "0 is less than",
    ),
    ("sender: generic", "sender: generic\nevent: {when: '${fields.a}'}", "event", "'when' was unexpected"),
    ("sender: generic", "sender: generic\ntables: {a: {b: [1]}}", "tables/a/b", "is not of types"),
    ("id: '${fields.lead_id}'", "id: 7c9e6679", "lead/id", r'does not match "\$\{"'),
    ("id: '${fields.lead_id}'", "", "lead", "is not valid under any of the schemas"),
    ("id: '${fields.lead_id}'", "match: {fone: '${fields.a}'}", "lead/match", "'fone' was unexpected"),
    ("id: '${fields.lead_id}'", "match: {}", "lead/match", "less than 1 property"),
    ("id: '${fields.lead_id}'", "id: '${fields.a}', missing: create", "lead", '"match" is a required property'),
    ("id: '${fields.lead_id}'", "match: {email: '${fields.a}'}, missing: make", "lead/missing", '"make" is not one of'),
    ("name: one", "nme: one", "rules/0", "'nme' was unexpected"),
    ("name: one", "name: one\n    deliver: alone", "rules/0/deliver", '"alone" is not one of "merged" or "each"'),
    ("name: one", "name: one\n    stop: maybe", "rules/0/stop", '"maybe" is not of type "boolean"'),
    ("name: one", "name: one\n    when: 5", "rules/0/when", "5 is not of types"),
    ("first_name: '${fields.nombre}'", "first_nme: x", "rules/0/update", "'first_nme' was unexpected"),
    ("first_name: '${fields.nombre}'", "first_name: null", "rules/0/update/first_name", 'null is not of type "string"'),
    ("first_name: '${fields.nombre}'", "phone: 912345678", "rules/0/update/phone", "is not of types"),
    ("first_name: '${fields.nombre}'", "email: nobody", "rules/0/update/email", "does not match"),
    ("first_name: '${fields.nombre}'", "campaign_id: spring", "rules/0/update/campaign_id", "does not match"),
    ("{a: 1}", "{}", "rules/0/update/metadata", "less than 1 property"),
]


@pytest.mark.parametrize(("good", "slip", "where", "words"), SLIPS, ids=lambda value: str(value)[:40])
def test_a_slip_is_found_where_it_is_and_said_in_words(good: str, slip: str, where: str, words: str) -> None:
    assert good in GOOD

    found = faults(GOOD.replace(good, slip))

    assert [one for one in found if one[0] == where and words in one[1]], found


def test_what_clears_and_what_is_taken_out_of_the_event_is_let_through() -> None:
    text = GOOD.replace(
        "first_name: '${fields.nombre}'",
        f"email: '${{fields.correo | email}}', phone: null, campaign_id: {LEAD}, title: Sra.",
    )

    assert faults(text) == []


def test_the_command_prints_it_for_a_file() -> None:
    done = subprocess.run([sys.executable, "-m", "relay", "schema"], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == SCHEMA


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "not kept"])
def test_a_new_hook_file_names_the_schema_where_that_is_kept_beside_it(kept: bool, tmp_path: Path) -> None:
    if kept:
        (tmp_path / "hook.schema.json").write_text(json.dumps(SCHEMA))
    command = [sys.executable, "-m", "relay", "new", "visita", "--sender", "tally"]

    subprocess.run(command, env={**os.environ, "RELAY_RULES": str(tmp_path)}, capture_output=True, check=True)

    first, *_ = (tmp_path / "visita.yaml").read_text(encoding="utf-8").splitlines()
    assert (first == "# yaml-language-server: $schema=hook.schema.json") is kept
    assert faults((tmp_path / "visita.yaml").read_text(encoding="utf-8")) == []
