"""The floor of delivering: threads that PUT ready-made bodies through one bare urllib3 pool, and nothing else.

It is told the port, the number of threads, the seed and the count; it says "ready", starts at the next line and says
at the end the CPU seconds that it took.
"""

from __future__ import annotations

import sys
import threading
from queue import Empty, SimpleQueue

import orjson
import urllib3

from bench.bodies import puts
from bench.one_drain import cpu_s
from bench.servers import KEY


def main() -> None:
    port, threads, seed, count = map(int, sys.argv[1:])
    todo: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
    for lead, body in puts(seed, count):
        todo.put((f"/leads/{lead}", orjson.dumps(body)))
    pool = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=threads)
    headers = {"X-API-Key": KEY, "Content-Type": "application/json", "Accept-Encoding": "identity"}
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    before = cpu_s()
    crew = [threading.Thread(target=put_all, args=(pool, todo, headers)) for _ in range(threads)]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    sys.stdout.write(f"{cpu_s() - before}\n")


def put_all(pool: urllib3.HTTPConnectionPool, todo: SimpleQueue[tuple[str, bytes]], headers: dict[str, str]) -> None:
    while True:
        try:
            path, body = todo.get_nowait()
        except Empty:
            return
        answer = pool.urlopen("PUT", path, body=body, headers=headers, retries=False, redirect=False)
        if answer.status != 200:
            raise RuntimeError(f"a PUT was answered with {answer.status}")


if __name__ == "__main__":
    main()
