"""How soon a LinkedIn challenge is answered while the door is under full load: three late ones in a row block the hook.

The load sends events as fast as they are answered; one asker sends challenges one after the other, as LinkedIn would.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import urllib3

from bench.figures import Bench, Figure
from bench.loading import load, order_for, result_of
from bench.servers import ROOT, SECRET, redis_server, relay_web, settings_for

DEADLINE_MS = 3_000
#: Between two challenges, so that they are no load themselves.
PAUSE_S = 0.02


def challenge(quick: bool) -> list[Figure]:
    rounds, count = (1, 1_500) if quick else (5, 8_000)
    p95, longest = [], 0.0
    with rules() as folder, redis_server("always") as redis:
        secrets = {"LINKEDIN_CLIENT_SECRET": SECRET, "LINKEDIN_TOKEN": SECRET}
        with relay_web(settings_for(redis.url, RELAY_RULES=str(folder), **secrets)) as port:
            for seed in range(1, rounds + 1):
                waits = sorted(waits_ms(port, count, seed=seed))
                p95.append(waits[int(len(waits) * 0.95)])
                longest = max(longest, waits[-1])
    details = {"longest_ms": round(longest, 1), "median_of_p95_ms": round(statistics.median(p95), 1)}
    floor = f"absolute, under full load; LinkedIn waits {DEADLINE_MS} ms"
    return [Figure(name="challenge_p95_ms", runs=p95, aim=DEADLINE_MS / 10, more=False, floor=floor, details=details)]


@contextmanager
def rules() -> Iterator[Path]:
    """Give a folder with the hook that is under load and the one that is challenged."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        shutil.copy(ROOT / "rules" / "cotiza.yaml", folder)
        shutil.copy(ROOT / "rules" / "examples" / "linkedin.yaml", folder)
        yield Path(folder)


def waits_ms(port: int, count: int, *, seed: int) -> list[float]:
    """Give how long each challenge took while so many events came in. Raises RuntimeError for a wrong answer."""
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port)
    waits: list[float] = []
    with load(order_for(port, count, seed=seed)) as one:
        one.start()
        ends = time.monotonic() + count / 2_000
        while time.monotonic() < ends:
            waits.append(asked_ms(pool))
            time.sleep(PAUSE_S)
        result_of(one)
    return waits


def asked_ms(pool: urllib3.HTTPConnectionPool) -> float:
    """Ask once, and see that the answer is one."""
    code = str(uuid.uuid4())
    began = time.monotonic()
    answer = pool.request("GET", f"/hooks/linkedin?challengeCode={code}", retries=False)
    took_ms = (time.monotonic() - began) * 1000
    if answer.status != 200 or orjson.loads(answer.data)["challengeCode"] != code:
        raise RuntimeError(f"a challenge was answered with {answer.status}")
    return took_ms


BENCHES = (Bench(names=("challenge_p95_ms",), run=challenge),)
