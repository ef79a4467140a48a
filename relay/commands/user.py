"""``relay user``: makes the line that lets somebody log in to the ops desk. Nothing is written anywhere."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from relay.accounts import NAME, Role
from relay.commands.asking import wrong
from relay.commands.screen import errors, out


def user(
    name: Annotated[str, typer.Argument(help="Letters, digits, '.', '_', '@' and '-'.")],
    role: Annotated[Role, typer.Option("--role", help="A viewer sees everything, an operator acts too.")] = Role.VIEWER,
) -> None:
    """Print a user's line for RELAY_USERS_FILE: asks for a password, or reads it from standard input."""
    # It hashes one password as it is loaded, and the page is loaded with it: no other command should wait for that.
    from relay.ops import passwords  # noqa: PLC0415

    if not NAME.fullmatch(name):
        raise wrong(f"{name!r}: a name has letters, digits, '.', '_', '@' and '-', at most 64")
    password = asked_for()
    if len(password) < passwords.LEAST:
        raise wrong(f"the password must have at least {passwords.LEAST} characters")
    out.out(passwords.account(name, role, password).line)
    if sys.stdin.isatty():
        errors.print("put this line into the file that RELAY_USERS_FILE names, or in single quotes into RELAY_USERS")


def asked_for() -> str:
    """Take the password from whoever types it, twice, or from the first line that a script sends."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    return password
