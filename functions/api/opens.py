"""What a fetch of the pixel would mean: the rules, for anybody to try."""

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import AfterValidator, BaseModel, Field

from functions.api import events
from functions.api.answers import Answer, answer
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


class Explain(BaseModel):
    """The fields of `opens/explain`."""

    user_agent: Annotated[str, Field(max_length=8192)] | None = None
    asn: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    ip: Annotated[str, Field(max_length=45), AfterValidator(_as_address)] | None = None
    headers: Headers | None = None
    method: Annotated[str, Field(pattern="^[A-Z]{1,20}$")] | None = None
    seconds_since_delivery: Annotated[float, Field(ge=0, le=_YEAR_SECONDS, allow_inf_nan=False)] | None = None


@router.post("/opens/explain")
def explain(wanted: Annotated[Explain, Body()]) -> Answer[Any]:
    """An extension: what the rules say of a fetch as it is described."""
    now = datetime.now(UTC)
    since = wanted.seconds_since_delivery
    delivered_at = None if since is None else now - timedelta(seconds=since)
    fetch = Fetch(
        event_id="explained",
        at=now,
        method=wanted.method or "GET",
        user_agent=(wanted.user_agent or "")[:MAX_USER_AGENT],
        address=wanted.ip,
        asn=wanted.asn,
        headers=wanted.headers or {},
    )
    (opened,) = classify(Sending(delivered_at=delivered_at), [fetch])
    return answer(
        router,
        {
            **events.meaning(opened),
            **events.program(fetch.user_agent),
            "is_timed": rules.is_timeable(fetch),
        },
    )
