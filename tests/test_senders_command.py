"""``relay senders`` tells of every sender what its adapter knows, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from relay.senders import SENDERS
from relay.senders.base import Fetching, Handshaking
from tests.commands import run_relay


def relay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run_relay("senders", *words, environment=os.environ, folder=folder)


def test_every_sender_is_listed_with_its_lead_and_what_proves_it_in_100_columns(tmp_path: Path) -> None:
    listed = relay(tmp_path)

    words = " ".join(listed.stdout.split())
    assert max(map(len, listed.stdout.splitlines())) <= 100
    for name, sender in SENDERS.items():
        where = f"lead in {sender.about.lead}" if sender.about.lead else "lead found by phone or e-mail"
        assert f"{name} {sender.about.title}; {where}" in words
        assert sender.about.proof in words
    assert (f"{len(SENDERS)} senders" in words, listed.returncode) == (True, 0)


def test_json_says_of_each_sender_what_its_adapter_says(tmp_path: Path) -> None:
    listed = {one.pop("name"): one for one in json.loads(relay(tmp_path, "--json").stdout)}

    assert listed == {
        name: {
            "title": sender.about.title,
            "secret": sender.about.proof,
            "variable": sender.about.variable,
            "lead_id": sender.about.lead,
            "keys": dict(sender.about.keys),
            "fetches": isinstance(sender, Fetching),
            "handshake": isinstance(sender, Handshaking),
            "experimental": sender.about.experimental,
        }
        for name, sender in SENDERS.items()
    }
    assert listed["meta"]["fetches"] is listed["meta"]["handshake"] is True


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("typeform", ["sender typeform (Typeform)", "usually in TYPEFORM_SECRET", "lead its id in hidden.lead_id"]),
        ("meta", ["verify_token the text", "lead found by phone or e-mail", "answers fetched", "handshake it asks"]),
        ("generic", ["signature as its hook file describes it", "page docs/senders/generic.md"]),
        ("tiktok", ["experimental the shape of its requests is not confirmed"]),
    ],
)
def test_one_sender_is_told_with_all_there_is_to_know(tmp_path: Path, name: str, said: list[str]) -> None:
    words = " ".join(relay(tmp_path, name).stdout.split())

    assert [one for one in said if one not in words] == []


def test_a_sender_that_is_not_known_is_answered_with_what_was_meant(tmp_path: Path) -> None:
    asked = relay(tmp_path, "typefrom")

    assert asked.stderr == "unknown sender 'typefrom'; did you mean 'typeform'?\n"
    assert (asked.stdout, asked.returncode) == ("", 2)
