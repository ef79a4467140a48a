"""Example events made ready to come in: new, signed, for a lead of choice, and what will come of them told before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from relay.errors import CommandError
from relay.hooks import Hook
from relay.model import State
from relay.receive import receive
from relay.rehearsal import Outlook, for_lead, leads_in, outlook, secret_of, signed
from relay.rulebook import check
from relay.senders import ABOUT, adapter_of
from relay.senders.examples import Example, examples, first_example, read_example
from relay.settings import load
from tests.doors import MemoryStore
from tests.hook_texts import hook_of, rule, rules

RULES = Path(__file__).parent.parent / "rules"
OTHER = "0b2f6c1e-58a4-4d0a-9d7f-2f5a1c0e9b11"


class AnyValue(dict[str, str]):
    """Every variable is set, to its own name."""

    def __missing__(self, name: str) -> str:
        return name

    def get(self, name: str, default: object = None) -> str:  # type: ignore[override]
        return name


def hooks_of(folder: Path) -> dict[str, Hook]:
    found, faults = check(folder, environment=AnyValue(), senders=ABOUT, destinations=load({}).destinations)
    assert not faults
    return found


HOOKS = {**hooks_of(RULES), **hooks_of(RULES / "examples")}


def foreseen(example: Example, hook: Hook, *, test: bool = False) -> Sequence[Outlook]:
    return outlook(example, hook, secret=hook.secrets[0], test=test)


def example_of(hook: Hook) -> Example:
    return read_example(first_example(Path(hook.file)), adapter_of(hook).about)


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_the_example_of_every_sender_passes_the_door_when_it_is_signed(name: str) -> None:
    hook, store = HOOKS[name], MemoryStore()
    secret = secret_of(hook, AnyValue())

    accepted = receive(
        signed(example_of(hook), hook, url=f"http://relay/hooks/{name}", secret=secret), hook=hook, store=store
    )  # fmt: skip

    assert accepted
    assert len(accepted) == len(foreseen(example_of(hook), hook))


@pytest.mark.parametrize(
    "name", sorted(name for name, one in HOOKS.items() if leads_in(foreseen(example_of(one), one)))
)
def test_every_example_that_has_a_leads_id_can_be_one_of_another_lead(name: str) -> None:
    hook = HOOKS[name]

    made = for_lead(example_of(hook), hook, f" {OTHER.upper()} ", secret="x")

    assert leads_in(foreseen(made, hook)) == [OTHER]


@pytest.mark.parametrize("lead", ["", "1", "7c9e6679-7425-40de-944b-e07fc1f90ae"])
def test_what_is_no_id_is_refused(lead: str) -> None:
    with pytest.raises(CommandError, match="must be a UUID"):
        for_lead(example_of(HOOKS["cotiza"]), HOOKS["cotiza"], lead, secret="x")


def test_an_example_without_a_leads_id_has_none_to_be_changed() -> None:
    with pytest.raises(CommandError, match="no id of a lead"):
        for_lead(example_of(HOOKS["meta"]), HOOKS["meta"], OTHER, secret="x")


def test_a_leads_id_that_is_put_together_by_the_hook_file_can_not_be_changed() -> None:
    text = rules(rule("one", '{title: "x"}')).replace(
        "${hidden.lead_id}", "${'7c9e6679-7425-40de-944b-e07fc1f90ae7' if hidden.lead_id}"
    )
    hook = hook_of(text)

    with pytest.raises(CommandError, match="not read from an id that stands in it"):
        for_lead(example_of(HOOKS["cotiza"]), hook, OTHER, secret="x")


def test_a_test_is_foreseen_and_comes_in_as_one_that_sends_nothing() -> None:
    hook, store = HOOKS["cotiza"], MemoryStore()
    example = example_of(hook)

    (told,) = foreseen(example, hook, test=True)
    request = signed(example, hook, url="http://relay/hooks/cotiza", secret="TYPEFORM_SECRET")
    (accepted,) = receive(request, hook=hook, store=store, test=True)

    assert told.mapped.state is accepted.state is State.IGNORED
    ((arrival,),) = store.calls
    assert arrival.test
    assert arrival.mapped.updates == told.mapped.updates != ()


def test_what_the_sender_would_not_send_is_said_in_words() -> None:
    hook = HOOKS["cotiza"]

    with pytest.raises(CommandError, match="can't be read as an event of Typeform: form_response is missing"):
        foreseen(Example({"x": 1}, "application/json", {}), hook)


def test_a_secret_that_is_not_set_is_named() -> None:
    with pytest.raises(CommandError, match="TYPEFORM_SECRET: is not set"):
        secret_of(HOOKS["cotiza"], {"TYPEFORM_SECRET": ""})


def test_examples_are_those_beside_the_file_by_name() -> None:
    assert [one.name for one in examples(RULES / "cotiza.yaml")] == ["full.json", "partial.json"]
    assert examples(RULES / "gone.yaml") == []


def test_a_hook_names_the_variables_of_its_further_secrets() -> None:
    hook = HOOKS["meta"]

    assert hook.key_names == {"token": "META_PAGE_TOKEN", "verify_token": "META_VERIFY_TOKEN"}
