"""How often rules held and gave values: counts by hook and day. What a count is of is its writer's to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from relay.store.scripts import Scripts, store_errors

DAY_S = 86_400
KEPT_DAYS = 35


class Coverage:
    """Adds to the counts, and reads them."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._client: Any = scripts.client

    def add(self, process: str, call: int, counts: Mapping[tuple[str, str], int]) -> None:
        """Add these, by hook and by what is counted; the same call made again adds nothing. Raises StoreError."""
        parts = [part for (hook, what), number in counts.items() for part in (hook, what, number)]
        self._scripts.run("cover", process, call, KEPT_DAYS * DAY_S, *parts)

    def counts(self, hook: str, first_day: int, last_day: int) -> Counter[str]:
        """Add up what was counted on these days (days since 1970), both among them."""
        with store_errors():
            pipe = self._client.pipeline(transaction=False)
            for day in range(first_day, last_day + 1):
                pipe.hgetall(f"relay:held:{hook}:{day}")
            found = pipe.execute()
        counts: Counter[str] = Counter()
        for flat in found:
            for what, number in flat.items():
                counts[what.decode()] += int(number)
        return counts
