"""Where a person sits in a test: the commands as a script or a terminal sees them, and a world for things to happen."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relay.store import Store
from tests.far_crm import World, update

ROOT = Path(__file__).parent.parent
OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "ZAPIER_", "PORT", "TZ", "COLUMNS", "FORCE_COLOR")
ANA, EVA = "7c9e6679-7425-40de-944b-e07fc1f90ae7", "16fd2706-8baf-433b-82eb-8c7fada847da"


@dataclass(frozen=True)
class Desk:
    """Where the person sits: commands, and a world in which things happen."""

    world: World
    environment: Mapping[str, str]

    def relay(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "relay", *words],
            cwd=ROOT,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def json(self, *words: str) -> Any:
        return json.loads(self.relay(*words, "--json").stdout)

    def dead(self, id: str, lead: str, **values: str) -> str:
        """Have the CRM refuse an event with these values."""
        self.world.crm.poison |= set(values.values())
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        self.world.crm.poison.clear()
        return event

    def delivered(self, id: str, lead: str, **values: str) -> str:
        event = self.world.accept(id, lead, update(**values))
        self.world.deliver()
        return event


def desk_over(store: Store, redis_url: str, home: Path) -> Desk:
    """Put a desk before a store, three hours west of Greenwich."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    ours = {"REDIS_URL": redis_url, "RELAY_HOME": str(home), "TZ": "UTC+3", "LEADS_API_URL": "http://crm"}
    return Desk(World(store), {**kept, **ours, "LEADS_API_KEY": "a key"})


@contextmanager
def on_a_terminal(
    desk: Desk, *words: str, columns: int = 160
) -> Iterator[tuple[subprocess.Popen[bytes], Iterator[str]]]:
    """Run a command as a person would; gives it, and piece by piece what its terminal is sent, to the end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "relay", *words]
    environment = {**desk.environment, "TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        yield process, pieces(ours)
        os.close(ours)


def pieces(terminal: int) -> Iterator[str]:
    with suppress(OSError):  # the end, as Linux tells it
        while chunk := os.read(terminal, 65_536):
            yield chunk.decode(errors="replace")
