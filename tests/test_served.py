"""The hooks as senders meet them, read out of the store by whoever wants to know."""

from __future__ import annotations

from pathlib import PurePath

from relay.served import served
from relay.store import Store
from tests.hook_texts import ONE, hook_of


def test_a_version_that_was_only_loaded_elsewhere_is_not_taken_for_the_one_that_serves(store: Store) -> None:
    serving, other = hook_of(ONE), hook_of(ONE + "# as it is on a colleague's disk\n")
    store.rule_texts.hold([serving])
    store.serving.note(served=["h"], taken={"h": serving.version}, faults={})

    store.rule_texts.hold([other])

    hook = served(store, PurePath("rules"))["h"]
    assert (hook.version, hook.file, hook.secrets) == (serving.version, "rules/h.yaml", ())


def test_a_hook_whose_text_is_not_kept_is_left_out(store: Store) -> None:
    store.serving.note(served=["h"], taken={"h": "00000000"}, faults={})

    assert served(store, PurePath("rules")) == {}
