"""Users: the lines that say who they are, their faults in words, and the command that makes one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from relay.accounts import Role, read_accounts
from relay.errors import SettingsError
from relay.ops import passwords
from relay.settings import load
from tests.desk import OPERATOR, PASSWORD, VIEWER

HASH = OPERATOR.hash
SHAPE = "an entry is 'name:role:hash'; make the line with 'relay user NAME'"
NAME = "a name has letters, digits, '.', '_', '@' and '-', at most 64"
ROLE = "a role is viewer or operator"
UNREADABLE = "the hash of the password can't be read; make the line with 'relay user NAME'"


def faults(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load({"RELAY_HOME": "nowhere", **variables})
    return list(raised.value.faults)


def test_entries_are_parted_by_spaces_or_lines() -> None:
    for parted in (" ", "\n", "\n\n  "):
        found = load({"RELAY_USERS": f"{OPERATOR.line}{parted}{VIEWER.line}"}).users

        assert found == {"carolina": OPERATOR, "pedro": VIEWER}


def test_a_file_may_have_comments_and_empty_lines() -> None:
    lines = enumerate(["# who", "", OPERATOR.line, f"  {VIEWER.line}  "], 1)

    found, wrong = read_accounts((f"users:{at}", line) for at, line in lines)

    assert (list(found), wrong) == (["carolina", "pedro"], [])


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("carolina", [SHAPE]),
        ("carolina:operator", [SHAPE]),
        (f":operator:{HASH}", [NAME]),
        (f"{'x' * 65}:operator:{HASH}", [NAME]),
        (f"ñandú:operator:{HASH}", [NAME]),
        (f"carolina:boss:{HASH}", [ROLE]),
        ("carolina:operator:clave", [UNREADABLE]),
        pytest.param(f"carolina:operator:{HASH[:-40]}", [UNREADABLE], id="cut"),
        ("-:boss:clave", [NAME, ROLE, UNREADABLE]),
    ],
)
def test_a_fault_says_where_and_what_and_nothing_of_the_hash(entry: str, words: list[str]) -> None:
    found = faults(RELAY_USERS=f"{VIEWER.line} {entry}")

    assert found == [f"RELAY_USERS: entry 2: {one}" for one in words]
    assert HASH[30:] not in "".join(found)
    assert "clave" not in "".join(found)


def test_a_user_who_is_there_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "users").write_text(f"{OPERATOR.line}\n{OPERATOR.line}\n")

    assert faults(RELAY_USERS_FILE=str(tmp_path / "users"), RELAY_USERS=OPERATOR.line) == [
        f"{tmp_path}/users:2: user 'carolina' is there twice",
        "RELAY_USERS_FILE: user 'carolina' stands in RELAY_USERS too",
    ]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "users"
    assert faults(RELAY_USERS_FILE=str(path)) == [f"RELAY_USERS_FILE: {path} can't be read: No such file or directory"]

    path.write_bytes(b"\xff\xfe")
    assert faults(RELAY_USERS_FILE=str(path)) == [f"RELAY_USERS_FILE: {path} can't be read: it is not UTF-8"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("RELAY_OPS_TOKEN", "short", "each must have at least 16 characters, all of ASCII"),
        ("RELAY_OPS_TOKEN", "a-token-that-is-long,short", "each must have at least 16 characters, all of ASCII"),
        ("RELAY_OPS_TOKEN", "ñ" * 20, "each must have at least 16 characters, all of ASCII"),
        ("RELAY_OPS_TOKEN_ROLE", "boss", "must be one of viewer, operator, not 'boss'"),
        ("RELAY_SESSION_KEY", "short", "must have at least 16 characters"),
        ("RELAY_PROXIES", "-1", "must be a number of at least 0, not '-1'"),
    ],
)
def test_a_setting_of_the_desk_that_can_not_be_worked_with_is_said(name: str, value: str, words: str) -> None:
    assert faults(**{name: value}) == [f"{name}: {words}"]


def test_several_tokens_by_list_and_none_of_them_is_shown() -> None:
    found = load({"RELAY_OPS_TOKEN": "first-token-of-ops, second-token-of-ops", "RELAY_OPS_TOKEN_ROLE": "operator"})

    assert found.ops_tokens == ("first-token-of-ops", "second-token-of-ops")
    assert found.ops_token_role is Role.OPERATOR
    assert "token-of-ops" not in repr(found) + str(found.summary())


def test_no_hash_and_no_key_stands_where_people_look() -> None:
    found = load({"RELAY_USERS": OPERATOR.line, "RELAY_SESSION_KEY": "a key that is long"})

    assert "argon2" not in repr(found) + str(found.summary())
    assert "a key that is long" not in repr(found) + str(found.summary())


def relay_user(*words: str, typed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "relay", "user", *words]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_gives_a_line_with_which_one_can_log_in() -> None:
    done = relay_user("ana", "--role", "operator", typed=f"{PASSWORD}\n")

    assert (done.returncode, done.stderr) == (0, "")
    (found,) = load({"RELAY_USERS": done.stdout}).users.values()
    assert (found.name, found.role) == ("ana", Role.OPERATOR)
    assert passwords.right(found, PASSWORD)
    assert not passwords.right(found, f"{PASSWORD}\n")


def test_who_is_not_said_to_be_an_operator_is_a_viewer() -> None:
    done = relay_user("ana", typed="una clave con ñ y espacios \r\n")

    (found,) = load({"RELAY_USERS": done.stdout}).users.values()
    assert found.role is Role.VIEWER
    assert passwords.right(found, "una clave con ñ y espacios ")


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("ana", "corta\n", "the password must have at least 10 characters"),
        ("ana", "", "the password must have at least 10 characters"),
        ("a:b", f"{PASSWORD}\n", f"'a:b': {NAME}"),
    ],
)
def test_the_command_refuses_in_words(name: str, typed: str, words: str) -> None:
    done = relay_user(name, typed=typed)

    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", words)


def test_a_hash_of_less_effort_is_known_as_such() -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)

    assert passwords.outdated(passwords.Account(name="ana", role=Role.VIEWER, hash=weak))
    assert not passwords.outdated(OPERATOR)


def test_many_passwords_at_once_are_not_all_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The door for events must stay open while somebody tries passwords from everywhere."""
    monkeypatch.setattr(passwords, "WAIT_S", 0.01)
    taken = [passwords._room.acquire() for _ in range(passwords.AT_A_TIME)]
    try:
        with pytest.raises(passwords.Busy):
            passwords.right(OPERATOR, PASSWORD)
    finally:
        for _ in taken:
            passwords._room.release()
    assert passwords.right(OPERATOR, PASSWORD)
