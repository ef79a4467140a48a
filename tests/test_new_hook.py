"""``relay new`` writes hook files that load, map the example they were made from, and tell nothing of a person."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.commands.new import events_of
from relay.commands.stand_ins import AnySecret
from relay.expressions.missing import is_missing
from relay.hooks import Hook
from relay.mapping import map_event
from relay.model import Event, Json, Mapped, State
from relay.new_hook import write
from relay.new_hook.seen import GROUPS, expression_of, leaves
from relay.rulebook.hook_file import Known, read_hook
from relay.senders import ABOUT, SENDERS
from relay.senders.base import Sender
from relay.senders.plain_keys import plain
from relay.sending import About
from tests.commands import run_relay
from tests.sender_security import every_example, every_sender

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
NOW = 1_790_500_000_000
KNOWN = Known(environment=AnySecret({}), senders=ABOUT, destinations=("default",))
PAYLOADS = Path(__file__).parent / "payloads"


def loaded(text: str) -> Hook:
    hook, faults = read_hook(PurePath("rules/h.yaml"), text.encode(), KNOWN)
    assert hook, f"{faults}\n{text}"
    return hook


def mapped(text: str, event: Event) -> Mapped:
    return map_event(event, loaded(text), received_ms=NOW)


def made_from(*, about: About = ABOUT["typeform"], hidden: Mapping[str, Json] | None = None, **fields: Json) -> str:
    return write("h", "typeform", about, events=[event_with(fields, hidden or {})])


def event_with(fields: Mapping[str, Json], hidden: Mapping[str, Json]) -> Event:
    return Event(id="1", fields=fields, hidden=hidden, at_ms=NOW)


def set_by(text: str, hidden: Mapping[str, Json] | None = None, **fields: Json) -> dict[str, Json]:
    (update,) = mapped(text, event_with(fields, hidden or {})).updates
    return dict(update.set)


@every_sender
def test_without_an_example_the_file_loads_and_names_all_that_the_sender_needs(sender: Sender) -> None:
    hook = loaded(write("h", sender.name, sender.about))

    assert (hook.secret_names, list(hook.keys)) == ((sender.about.variable,), list(sender.about.keys))
    by_id = hook.lead.id.source if hook.lead.id else ""
    assert by_id == sender.about.lead
    assert [kind for kind, _ in hook.lead.match] == ([] if by_id else ["phone", "email"])


@every_example
def test_a_file_made_from_an_event_maps_that_event_without_faults(sender: Sender, path: Path) -> None:
    events = events_of(path, sender)

    hook = loaded(write("h", sender.name, sender.about, events=events))

    for event in events:
        found = map_event(event, hook, received_ms=NOW)
        assert (found.faults, found.state is State.DEAD) == ((), False)
        told = [value for value in held(event).values() if value != found.lead]
        assert bool(found.updates) == (not event.fetch and bool(told))


@every_example
def test_a_file_made_from_an_event_names_each_of_its_values_and_tells_none(sender: Sender, path: Path) -> None:
    events = events_of(path, sender)

    text = write("h", sender.name, sender.about, events=events)

    for event in events:
        for place, value in held(event).items():
            spelled = (*place[:-1], plain(place[-1]))
            assert expression_of(place) in text or expression_of(spelled) in text
            if isinstance(value, str) and len(value) > 5 and not value.isidentifier() and value not in event.kind:
                assert value not in text


def held(event: Event) -> dict[tuple[str, ...], Json]:
    """Give all values of an event that a rule may want."""
    groups = [group for group in GROUPS if group != "form"]
    places = {place: value for group in groups for place, value in leaves((group,), getattr(event, group))}
    return {place: value for place, value in places.items() if not is_missing(value)}


def test_names_phone_and_mail_are_found_in_three_languages_and_in_questions() -> None:
    ways: list[dict[str, Json]] = [
        {
            "nombre": "ana",
            "apellido": "soto",
            "telefono": "9 8765 4321",
            "correo": "A@B.cl",
            "empresa": "Uno",
            "cargo": "G",
        },
        {
            "First Name": "ana",
            "Last name": "soto",
            "Phone": "987654321",
            "E-mail": "a@b.cl",
            "Company": "Uno",
            "jobTitle": "G",
        },
        {"nome": "ana", "sobrenome": "soto", "celular": 56987654321, "email": "a@b.cl", "empresa": "Uno", "cargo": "G"},
        {
            "full_name": "ana soto",
            "¿Cuál es tu WhatsApp?": "+56 9 8765 4321",
            "¿A qué correo te escribimos?": "a@b.cl",
            "¿En qué empresa?": None,
            "company_name": "Uno",
            "puesto": "G",
        },
    ]

    for fields in ways:
        assert set_by(made_from(**fields), **fields) == {
            "first_name": "Ana",
            "last_name": "Soto",
            "phone": "+56987654321",
            "email": "a@b.cl",
            "company": "Uno",
            "title": "G",
        }


def test_what_a_key_does_not_say_the_look_of_its_value_does() -> None:
    fields = {"q1": "ana@example.cl", "q2": "+56987654321", "q3": "+34 600", "nombre_del_proyecto": "Aires"}

    assert set_by(made_from(**fields), **fields) == {
        "email": "ana@example.cl",
        "phone": "+56987654321",
        "metadata.q3": "+34 600",
        "metadata.nombre_del_proyecto": "Aires",
    }


def test_a_second_phone_that_differs_goes_to_metadata_and_one_that_agrees_stands_in() -> None:
    text = made_from(telefono="+56987654321", celular="+56976543210", whatsapp="9 8765 4321")

    assert "phone: ${(fields.telefono or fields.whatsapp) | phone('CL')}" in text
    assert "celular: ${fields.celular}" in text


def test_a_whole_name_helps_out_where_the_first_is_empty() -> None:
    text = made_from(first_name=None, name="Ana Soto")

    assert set_by(text, name="Ana Soto") == {"first_name": "Ana", "last_name": "Soto"}
    assert set_by(text, first_name="eva", name="Ana Soto") == {"first_name": "Eva", "last_name": "Soto"}


def test_an_answer_that_can_not_be_what_its_key_says_stays_what_it_is() -> None:
    fields: dict[str, Json] = {"telefono": "llámame", "correo": ["uno"], "fecha": "10/25/2026", "n": "12/31/09"}

    assert set_by(made_from(**fields), **fields) == {
        "metadata.telefono": "llámame",
        "metadata.correo": "uno",
        "metadata.fecha": "2026-10-25",
        "metadata.n": "12/31/09",
    }


def test_answers_are_read_as_what_they_look_like() -> None:
    fields: dict[str, Json] = {
        "Presupuesto UF": "3.000",
        "fecha": "03/10/2026",
        "acepta": "sí",
        "comunas": ["Ñuñoa", "Maipú"],
        "rut": "12345678",
        "código": "0123",
        "piso": 3,
        "a b": {"c-d": "e"},
    }

    assert set_by(made_from(**fields), **fields) == {
        "metadata.presupuesto_uf": 3000,
        "metadata.fecha": "2026-10-03",
        "metadata.acepta": True,
        "metadata.comunas": "Ñuñoa, Maipú",
        "metadata.rut": "12345678",
        "metadata.codigo": "0123",
        "metadata.piso": 3,
        "metadata.a_b_c_d": "e",
    }


def test_the_lead_is_taken_from_any_place_that_says_so_else_matched() -> None:
    assert "id: ${hidden.lead_id}" in made_from(hidden={"lead_id": LEAD}, a="b")
    assert "id: ${fields['ID CRM']}" in made_from(**{"ID CRM": LEAD})
    for text in (made_from(page_uuid=LEAD, correo="a@b.cl"), made_from(lead_id="123", correo="a@b.cl")):
        hook = loaded(text)
        assert (hook.lead.id, hook.lead.missing) == (None, "park")
        assert [(kind, formula.source) for kind, formula in hook.lead.match] == [("email", "fields.correo | email")]


def test_the_phone_is_matched_as_the_rule_reads_it_with_the_region_that_was_asked_for() -> None:
    event = event_with({"telefone": "(11) 91234-5678"}, {})
    text = write("h", "typeform", ABOUT["typeform"], events=[event], region="BR")

    (name,) = mapped(text, event).names
    assert name.value == "+5511912345678"
    assert set_by(text, telefone="(11) 91234-5678") == {"phone": "+5511912345678"}


keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values, max_size=5), st.dictionaries(keys, values, max_size=3))
def test_whatever_an_event_holds_the_file_loads_and_maps_it(fields: dict[str, Json], hidden: dict[str, Json]) -> None:
    event = event_with(fields, hidden)

    found = mapped(write("h", "typeform", ABOUT["typeform"], events=[event]), event)

    assert (found.faults, found.state is State.DEAD) == ((), False)


class Desk:
    """A folder with rules, and an environment in which nothing of ours is set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "rules").mkdir()
        known = {about.variable for about in ABOUT.values()}
        ours = ("REDIS_URL", "LEADS_API", "RELAY_")
        kept = {name: value for name, value in os.environ.items() if name not in known and not name.startswith(ours)}
        self.environment = {**kept, "COLUMNS": "200"}

    def relay(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_relay(*words, environment={**self.environment, **environment}, folder=self.folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


EXAMPLE = PAYLOADS / "typeform" / "form_response_full.json"
NEW = ("new", "casa", "--sender", "typeform")


def test_a_new_hook_is_written_and_passes_the_check_once_its_secret_is_set(desk: Desk) -> None:
    made = desk.relay(*NEW, "--from", str(EXAMPLE))

    written, example, secret, again, then = made.stdout.splitlines()
    assert (written, made.returncode) == ("rules/casa.yaml: written", 0)
    assert example.startswith("the example was not kept, since it may hold people's own")
    assert secret.startswith("set TYPEFORM_SECRET: the webhook's secret")
    assert again == "a relay that runs now reads secrets when it starts again"
    assert then == "then: relay check"
    assert [one.name for one in (desk.folder / "rules").iterdir()] == ["casa.yaml"]
    assert "TYPEFORM_SECRET" in desk.relay("check").stderr
    assert desk.relay("check", TYPEFORM_SECRET="s").returncode == 0


def test_where_a_sandbox_runs_it_is_said_that_secrets_are_made_up_at_the_next_start(desk: Desk) -> None:
    made = desk.relay(*NEW, SANDBOX_URL="http://127.0.0.1:1")

    assert "starts again; 'relay up' makes up what is not set, for its sandbox" in made.stdout


def test_a_file_that_is_there_is_overwritten_by_force_only(desk: Desk) -> None:
    file = desk.folder / "rules" / "casa.yaml"
    file.write_text("mine")

    refused = desk.relay(*NEW)

    assert refused.stderr == "rules/casa.yaml: is there already; --force overwrites it\n"
    assert (refused.returncode, file.read_text()) == (1, "mine")
    assert desk.relay(*NEW, "--force").returncode == 0
    assert file.read_text().startswith("# Typeform, received at POST /hooks/casa.")


def test_print_writes_nothing(desk: Desk) -> None:
    printed = desk.relay(*NEW, "--print")

    loaded(printed.stdout)
    assert list((desk.folder / "rules").iterdir()) == []


def test_the_example_is_kept_on_demand_where_send_finds_it(desk: Desk) -> None:
    kept = desk.relay(*NEW, "--from", str(EXAMPLE), "--keep-example", TYPEFORM_SECRET="s")

    assert "rules/casa/form_response_full.json: kept for relay send, with all that it holds of people" in kept.stdout
    assert kept.stdout.splitlines()[-1] == "then: relay check, and relay send casa"
    assert json.loads((desk.folder / "rules/casa/form_response_full.json").read_bytes()) == json.loads(
        EXAMPLE.read_bytes()
    )


@pytest.mark.parametrize(
    ("words", "error", "code"),
    [
        (["new", "Casa!", "--sender", "typeform"], "'Casa!': can't be part of an address; use a to z", 2),
        (["new", "casa", "--sender", "typefrom"], "--sender: unknown sender 'typefrom'; did you mean 'typeform'?", 2),
        ([*NEW, "--region", "Chile"], "--region: 'Chile' is no country; write its two letters", 2),
        ([*NEW, "--keep-example"], "--keep-example: there is no example; name one with --from", 2),
        ([*NEW, "--from", "nowhere.json"], "nowhere.json: can't be read: No such file or directory", 1),
        ([*NEW, "--from", "a.json"], "a.json: is no event of Typeform: form_response is missing", 1),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(desk: Desk, words: list[str], error: str, code: int) -> None:
    (desk.folder / "a.json").write_text('{"event_type": "form_response", "nombre": "Ana"}')

    refused = desk.relay(*words)

    assert refused.stderr.startswith(error)
    assert (refused.stdout, refused.returncode) == ("", code)
    assert list((desk.folder / "rules").iterdir()) == []


def test_without_a_folder_for_rules_the_words_say_what_to_do(desk: Desk) -> None:
    refused = desk.relay(*NEW, RELAY_RULES="nowhere")

    assert refused.stderr == "nowhere: no such folder; make it, or set RELAY_RULES\n"


def test_every_sender_has_examples_to_make_files_from() -> None:
    assert [name for name in SENDERS if not list((PAYLOADS / name).glob("*.json"))] == []
