"""``relay send``: one of a hook's example events, signed as its sender signs, followed until the lead has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
import typer
import urllib3

from relay import rulebook, settings, wiring
from relay.commands.follow import follow, lead_table, outcome, setters
from relay.commands.screen import counted, out
from relay.commands.stand_ins import AnySecret
from relay.errors import CommandError
from relay.hooks import Hook
from relay.model import State, StoredEvent
from relay.rehearsal import secret_of, signed
from relay.senders import ABOUT, adapter_of
from relay.senders.examples import first_example, read_example
from relay.sending import Request
from relay.settings import Settings

ENDED_WELL = (State.DELIVERED, State.SUPERSEDED, State.IGNORED)


class Receipt(NamedTuple):
    """The door's answer to one body: our ids of its events, and how many of them it had before."""

    events: list[str]
    duplicates: int


def send(
    name: Annotated[str, typer.Argument(metavar="HOOK", help="The hook, as its file is called.")] = "",
    hook: Annotated[str, typer.Option(help="The same, spelled as an option.")] = "",
    file: Annotated[Path | None, typer.Option(help="The event; the hook's first example unless given.")] = None,
    url: Annotated[str, typer.Option(help="Where the relay is; the one that runs here unless given.")] = "",
    count: Annotated[int, typer.Option(min=1, help="How many times, each an event of its own.")] = 1,
    new: Annotated[bool, typer.Option("--new-id/--as-is", help="A new id and time, or as the file says.")] = True,
    wait: Annotated[bool, typer.Option("--follow/--no-follow", help="Wait until the lead has it.")] = True,
) -> None:
    """Send a hook's example event, and follow it until the lead has it; exit code 1 when it ends otherwise."""
    now = settings.load()
    if wait and not now.redis_url:
        raise CommandError("no relay runs here: start it (relay up), set REDIS_URL, or send with --no-follow")
    chosen = find_hook(now, name or hook)
    address = f"{(url or home_url(now)).rstrip('/')}/hooks/{chosen.name}"
    example = read_example(file or first_example(Path(chosen.file)), adapter_of(chosen).about)
    secret = secret_of(chosen, now.environment)
    sent = [post(signed(example, chosen, url=address, secret=secret, new=new)) for _ in range(count)]
    out.print(f"{address}: 200, {told(sent)}")
    if wait:
        show(now, follow([id for one in sent for id in one.events], wiring.store(now).events.event))


def find_hook(now: Settings, name: str) -> Hook:
    """Give the hook of this name from the rules. Raises CommandError with those there are."""
    environment = AnySecret(now.environment)
    hooks, problems = rulebook.check(now.rules, environment=environment, senders=ABOUT, destinations=now.destinations)
    if name in hooks:
        return hooks[name]
    if any(Path(problem.file).stem == name for problem in problems if problem.severity == "fault"):
        raise CommandError(f"hook '{name}': its file has faults: see relay check")
    near = get_close_matches(name, hooks, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(hooks) or 'none'}"
    raise CommandError(f"hook '{name}': not in {now.rules}; {hint}" if name else f"no hook given; {hint}")


def home_url(now: Settings) -> str:
    return now.environment.get("RELAY_URL") or f"http://localhost:{now.port}"


def post(request: Request) -> Receipt:
    """Send one request. Raises CommandError with the door's words."""
    address = request.url.partition("?")[0]
    try:
        answer = urllib3.request(
            request.method, request.url, body=request.body, headers=request.headers, retries=False, timeout=30.0
        )
    except urllib3.exceptions.HTTPError as error:
        raise CommandError(f"{address}: nobody answers there: is the relay running (relay up)?") from error
    if answer.status != 200:
        raise CommandError(f"{address}: {answer.status}: {words(answer.data)}")
    receipt = orjson.loads(answer.data)
    return Receipt(receipt["events"], receipt.get("duplicates", 0))


def told(sent: Sequence[Receipt]) -> str:
    """Say how many events were taken, and how many of them had been taken before."""
    events, duplicates = sum(len(one.events) for one in sent), sum(one.duplicates for one in sent)
    accepted = f"{counted(events, 'event')} accepted"
    if not duplicates:
        return accepted
    return (
        f"{accepted} before: a duplicate" if events == duplicates == 1 else f"{accepted}, {duplicates} of them before"
    )


def words(body: bytes) -> str:
    """Give the words of an answer that is no success."""
    try:
        return str(orjson.loads(body)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return body.decode(errors="replace")[:200]


def show(now: Settings, events: Sequence[StoredEvent]) -> None:
    """Say how each event ended, and what their leads are now."""
    for event in events:
        out.print(outcome(event))
    for destination, lead in leads_of(events):
        by = setters(one for one in events if one.lead == lead)
        out.print(lead_table(lead, wiring.leads_api(now, destination).get(lead), by))
    if any(event.state not in ENDED_WELL for event in events):
        raise typer.Exit(1)


def leads_of(events: Iterable[StoredEvent]) -> list[tuple[str, str]]:
    """Give each lead that was reached, once, with its destination."""
    reached = [(one.destination, one.lead) for one in events if one.state in (State.DELIVERED, State.SUPERSEDED)]
    return list(dict.fromkeys(reached))
