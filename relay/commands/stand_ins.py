"""What stands in for settings that are not there, so that a first try needs none: a sandbox, and made-up secrets."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

#: The sandbox's API key.
KEY = "nxr_test_sandbox"
SECRETS_FILE = "secrets"


class AnySecret(Mapping[str, str]):
    """An environment in which every variable that is asked for is set; it remembers those that were not."""

    def __init__(self, given: Mapping[str, str], kept: Mapping[str, str] | None = None) -> None:
        self.given = given
        self.kept = dict(kept or {})
        self.made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if self.given.get(name):
            return self.given[name]
        if name not in self.made:
            self.made[name] = self.kept.get(name) or secrets.token_hex(16)
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


def read_secrets(home: Path) -> dict[str, str]:
    """Read the secrets made in an earlier run."""
    try:
        lines = (home / SECRETS_FILE).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def keep_secrets(home: Path, made: Mapping[str, str]) -> None:
    """Keep these beside the earlier ones, readable by this user only."""
    path = home / SECRETS_FILE
    path.touch(mode=0o600)
    all_of_them = {**read_secrets(home), **made}
    path.write_text("".join(f"{name}={value}\n" for name, value in all_of_them.items()), encoding="utf-8")


def sandbox_environment(given: Mapping[str, str]) -> dict[str, str]:
    """Name a sandbox on a free port as the lead API, without a limit on its rate unless one is set.

    It stands in for the senders too that are asked for their answers.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    rate = given.get("LEADS_API_RATE") or "0"
    account = {"LEADS_API_URL": url, "LEADS_API_KEY": KEY, "LEADS_API_RATE": rate, "SANDBOX_URL": url}
    senders = {"META_API_URL": f"{url}/graph/v26.0", "LINKEDIN_API_URL": f"{url}/linkedin/rest"}
    return account | {name: given.get(name) or one for name, one in senders.items()}
