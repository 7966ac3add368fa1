"""What a delivery's fetches mean together: each by its rule, what the others tell of it, and repetitions.

It is computed whenever it is asked for, from the raw fetches, so that a better rule betters the past.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from tracking.opens import clients, reading, relay, rules
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.networks import network
from tracking.opens.rules import Agent, OpenClass, Reason, Rule, Sighting

BURST_NETWORKS = 3
BURST_WITHIN = timedelta(seconds=120)
"""So many networks within so much time ask for one pixel where a filter looks at it from all sides.

Source: mautic#16263 (three addresses in 30 seconds).
"""

REPEATS_WITHIN = timedelta(seconds=60)
"""How long after an open's first fetch the same may fetch again without opening again.

Source: Yahoo's proxy asked for a slow pixel up to four times: Litmus' help pages.
"""

TOO_FAST = ((timedelta(seconds=2), 0.3), (timedelta(seconds=10), 0.6))
"""What a fetch sooner after delivery than this keeps of its human probability. The first that fits counts."""

HUMAN = 0.5
"""From which human probability on a fetch is evidence that a person displayed the mail."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What classification needs to know of a delivery. Times are aware UTC, or None while not known."""

    delivered_at: datetime | None = None
    address: str | None = None
    """The IP address that the message was handed in from."""

    quoted_at: datetime | None = None
    """When a later message of ours first quoted this delivery's pixel."""


@dataclass(frozen=True, slots=True)
class Open:
    """Fetches that are one event to a person, and what it means.

    The first of `fetches` makes the open, the others repeat it. `confidence` is how sure the class is,
    `human_probability` how likely a person displayed the mail: both from 0 to 1, the latter None where it
    cannot be known.
    """

    fetches: tuple[Fetch, ...]
    open_class: OpenClass
    confidence: float
    human_probability: float | None
    reasons: tuple[Reason, ...]

    @property
    def fetch(self) -> Fetch:
        """The fetch that makes the open."""
        return self.fetches[0]

    @property
    def count(self) -> int:
        """How many fetches it is."""
        return len(self.fetches)

    @property
    def at(self) -> datetime:
        """When the mail was opened."""
        return self.fetch.at

    @property
    def read_seconds(self) -> int | None:
        """How long the mail was open, see `reading.seconds`; None for anything but a direct open."""
        return reading.seconds(self._measured)

    @property
    def read_milliseconds(self) -> int | None:
        """The same as a lower bound to the millisecond, None until the access log tells it."""
        return None if self._measured is None else self._measured.milliseconds

    @property
    def is_human_evidence(self) -> bool:
        """Whether it speaks for a person who displayed the mail, rather than against."""
        return (
            self.open_class in {OpenClass.DIRECT_OPEN, OpenClass.PROXIED_OPEN}
            and self.human_probability is not None
            and self.human_probability >= HUMAN
        )

    @property
    def _measured(self) -> reading.Reading | None:
        """The first reading that was measured. That a machine follows redirects is no reading."""
        if self.open_class is not OpenClass.DIRECT_OPEN:
            return None
        return next((fetch.reading for fetch in self.fetches if _steps(fetch) is not None), None)


def classify(sending: Sending, fetches: Iterable[Fetch]) -> list[Open]:
    """Say what the fetches of a delivery's pixel mean.

    Args:
        sending: What is known of the delivery.
        fetches: All of the delivery's fetches, in any order.

    Returns:
        Opens by time. Each fetch is in exactly one.
    """
    groups: list[_Group] = []
    latest: dict[tuple[OpenClass, Hashable], _Group] = {}
    history = sorted(fetches, key=lambda fetch: (fetch.at, fetch.event_id))
    for seen, rule in _ruled(_sightings(sending, history)):
        origin = rule.open_class, _origin(seen)
        group = latest.get(origin)
        if group is None or not group.takes(seen.fetch):
            group = latest[origin] = _Group(seen, rule)
            groups.append(group)
        group.add(seen.fetch)
    return [group.open() for group in groups]


def _sightings(sending: Sending, history: Iterable[Fetch]) -> list[Sighting]:
    sender = _parsed(sending.address)
    familiar: set[bytes] = set()
    sightings = []
    for fetch in history:
        agent, prefix = rules.agent(fetch.user_agent), _prefix(fetch.address)
        is_quoted = sending.quoted_at is not None and fetch.at >= sending.quoted_at
        if prefix is not None and not is_quoted:
            familiar.add(prefix)
        sightings.append(
            Sighting(
                fetch,
                agent,
                network(fetch.asn),
                is_relay=agent is Agent.BARE_MOZILLA and relay.is_relay(fetch.address),
                is_crawler=agent in rules.MAYBE_CRAWLERS and clients.is_crawler(fetch.user_agent),
                is_from_sender=sender is not None and _parsed(fetch.address) == sender,
                is_stranger=is_quoted and prefix not in familiar,
                age=None if sending.delivered_at is None else fetch.at - sending.delivered_at,
            )
        )
    return sightings


