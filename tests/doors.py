"""The door for tests: two hooks, a store in memory, a server, and requests as the senders make them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import requests
from werkzeug.serving import make_server

from relay import receive
from relay.errors import ExpressionError, StoreError
from relay.hooks import Formula, Hook, LeadBy, Outcome, Rule, Scope
from relay.model import Acceptance, Arrival
from relay.senders import typeform
from relay.store.door import Door
from tests.sender_security import PAYLOADS, SECRET

LEAD = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
MAX_BODY = 100_000
EXAMPLE = (PAYLOADS / "typeform" / "form_response_full.json").read_bytes()
ZAP: dict[str, str | bytes] = {"Authorization": f"Bearer {SECRET}".encode(), "Content-Type": "application/json"}
JSON = "application/json"


class MemoryStore:
    """Keeps what the door gives it, for as long as the test; breaks when it is told to."""

    def __init__(self) -> None:
        self.calls: list[list[Arrival]] = []
        self.arrivals: dict[str, Arrival] = {}
        self.rejected: list[tuple[str, int, str, int]] = []
        self.once_known = {"gone"}
        self.fault: StoreError | None = None

    def accept(self, arrivals: Sequence[Arrival]) -> list[Acceptance]:
        self.break_if_told()
        self.calls.append(list(arrivals))
        acceptances = []
        for one in arrivals:
            id = f"{one.hook}:{one.mapped.event_id}"
            acceptances.append(Acceptance(id, duplicate=id in self.arrivals, state=one.mapped.state))
            self.arrivals.setdefault(id, one)
        return acceptances

    def reject(self, hook: str, *, status: int, words: str, size: int) -> None:
        self.rejected.append((hook, status, words, size))

    def ever_known(self, hook: str) -> bool:
        self.break_if_told()
        return hook in self.once_known

    def break_if_told(self) -> None:
        if self.fault:
            raise self.fault


def name_rule(scope: Scope) -> Outcome | None:
    """Set the first name from the field ``nombre``; hold nothing without it, and fail on the name "Fallo"."""
    fields: Any = scope["fields"]
    name = fields.get("nombre")
    if name == "Fallo":
        raise ExpressionError("nombre can't be read")
    return Outcome({"first_name": name}, ()) if name else None


def lead_of(scope: Scope) -> Any:
    """Give the lead's id from where either sender brings it."""
    hidden: Any = scope["hidden"]
    fields: Any = scope["fields"]
    return hidden.get("lead_id") or fields.get("lead_id")


def hook(name: str, sender: str) -> Hook:
    return Hook(
        name=name,
        sender=sender,
        secrets=("an old secret", SECRET),
        secret_names=("OLD", "NEW"),
        lead=LeadBy(id=Formula(source="lead", read=lead_of)),
        rules=(Rule(name="name", line=3, run=name_rule),),
        version="ab12cd34",
        file=f"rules/{name}.yaml",
    )


def app_with(store: MemoryStore | Door, *, note: Callable[[float], None] = lambda _: None) -> flask.Flask:
    app = flask.Flask("tests")
    hooks = {one.name: one for one in (hook("cotiza", "typeform"), hook("zap", "zapier"))}
    app.register_blueprint(receive.door(hooks, store=store, known=store.ever_known, max_body=MAX_BODY, note=note))
    return app


def served_by_gunicorn() -> flask.Flask:
    return app_with(MemoryStore())


@contextmanager
def serving(app: flask.Flask) -> Iterator[str]:
    """Serve an app on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def post_typeform(url: str, body: bytes = EXAMPLE, headers: Mapping[str, str] | None = None) -> requests.Response:
    all_headers = {"Content-Type": JSON, **typeform.signature(body, SECRET), **(headers or {})}
    return requests.post(f"{url}/hooks/cotiza", data=body, headers=all_headers, timeout=10, allow_redirects=False)


def post_zap(url: str, content: Any) -> requests.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return requests.post(f"{url}/hooks/zap", data=body, headers=ZAP, timeout=10, allow_redirects=False)


@contextmanager
def gunicorn() -> Iterator[str]:
    """Serve the door as in production: by gunicorn, in a process of its own, with our configuration."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}"]
        command += ["-c", str(Path(receive.__file__).with_name("gunicorn_conf.py"))]
        process = subprocess.Popen(
            [*command, "tests.doors:served_by_gunicorn()"],
            cwd=Path(__file__).parent.parent,
            pass_fds=[listener.fileno()],
            env={**os.environ, "WEB_CONCURRENCY": "1"},
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0
