"""What a process has gathered is handed to the store: nothing twice, nothing lost, and no more calls than needed."""

from __future__ import annotations

import pytest

from relay.errors import StoreError
from relay.store.once import Once


class Gathering:
    """Things gathered one by one, and a store that may be away, or be slower than they come."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.calls: list[tuple[int, list[str]]] = []
        self.away = False
        self.busy = False
        self.once = Once(self.take, self.send)

    def take(self) -> list[str] | None:
        words, self.words = self.words, []
        return words or None

    def send(self, process: str, call: int, words: list[str]) -> None:
        self.calls.append((call, words))
        if self.away:
            raise StoreError("Redis is away")
        if self.busy:
            self.words.append(f"{len(self.calls)}")


def test_what_is_gathered_while_it_is_sent_waits_for_the_next_time() -> None:
    gathering = Gathering("a")
    gathering.busy = True

    gathering.once.flush()

    assert gathering.calls == [(1, ["a"])]
    gathering.once.flush()
    assert gathering.calls[1:] == [(2, ["1"])]


def test_a_call_whose_answer_was_lost_is_made_again_before_the_next_one() -> None:
    gathering = Gathering("a")
    gathering.away = True
    with pytest.raises(StoreError):
        gathering.once.flush()
    gathering.away = False
    gathering.words.append("b")

    gathering.once.flush()

    assert gathering.calls == [(1, ["a"]), (1, ["a"]), (2, ["b"])]


def test_nothing_is_sent_where_nothing_was_gathered() -> None:
    gathering = Gathering()

    gathering.once.flush()

    assert gathering.calls == []
