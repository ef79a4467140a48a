"""Runs a command that ends when its parent ends, even by ``kill -9``; run as a script, it stands in no package.

``python tether.py PARENT COMMAND...`` asks the kernel for a SIGTERM at the parent's death and then becomes the
command, which keeps that wish. Where the kernel has none (not Linux) it only becomes the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def tethered(command: Sequence[str]) -> list[str]:
    """Give the command that runs this one tied to the life of the calling thread."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main() -> None:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have died before the kernel knew of our wish.
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    main()
