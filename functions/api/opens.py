"""What a fetch of the pixel would mean: the rules, for anybody to try."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api.answers import EXTENSION, Answer, answer
from functions.api.bodies import NO_BOOLEAN
from functions.api.events import Meaning, Program
from tracking.opens import rules
from tracking.opens.classification import Sending, classify
from tracking.opens.fetches import MAX_HEADER, MAX_USER_AGENT, Fetch

router = APIGatewayHttpRouter()

_YEAR_SECONDS = timedelta(days=365).total_seconds()


def _as_address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _in_lower_case(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


Name = Annotated[str, Field(min_length=1, max_length=100)]
Value = Annotated[str, Field(max_length=MAX_HEADER)]
Headers = Annotated[dict[Name, Value], Field(max_length=20), AfterValidator(_in_lower_case)]
Address = Annotated[str, Field(max_length=45), AfterValidator(_as_address)]


class Explain(BaseModel):
    """A fetch of the pixel, as far as it is known."""

    user_agent: Annotated[
        str | None,
        Field(
            max_length=8192,
            description="What the client calls itself; the first 1,024 characters count, as in a real fetch",
        ),
    ] = None
    asn: Annotated[
        Annotated[int, Field(ge=0, le=2**32 - 1), NO_BOOLEAN] | None,
        Field(description="The number of its network"),
    ] = None
    ip: Annotated[Address | None, Field(description="Its IPv4 or IPv6 address")] = None
    headers: Annotated[
        Headers | None,
        Field(
            description="Its headers, by their names in any case. Those that are left out count as not sent, "
            "so that a browser in a hosting company's network has `NO_ACCEPT_LANGUAGE` without them"
        ),
    ] = None
    method: Annotated[
        str | None, Field(pattern="^[A-Z]{1,20}$", description="The HTTP method; without it `GET`")
    ] = None
    seconds_since_delivery: Annotated[
        Annotated[float, Field(ge=0, le=_YEAR_SECONDS), NO_BOOLEAN] | None,
        Field(
            description="How long after the mail's delivery it came; without it that is not known",
        ),
    ] = None


class Explanation(Meaning, Program):
    """What the rules say of a fetch."""

    is_timed: Annotated[
        bool,
        Field(
            description="Whether such a client would be sent on to see how long its mail stays open, where "
            "read time is on"
        ),
    ]


@router.post("/opens/explain", openapi_extensions=EXTENSION)
def explain(described: Annotated[Explain, Body()]) -> Answer[Explanation]:
    """Explain what a fetch of the pixel means.

    This is what the [rules](opens.md) say, to try them out; nothing is stored. All fields are optional: what
    is left out is not known, as it may be of a real fetch.
    """
    now = datetime.now(UTC)
    since = described.seconds_since_delivery
    fetch = Fetch(
        event_id="explained",
        at=now,
        method=described.method or "GET",
        user_agent=(described.user_agent or "")[:MAX_USER_AGENT],
        address=described.ip,
        asn=described.asn,
        headers=described.headers or {},
    )
    delivered_at = None if since is None else now - timedelta(seconds=since)
    (opened,) = classify(Sending(delivered_at=delivered_at), [fetch])
    return answer(
        router,
        Explanation(
            **Meaning.of(opened).model_dump(),
            **Program.named_by(fetch.user_agent).model_dump(),
            is_timed=rules.is_timeable(fetch),
        ),
    )
