"""Whose network a fetch came from, where that says something about the fetch: the table `networks.csv`.

| column | holds |
|---|---|
| `asn` | the number of the autonomous system; the rows are in its order |
| `owner` | whose it is, as people call them |
| `kind` | a value of `Kind` |
| `source` | what number and owner were checked with |
| `date` | when that was, as YYYY-MM-DD |

No field holds a comma or a quotation mark. A network is in it for what mostly comes out of it, and one that
serves two purposes has the kind that says more of mail: NYI is a hosting company, and is here because
Fastmail's image proxy is hosted with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_suffix(".csv")


class Kind(StrEnum):
    """What a fetch from a network is likely to be."""

    RELAY = "relay"
    """Carries Apple's iCloud Private Relay, among other things: a person who browses through it comes from
    here as well as Mail's prefetching."""

    MAIL_PROVIDER = "mail_provider"
    """A mailbox provider, whose image proxy is here. So may be its filters, and the machines that it rents
    out."""

    APPLE = "apple"
    """Apple itself: its offices and servers. The private relay does not come out here."""

    SECURITY = "security"
    """Filters mail or links for others. The people who work there are here too."""

    CORPORATE_PROXY = "corporate_proxy"
    """A web proxy for companies' staff: people, and their address is the proxy's."""

    HOSTING = "hosting"
    """Rented machines: scripts and scanners, and the exits of people's VPNs."""


@dataclass(frozen=True, slots=True)
class Network:
    """An autonomous system of the table."""

    asn: int
    owner: str
    kind: Kind


def network(asn: int | None) -> Network | None:
    """The network with a number; None if the table does not know it, or the number is not known."""
    return None if asn is None else _table().get(asn)


@cache
def _table() -> Mapping[int, Network]:
    _, *rows = _TABLE.read_text(encoding="utf-8").splitlines()
    found = {}
    for row in rows:
        asn, owner, kind, _ = row.split(",", 3)
        found[int(asn)] = Network(int(asn), owner, Kind(kind))
    return found
