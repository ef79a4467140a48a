"""What came to pass, over time: the bins of a plot, and the plot as shapes that a template draws without any script."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from relay.errors import CommandError
from relay.model import Json, State
from relay.ops.readable import clock, day_short, number, zone
from relay.ops.words import _, words
from relay.store.meters import HOUR_MS, MINUTE_MS, Meters
from relay.texts import N_

QUARTER_MS = 15 * MINUTE_MS
#: So long after its end nothing is counted into an hour any more, whatever the clocks of web processes say.
SETTLED_MS = 2 * MINUTE_MS
#: Outcomes from the ground up: a bar shows how many events came to each in its time.
OUTCOMES = (State.DELIVERED, State.SUPERSEDED, State.IGNORED, State.DISCARDED, State.PARKED, State.DEAD)
#: Counts that are no outcomes of events, each with a strip of its own where there are any.
STRIPS = ("duplicate", "rejected")
LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """How far back a plot goes, in which steps."""

    name: str
    bins: int
    bin_ms: int
    #: Labels stand at multiples of so many minutes of the reader's day.
    label_min: int
    title: str
    step: str


SPANS = {
    one.name: one
    for one in (
        Span(name="1h", bins=60, bin_ms=MINUTE_MS, label_min=10, title=N_("1 hour"), step=N_("by the minute")),
        Span(name="24h", bins=96, bin_ms=QUARTER_MS, label_min=180, title=N_("24 hours"), step=N_("by 15 minutes")),
        Span(name="7d", bins=168, bin_ms=HOUR_MS, label_min=1440, title=N_("7 days"), step=N_("by the hour")),
    )
}


def span_named(name: str) -> Span:
    """Give a span. Raises CommandError."""
    if name not in SPANS:
        raise CommandError(f"span: must be one of {', '.join(SPANS)}, not {name!r}")
    return SPANS[name]


@dataclass(frozen=True, slots=True)
class Bin:
    """What came to pass from one moment on, until the next bin begins."""

    at_ms: int
    counts: Counter[str]


class Past:
    """Gives bins. Hours that are over are read once by each process: nothing changes there any more."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._lock = threading.Lock()
        self._hours: set[int] = set()
        self._quarters: dict[int, Counter[str]] = {}

    def bins(self, span: Span, now_ms: int) -> list[Bin]:
        """Give a span's bins, the one of now last. Raises StoreError."""
        first = now_ms // span.bin_ms - span.bins + 1
        starts = [place * span.bin_ms for place in range(first, first + span.bins)]
        if span.bin_ms == MINUTE_MS:
            found = self._meters.minutes(starts[0], now_ms)
            return [Bin(at_ms, found.get(at_ms, Counter())) for at_ms in starts]
        with self._lock:
            self._read(starts[0] // HOUR_MS, now_ms)
            return [Bin(at_ms, self._sum(at_ms, span.bin_ms)) for at_ms in starts]

    def _read(self, first: int, now_ms: int) -> None:
        """Read the hours that are not known yet, and those that may still change."""
        wanted = [hour for hour in range(first, now_ms // HOUR_MS + 1) if hour not in self._hours]
        self._quarters |= self._meters.quarters(wanted)
        self._hours |= {hour for hour in wanted if (hour + 1) * HOUR_MS + SETTLED_MS < now_ms}
        oldest = now_ms - 8 * 24 * HOUR_MS
        self._quarters = {place: one for place, one in self._quarters.items() if place * QUARTER_MS > oldest}
        self._hours = {hour for hour in self._hours if hour * HOUR_MS > oldest}

    def _sum(self, at_ms: int, bin_ms: int) -> Counter[str]:
        whole: Counter[str] = Counter()
        for quarter in range(at_ms // QUARTER_MS, (at_ms + bin_ms) // QUARTER_MS):
            whole.update(self._quarters.get(quarter, {}))
        return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What is drawn of one outcome, or in one strip."""

    #: The word of the state, or of the count.
    word: str
    count: int
    #: A path in a box as wide as there are bins, and 100 high.
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Words at a place of an axis, in percent."""

    at: float
    words: str
    #: Left out where there is little room.
    minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A bin in words."""

    place: int
    at_ms: int
    when: str
    counts: Counter[str]

    @property
    def words(self) -> str:
        """Say what came to pass: ``14:15: 12 delivered, 1 dead``."""
        told = [f"{number(self.counts[word])} {words(word)}" for word in ("accepted", *WORDS) if self.counts[word]]
        return f"{self.when}: {', '.join(told) or _('nothing')}"


WORDS = (*(state.word for state in OUTCOMES), *STRIPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Everything that a template needs to draw it."""

    span: Span
    slots: tuple[Slot, ...]
    layers: tuple[Layer, ...]
    strips: tuple[Layer, ...]
    #: Points of the line of events that were accepted, in the box of the layers.
    accepted: str
    accepted_count: int
    #: Numbers at the left, and times at the foot.
    scale: tuple[Label, ...]
    times: tuple[Label, ...]

    @property
    def empty(self) -> bool:
        return not any(slot.counts for slot in self.slots)

    @property
    def words(self) -> tuple[str, ...]:
        """What there is any of, in the order in which it is shown."""
        shown = (*self.layers, *self.strips)
        return ("accepted", *(one.word for one in shown if one.count))

    @property
    def busy(self) -> tuple[Slot, ...]:
        """The bins in which anything came to pass, the newest first."""
        return tuple(slot for slot in self.slots[::-1] if slot.counts)


def plot(bins: Sequence[Bin], span: Span) -> Plot:
    """Draw bins as the reader's zone and language have them."""
    stacks = [sum(one.counts[state.word] for state in OUTCOMES) for one in bins]
    step, top = scale_for(max(*stacks, *(one.counts["accepted"] for one in bins)))
    heights = [high(one.counts["accepted"], top) for one in bins]
    return Plot(
        span=span,
        slots=tuple(_slots(bins, span)),
        layers=tuple(_layers(bins, top)),
        strips=tuple(layer for layer in (_strip(bins, word) for word in STRIPS) if layer.count),
        accepted=" ".join(f"{at},{height} {at + 1},{height}" for at, height in enumerate(heights)),
        accepted_count=sum(one.counts["accepted"] for one in bins),
        scale=tuple(Label(at=high(value, top), words=number(value)) for value in range(step, top + 1, step)),
        times=tuple(_times(bins, span)),
    )


def _slots(bins: Sequence[Bin], span: Span) -> Iterator[Slot]:
    for place, one in enumerate(bins):
        yield Slot(place=place, at_ms=one.at_ms, when=_when(one.at_ms, span), counts=one.counts)


def scale_for(most: int) -> tuple[int, int]:
    """Give a round step and a top that is a multiple of it, so that few lines reach above ``most``."""
    rough = max(1.0, most / LINES)
    power = 10 ** math.floor(math.log10(rough))
    step = next(int(size * power) for size in (1, 2, 5, 10) if size * power >= rough)
    return step, max(step, math.ceil(most / step) * step)


def high(value: int, top: int) -> float:
    """Give how far below the top a value stands, in percent."""
    return round(100 - 100 * value / top, 2)


def _layers(bins: Sequence[Bin], top: int) -> list[Layer]:
    ground = [0] * len(bins)
    layers = []
    for state in OUTCOMES:
        values = [one.counts[state.word] for one in bins]
        layers.append(Layer(word=state.word, count=sum(values), path=_bars(values, ground, top)))
        ground = [below + value for below, value in zip(ground, values, strict=True)]
    return layers


def _strip(bins: Sequence[Bin], word: str) -> Layer:
    values = [one.counts[word] for one in bins]
    return Layer(word=word, count=sum(values), path=_bars(values, [0] * len(bins), max(*values, 1)))


def _bars(values: Sequence[int], ground: Sequence[int], top: int) -> str:
    """Draw one bar for each value, standing on the ground of its place."""
    return "".join(
        f"M{at + 0.08:.2f} {high(below, top)}V{high(below + value, top)}h.84V{high(below, top)}z"
        for at, (value, below) in enumerate(zip(values, ground, strict=True))
        if value
    )


def _times(bins: Sequence[Bin], span: Span) -> list[Label]:
    """Label the bins in which a round time of the reader's clock begins; every other one is minor."""
    rounds = [_round(one.at_ms, span) for one in bins]
    before = [_round(bins[0].at_ms - span.bin_ms, span), *rounds]
    places = [(at, one) for at, one in enumerate(bins) if rounds[at] != before[at]]
    return [
        Label(
            at=round(100 * at / span.bins, 2),
            words=day_short(one.at_ms) if span.label_min >= 1440 else clock(one.at_ms),
            minor=bool(turn % 2),
        )
        for turn, (at, one) in enumerate(places)
    ]


def _round(at_ms: int, span: Span) -> tuple[int, int]:
    at = datetime.fromtimestamp(at_ms / 1000, zone())
    return at.toordinal(), (at.hour * 60 + at.minute) // span.label_min


def _when(at_ms: int, span: Span) -> str:
    return clock(at_ms) if span.bin_ms < HOUR_MS else f"{day_short(at_ms)} {clock(at_ms)}"


def plot_json(bins: Sequence[Bin], span: Span) -> dict[str, Json]:
    """Give the bins as JSON: what came to pass in each, by word."""
    return {"span": span.name, "bin_ms": span.bin_ms, "bins": [_bin_json(one) for one in bins]}


def _bin_json(one: Bin) -> dict[str, Json]:
    at = datetime.fromtimestamp(one.at_ms / 1000, UTC).isoformat().replace("+00:00", "Z")
    return {"at_ms": one.at_ms, "at": at, **{word: one.counts[word] for word in ("accepted", *WORDS)}}
