"""One drain in a process of its own, as a worker runs it but without RQ, so that its CPU can be told from all else.

It says "ready" once it is built, drains until SIGTERM, and then says the CPU seconds that its drain took.
"""

from __future__ import annotations

import resource
import signal
import sys

from relay import wiring
from relay.settings import load
from workers.drain import Drain

NAME = "bench"


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    settings = load()
    client = wiring.connect(settings)
    store = wiring.store(settings, client)
    arming = store.arming("default", slots=settings.workers, room=settings.threads)
    slot = arming.arm(NAME)
    if slot is None:
        raise RuntimeError("another drain runs, or nothing is due")
    one = Drain(
        store.delivery("default", lease_ms=settings.lease_ms, rate=0),
        arming,
        wiring.leads_api(settings, "default", connections=settings.threads),
        slot=slot,
        name=NAME,
        threads=settings.threads,
        deadline_ms=settings.timeout_ms,
        waker=wiring.connect(settings),
    )
    signal.signal(signal.SIGTERM, lambda *_: one.stop())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    before = cpu_s()
    one.run()
    sys.stdout.write(f"{cpu_s() - before}\n")
    # The next one must not find the slot in the hands of this one.
    arming.pass_on(slot, NAME, "")


if __name__ == "__main__":
    main()
