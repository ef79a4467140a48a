"""Runs the sandbox: as a process until a signal ends it (``run``), or in a thread of a test (``Sandbox``)."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from copy import deepcopy
from types import TracebackType
from typing import Any, Self, TypeVar

from relay.errors import CommandError
from relay.sandbox.control import Front, add_lead
from relay.sandbox.faults import parse
from relay.sandbox.service import Service
from relay.sandbox.wire import Connection

BACKLOG = 1024
#: How long a test waits for the sandbox's loop before it is taken for dead.
PATIENCE_S = 30

T = TypeVar("T")


def main(port: int, key: str, *, log: bool = True, strict: bool = False) -> None:
    """Run the sandbox on this machine's loopback for a person, who is told where it is."""

    def say(bound: int) -> None:
        sys.stdout.write(f"lead API sandbox: http://127.0.0.1:{bound}/leads/{{id}}, key {key}\n")
        sys.stdout.flush()

    run("127.0.0.1", port, key, log=log, strict=strict, ready=say)


def run(  # noqa: PLR0913 - all of it is asked for at the start
    host: str, port: int, key: str, *, log: bool = True, strict: bool = False, ready: Callable[[int], None]
) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes a free one, and ``ready`` is told which.

    Belongs in a main thread, where signals arrive. Raises CommandError when the port can't be had.
    """

    async def serve_until_signal() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await _serve(Front(Service(key, log=log, strict=strict)), (host, port), ready=ready, stop=stop)

    asyncio.run(serve_until_signal())


async def _serve(front: Front, address: tuple[str, int], *, ready: Callable[[int], None], stop: asyncio.Event) -> None:
    host, port = address
    try:
        server = await asyncio.get_running_loop().create_server(lambda: Connection(front), host, port, backlog=BACKLOG)
    except OSError as why:
        raise CommandError(f"sandbox can't listen on {host}:{port}: {why.strerror}; choose another port") from why
    ready(server.sockets[0].getsockname()[1])
    await stop.wait()
    server.close()
    front.close()
    while front.connections:
        await asyncio.sleep(0)
    await server.wait_closed()


class Sandbox:
    """The sandbox in a thread of its own, on a free port, for as long as a ``with`` lasts or until ``close``."""

    def __init__(self, *, key: str = "nxr_test_sandbox", port: int = 0, log: bool = True, strict: bool = False) -> None:
        self.key = key
        self._service = Service(key, log=log, strict=strict)
        started: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, args=(port, started), name="sandbox", daemon=True)
        self._thread.start()
        self.port = started.result(PATIENCE_S)
        self.url = f"http://127.0.0.1:{self.port}"

    def put_faults(self, **faults: Any) -> None:
        """Put these faults in place of the ones before; none means that all is well. Raises FaultsError."""
        read = parse(faults)
        self._ask(lambda: self._service.set_faults(read))

    def requests(self, after: int = 0) -> list[dict[str, Any]]:
        """Give the requests with a greater number, as ``GET /_sandbox/requests`` shows them."""
        return self._ask(lambda: self._service.journal.after(after))

    def leads(self) -> dict[str, dict[str, Any]]:
        """Give every lead by its id."""
        return self._ask(lambda: {lead["id"]: deepcopy(lead) for lead in self._service.account.leads.all()})

    def stats(self) -> dict[str, Any]:
        return self._ask(self._service.stats)

    def add_lead(self, lead_id: str, **fields: Any) -> None:
        self._ask(lambda: add_lead(self._service, lead_id, deepcopy(fields)))

    def remove_lead(self, lead_id: str) -> None:
        self._ask(lambda: self._service.account.leads.remove(lead_id.lower()))

    def put_far(self, name: str, **told: Any) -> None:
        """Say how a sender's own API answers, ``graph`` or ``linkedin``, as ``PUT /_sandbox/<name>`` does."""
        self._ask(lambda: self._service.senders.set(name, deepcopy(told)))

    def reset(self) -> None:
        """Forget leads, requests, counts and faults."""
        self._ask(self._service.reset)

    def close(self) -> None:
        """Cut off every client and end the thread. A second time it does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, question: Callable[[], T]) -> T:
        """Have the loop's own thread answer, so that nothing changes under the question."""

        async def ask() -> T:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._loop).result(PATIENCE_S)

    def _run(self, port: int, started: Future[int]) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._stop = asyncio.Event()
            await _serve(Front(self._service), ("127.0.0.1", port), ready=started.set_result, stop=self._stop)

        try:
            asyncio.run(serve())
        except CommandError as why:
            started.set_exception(why)