def _ruled(sightings: Sequence[Sighting]) -> list[tuple[Sighting, Rule]]:
    """Each sighting with its rule. Who says what it is takes no part in a burst."""
    named = [rules.named_rule(seen) for seen in sightings]
    others = [seen for seen, rule in zip(sightings, named, strict=True) if rule is None]
    bursting = iter(_bursting([seen.fetch for seen in others]))
    ruled = []
    for seen, rule in zip(sightings, named, strict=True):
        if rule is None:
            known = replace(seen, in_burst=True) if next(bursting) else seen
            ruled.append((known, rules.other_rule(known)))
        else:
            ruled.append((seen, rule))
    return ruled


def _bursting(history: Sequence[Fetch]) -> list[bool]:
    """Which fetches, by time, have others from enough networks around them."""
    found = [False] * len(history)
    if len(history) < BURST_NETWORKS:
        return found
    prefixes = [_prefix(fetch.address) for fetch in history]
    inside: Counter[bytes] = Counter()
    start = marked = 0
    for end, (fetch, prefix) in enumerate(zip(history, prefixes, strict=True), start=1):
        if prefix is not None:
            inside[prefix] += 1
        while fetch.at - history[start].at > BURST_WITHIN:
            gone = prefixes[start]
            start += 1
            if gone is not None:
                inside[gone] -= 1
                if not inside[gone]:
                    del inside[gone]
        if len(inside) >= BURST_NETWORKS:
            marked = max(marked, start)
            found[marked:end] = [True] * (end - marked)
            marked = end
    return found


@dataclass(slots=True)
class _Group:
    """An open that may still grow."""

    seen: Sighting
    rule: Rule
    fetches: list[Fetch] = field(default_factory=list)
    reading_ends: timedelta | None = None
    """When its reading is over, from the first fetch on; None if it was not measured."""

    def takes(self, fetch: Fetch) -> bool:
        """Whether a later fetch like it repeats it."""
        since = fetch.at - self.seen.fetch.at
        return since <= REPEATS_WITHIN and (self.reading_ends is None or since <= self.reading_ends)

    def add(self, fetch: Fetch) -> None:
        self.fetches.append(fetch)
        if self.rule.open_class is OpenClass.DIRECT_OPEN and (steps := _steps(fetch)) is not None:
            # Nobody saw the end of a reading that took all steps.
            longest = steps >= reading.MAX_STEPS
            ends = timedelta.max if longest else fetch.at - self.seen.fetch.at + reading.STEP * (steps + 1)
            self.reading_ends = ends if self.reading_ends is None else max(ends, self.reading_ends)

    def open(self) -> Open:
        probability, reasons = self.rule.human_probability, self.rule.reasons
        if probability and (share := _share(self.seen.age)) is not None:
            probability, reasons = round(probability * share, 3), (*reasons, Reason.TOO_FAST)
        if self.seen.fetch.witness is Witness.ACCESS_LOG:
            reasons = (*reasons, Reason.ACCESS_LOG_ONLY)
        return Open(tuple(self.fetches), self.rule.open_class, self.rule.confidence, probability, reasons)


def _share(age: timedelta | None) -> float | None:
    """What the age of a fetch leaves of its human probability; None if all."""
    if age is None or age < -rules.CLOCKS_DIFFER:
        return None
    return next((share for limit, share in TOO_FAST if age < limit), None)


def _steps(fetch: Fetch) -> int | None:
    return None if fetch.reading is None else fetch.reading.steps


def _origin(seen: Sighting) -> Hashable:
    """Where fetches come from, if they may be repetitions; two of unknown origin must say the same."""
    if seen.agent in rules.PROXIES:
        # By its name, because the access log does not know its network.
        return seen.agent
    if seen.network is not None:
        return seen.network.owner
    prefix, asn = _prefix(seen.fetch.address), seen.fetch.asn
    if prefix is None and asn is None:
        return "unknown", seen.fetch.user_agent
    return asn if prefix is None else prefix


@lru_cache(4096)
def _prefix(address: str | None) -> bytes | None:
    """The /24 or /48 that an address is in."""
    parsed = _parsed(address)
    return None if parsed is None else parsed.packed[: 6 if isinstance(parsed, IPv6Address) else 3]


@lru_cache(4096)
def _parsed(address: str | None) -> IPv4Address | IPv6Address | None:
    if address is None:
        return None
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return (isinstance(parsed, IPv6Address) and parsed.ipv4_mapped) or parsed
