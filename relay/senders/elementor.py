"""Elementor Pro forms: a form post, simple (labels) or advanced (ids in brackets), inside the visitor's own submit.

Any answer but 200 is shown to the visitor as an error. Nothing is signed, no header can be set and no id is given.
Source: the Webhook action of Elementor Pro, its class Webhook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from relay.errors import BadBody
from relay.model import Event, Json
from relay.senders.event_ids import id_of_day
from relay.senders.forms import URLENCODED, read_form
from relay.senders.plain_keys import plain, with_plain_keys
from relay.senders.tokens import IN_QUERY, verify_token, with_query_token
from relay.sending import About, Request

name = "elementor"
about = About(
    title="Elementor Pro forms",
    proof="a long random text at the end of the webhook's address, as ?token=",
    variable="ELEMENTOR_TOKEN",
    lead="fields.lead_id",
    content_type=URLENCODED,
    given={"form": ("id", "title"), "campaign": ()},
)

WHERE = "write ?token= with the hook's secret behind the address in Elementor"
#: ``fields[name][value]`` as PHP writes it. Nothing of Elementor's is nested more deeply.
BRACKETS = re.compile(r"(fields|form|meta)((?:\[[^\[\]]*\]){1,8})")
#: Rows that Elementor adds to a simple post, which differ when it is sent again on the same day.
ADDED = ("time", "page_url", "user_agent", "remote_ip", "powered_by")


def verify(request: Request, secrets: Sequence[str]) -> None:
    """Check the token. It stands in the address, which logs on the way may keep: Elementor offers nothing else."""
    verify_token(request, secrets, where=WHERE, in_query=IN_QUERY)


sign = with_query_token


def parse(request: Request) -> list[Event]:
    content = read_form(request)
    advanced = list(bracketed(content))
    groups = groups_of(advanced)
    form = part(groups, "form") if advanced else {key: content.get(f"form_{key}") for key in ("id", "name")}
    if not form.get("id"):
        raise BadBody("form_id is missing" if not advanced else "form[id] is missing")
    answers = values_of(part(groups, "fields")) if advanced else simple(content)
    told = answers if advanced else without_added(answers)
    return [
        Event(
            id=id_of_day([form.get("id"), told], request.received_ms),
            fields=with_plain_keys(answers),
            form={"id": form.get("id"), "title": form.get("name")},
            raw=content,
            body=request.body,
        )
    ]


def bracketed(content: Mapping[str, Json]) -> Iterator[tuple[list[str], Json]]:
    """Give the way and the value of each field in brackets: ``fields[a][value]`` is ``fields``, ``a``, ``value``."""
    for key, value in content.items():
        if found := BRACKETS.fullmatch(key):
            yield [found[1], *found[2][1:-1].split("][")], value


def groups_of(pairs: Sequence[tuple[list[str], Json]]) -> dict[str, Json]:
    """Put values at the ends of their ways, into objects within objects."""
    root: dict[str, Json] = {}
    for way, value in pairs:
        inner = root
        for step in way[:-1]:
            below = inner.setdefault(step, {})
            if not isinstance(below, dict):
                below = inner[step] = {}
            inner = below
        inner.setdefault(way[-1], value)
    return root


def values_of(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Give each field's value by its id, and by its title where that is not taken."""
    answers = {id: one.get("value") for id, one in fields.items() if isinstance(one, dict)}
    for one in fields.values():
        title = one.get("title") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(title, str) and title:
            answers.setdefault(title, one.get("value"))
    return answers


def simple(content: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in content.items() if key not in ("form_id", "form_name")}


def without_added(answers: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out the rows that Elementor has added; in an advanced post they stand apart."""
    return {key: value for key, value in answers.items() if plain(key) not in ADDED}


def part(groups: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    inner = groups.get(name)
    return inner if isinstance(inner, dict) else {}
