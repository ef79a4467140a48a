"""Makes the calls to one account of the lead API.

``PUT /leads/{id}`` is idempotent, so a lost answer may be asked for again. The PUTs go through a pool of connections,
since they are many, and have one deadline over all. Every other call goes through requests, whose timeout counts for
each wait for bytes: an answer that drips may take longer than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson
import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from relay.errors import Refused, Unavailable
from relay.leads_api import pool
from relay.leads_api.answers import created_in, error_for, lead_in, lost, unreached
from relay.leads_api.rows import Lead, has, page_in, query_for
from relay.model import Answer, Json
from relay.settings import Destination

OK, MULTIPLE = 200, 300
MOST_PAGES = 6
SEVERAL = 2


class LeadsApi:
    """One account of the lead API. Safe to use from as many threads as it has connections."""

    def __init__(self, destination: Destination, *, timeout_ms: int, connections: int = 1) -> None:
        self._destination = destination
        self._timeout_s = timeout_ms / 1000
        address = urlsplit(destination.url)
        self._path = f"{address.path.rstrip('/')}/leads/"
        self._pool = pool.pool_to(address, timeout_s=self._timeout_s, connections=connections)
        self._headers = {
            "X-API-Key": destination.key,
            "Content-Type": "application/json",
            "User-Agent": "lead-relay",
            "Accept-Encoding": "identity",
        }

    def put(self, lead: str, body: Mapping[str, Json]) -> Answer:
        """Update one lead. Raises LeadsApiError, whose type says what to do."""
        try:
            response = self._pool.urlopen(
                "PUT",
                self._path + lead,
                body=orjson.dumps(body),
                headers=self._headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
            )
        except (NewConnectionError, ConnectTimeoutError) as error:
            raise Unavailable("could not connect to the lead API") from error
        except (HTTPError, OSError) as error:
            raise lost(error) from error
        finally:
            pool.answered()
        if OK <= response.status < MULTIPLE:
            return Answer(response.status, lead_in(response.data))
        raise error_for(response.status, response.data, response.headers)

    def cut_overdue(self) -> None:
        """Cut off every PUT that has been on the wire for longer than its deadline, byte by byte or not."""
        pool.cut_overdue(self._timeout_s)

    def get(self, lead: str) -> Mapping[str, Json]:
        """Read one lead. Raises LeadsApiError."""
        return lead_in(self._call("GET", f"/{lead}"))

    def search(self, kind: str, value: str) -> list[Lead]:
        """Give each lead that has this ``phone`` (E.164) or ``email`` (lower case). Raises LeadsApiError.

        Refused says that there are more pages than are read and that what stands in them could make a difference.
        """
        found: dict[Json, Lead] = {}
        for page in range(MOST_PAGES):
            leads, more = page_in(self._call("GET", query=query_for(kind, value, page)))
            # By id: a lead that is moved to the next page while we read comes twice.
            found |= {lead["id"]: lead for lead in leads if has(lead, kind, value)}
            if not more:
                return list(found.values())
        if len(found) < SEVERAL:
            raise Refused("the search found too many leads to be sure")
        return list(found.values())

    def create(self, fields: Mapping[str, Json]) -> Lead:
        """Create a lead, or update the one with the same e-mail or phone. Raises LeadsApiError.

        Gives it with its ``id``, and with ``existed`` true where there was one. A created lead counts against the
        account's plan. With ``sent`` an error leaves open whether it was created. Raises ValueError for a
        ``workflow_id``, which would have the CRM write to the person at once.
        """
        if "workflow_id" in fields:
            raise ValueError("a lead is created without a workflow_id: with one the CRM would write to the person")
        return created_in(self._call("POST", body=orjson.dumps(fields)))

    def close(self) -> None:
        self._pool.close()

    def _call(
        self, method: str, path: str = "", *, query: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> bytes:
        """Make one call other than a PUT and give what a 2xx says. Raises LeadsApiError."""
        response = self._answer_to(method, path, query=query, body=body)
        if isinstance(response, Unavailable):
            raise response
        if OK <= response.status_code < MULTIPLE:
            return response.content
        raise error_for(response.status_code, response.content, response.headers)

    def _answer_to(
        self, method: str, path: str, *, query: Mapping[str, str] | None, body: bytes | None
    ) -> requests.Response | Unavailable:
        try:
            return requests.request(
                method,
                f"{self._destination.url}/leads{path}",
                params=query,
                data=body,
                headers=self._headers,
                timeout=(min(pool.LONGEST_CONNECT_S, self._timeout_s), self._timeout_s),
                # Followed, a redirect would carry our key to wherever it leads.
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Given, not raised: as its cause, the error of requests would tell the phone or e-mail in the address.
            return unreached(error)
