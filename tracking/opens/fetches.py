"""The raw fact: somebody asked for the image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tracking.opens.reading import Reading

MAX_USER_AGENT = 1024
MAX_HEADER = 512
"""Characters that are kept of a user agent, and of any other header."""


class Witness(StrEnum):
    """Who saw a fetch, which decides what is known of it."""

    FUNCTION = "function"
    """The pixel function: all that the edge told it."""

    ACCESS_LOG = "access_log"
    """CloudFront's access log alone. Network, country, city and most headers are not known: they are not
    there, whatever the client sent."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request for a pixel, as the edge saw it; nothing in it is an interpretation.

    `event_id` is CloudFront's request id. What the edge did not say is None, or empty for the user agent.
    `headers` are the request's other telling headers by lower-case name, as sent. `reading` is None unless
    the client was sent on to be timed.
    """

    event_id: str
    at: datetime
    method: str = "GET"
    user_agent: str = ""
    address: str | None = None
    asn: int | None = None
    country: str | None = None
    city: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    witness: Witness = Witness.FUNCTION
    reading: Reading | None = None
