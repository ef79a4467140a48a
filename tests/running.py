"""The whole relay for a test: gunicorn and an RQ worker as processes, a real Redis, and the sandbox as the lead API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson
import redis
import requests

from relay import wiring
from relay.model import State, StoredEvent
from relay.sandbox import Sandbox
from relay.senders import meta, typeform
from relay.sending import Request
from relay.settings import Settings, load
from relay.store import Store
from tests.waiting import until

ROOT = Path(__file__).parent.parent
SECRET = "a secret of the form"
HOOK = "cotiza"
TOKEN = "a-token-of-the-ops-desk"
OURS = ("REDIS_URL", "LEADS_API", "RELAY_", "TYPEFORM_", "META_", "WEB_CONCURRENCY", "PORT")


@dataclass(frozen=True, kw_only=True)
class Relay:
    """What a test sees of it: the door, the rules, the store, and the CRM behind it all."""

    url: str
    settings: Settings
    store: Store
    crm: Sandbox
    #: What all processes wrote.
    output: Path
    #: gunicorn, whose children answer.
    web: subprocess.Popen[bytes]
    #: The process that runs errands, where there is one.
    background: subprocess.Popen[bytes] | None = None
    #: A lead that nothing has happened to yet.
    lead: str = field(default_factory=lambda: str(uuid.uuid4()))

    def write_rules(self, text: str) -> None:
        (self.settings.rules / f"{HOOK}.yaml").write_text(text)

    def send(self, *, hook: str = HOOK, minutes_ago: float = 0, **answers: str) -> str:
        """Send a signed form response as Typeform does; gives the relay's id of the event."""
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        response = {
            "form_id": "Ab12Cd34",
            "token": uuid.uuid4().hex,
            "submitted_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "hidden": {"lead_id": self.lead},
            "answers": [{"type": "text", "text": text, "field": {"ref": ref}} for ref, text in answers.items()],
        }
        body = orjson.dumps({"event_id": uuid.uuid4().hex, "event_type": "form_response", "form_response": response})
        headers = {"Content-Type": "application/json", **typeform.signature(body, SECRET)}
        answer = requests.post(f"{self.url}/hooks/{hook}", data=body, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        id: str = answer.json()["events"][0]
        return id

    def tell_of_ad_lead(self, leadgen_id: str) -> str:
        """Notify of a lead of an ad, signed as Meta does; gives the relay's id of the event."""
        value = {"leadgen_id": leadgen_id, "page_id": "1", "form_id": "2", "created_time": int(time.time())}
        entry = {"id": "1", "time": int(time.time()), "changes": [{"field": "leadgen", "value": value}]}
        body = orjson.dumps({"object": "page", "entry": [entry]})
        address = f"{self.url}/hooks/anuncios"
        headers = {"content-type": "application/json"}
        signed = meta.sign(Request(headers=headers, body=body, received_ms=0, url=address), SECRET)
        answer = requests.post(address, data=body, headers=dict(signed.headers), timeout=30)
        assert answer.status_code == 200, answer.text
        id: str = answer.json()["events"][0]
        return id

    def event(self, id: str) -> StoredEvent:
        event = self.store.events.event(id)
        assert event is not None
        return event

    def until(self, state: State, id: str) -> StoredEvent:
        """Wait until the event is in this state."""
        until(lambda: self.event(id).state is state)
        return self.event(id)

    def lines(self) -> list[dict[str, Any]]:
        """Give what the processes logged so far, each line of which is one JSON object."""
        return [json.loads(line) for line in self.output.read_text(encoding="utf-8").splitlines()]

    def metrics(self) -> str:
        """Ask one of the web processes for all figures."""
        answer = requests.get(f"{self.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.text

    def lead_at_the_crm(self) -> dict[str, Any]:
        return self.crm.leads().get(self.lead, {})

    def puts(self) -> list[dict[str, Any]]:
        """Give the bodies of the PUTs for this lead, in their order."""
        return [one["body"] for one in self.crm.requests() if (one["method"], one["lead"]) == ("PUT", self.lead)]


@contextmanager
def running(
    folder: Path,
    rules: str,
    *,
    redis_url: str,
    more: Mapping[str, str] | None = None,
    webs: int = 1,
    app: str = "relay.wiring:web()",
    before: Callable[[Settings, Sandbox], None] = lambda *_: None,
    **variables: str,
) -> Iterator[Relay]:
    """Run it all until the block ends, with one hook file and ``more`` by their names; then the background runs too.

    ``app`` is what gunicorn serves. ``variables`` are settings beside the usual ones; ``before`` is called when all is
    ready and no process runs yet.
    """
    (folder / "rules").mkdir(exist_ok=True)
    for name, text in {HOOK: rules, **(more or {})}.items():
        (folder / "rules" / f"{name}.yaml").write_text(text)
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    output = folder / "output"
    output.touch()
    with Sandbox() as crm, socket.create_server(("127.0.0.1", 0)) as door, client, shown(output):
        environment = {**environment_of(folder, redis_url, crm), "WEB_CONCURRENCY": str(webs), **variables}
        settings = load(environment)
        before(settings, crm)
        at = f"fd://{door.fileno()}"
        web = ["gunicorn", "-c", "python:relay.gunicorn_conf", "--bind", at, app]
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        with ExitStack() as parts:
            said = parts.enter_context(output.open("ab"))
            served = parts.enter_context(process(web, environment, door.fileno(), said=said))
            parts.enter_context(process(["workers.run"], environment, said=said))
            command = ["workers.run", "background"]
            background = parts.enter_context(process(command, environment, said=said)) if more else None
            until(lambda: served.poll() is not None or _answers(url))
            assert served.poll() is None, "gunicorn ended; see its words above"
            yield Relay(
                url=url,
                settings=settings,
                store=wiring.store(settings, client),
                crm=crm,
                output=output,
                web=served,
                background=background,
            )


def environment_of(folder: Path, redis_url: str, crm: Sandbox) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {
        "REDIS_URL": redis_url,
        "RELAY_HOME": str(folder / "home"),
        "RELAY_RULES": str(folder / "rules"),
        "RELAY_WORKERS": "1",
        "RELAY_LOG": "debug",
        "RELAY_OPS_TOKEN": TOKEN,
        "LEADS_API_URL": crm.url,
        "LEADS_API_KEY": crm.key,
        "LEADS_API_RATE": "0",
        "LEADS_API_TIMEOUT": "2",
        "TYPEFORM_SECRET": SECRET,
        "META_APP_SECRET": SECRET,
        "META_TOKEN": "a token",
        "META_VERIFY_TOKEN": "a word",
        "META_API_URL": f"{crm.url}/graph/v26.0",
    }


def _answers(url: str) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"{url}/hooks/{HOOK}", timeout=1).status_code == 405
    return False


@contextmanager
def shown(output: Path) -> Iterator[None]:
    """Show at the end what was written, so that a test that fails tells why."""
    try:
        yield
    finally:
        sys.stderr.write(output.read_text(encoding="utf-8"))


@contextmanager
def process(
    module: list[str], environment: Mapping[str, str], *pass_fds: int, said: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module as a process, which ends in order; ``said`` takes all that it writes."""
    command = [sys.executable, "-m", *module]
    # Where rules are named by a path from here, so are they for what is started.
    elsewhere = not Path(environment.get("RELAY_RULES", ROOT)).is_absolute()
    started = subprocess.Popen(
        command,
        cwd=Path.cwd() if elsewhere else ROOT,
        env=dict(environment),
        pass_fds=pass_fds,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
    )
    try:
        yield started
    finally:
        started.terminate()
        assert started.wait(timeout=60) == 0
