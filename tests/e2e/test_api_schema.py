"""What the API answers is what its OpenAPI document says, whatever it is asked."""

import urllib.error
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from functions.api.throttling import OWN_LIMITS
from local import demo
from local.endpoints import Endpoints
from tests.e2e import console, conversation
from tests.e2e.clients.tour import DOCUMENT
from tests.e2e.conftest import LocalSystem
from tests.e2e.conversation import MAILS

pytestmark = pytest.mark.e2e

EXAMPLES: Final = 8
"""For each operation: all of them together take about a minute."""

SCHEMA = schemathesis.openapi.from_path(
    DOCUMENT,
    config=SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "request-timeout": 30,
            "generation": {"deterministic": True, "max-examples": EXAMPLES, "no-shrink": True},
            "phases": {"coverage": {"enabled": False}},
            # A text may be no address, no time, or name nothing that is there, and JSON Schema cannot say so.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ),
)
MANY_WEBHOOKS: Final = 10_000
HOOK: Final = "https://example.com/hook"


@SCHEMA.parametrize()
def test_every_call_answers_as_documented(case: schemathesis.Case[Any], system: LocalSystem) -> None:
    with _aimed(system.endpoints, case):
        response = case.call_and_validate(
            base_url=system.endpoints.api_url.removesuffix("/v3"),
            headers={"X-Smtp2go-Api-Key": _key(system.endpoints, case.path)},
        )
    if response.status_code == 200 and case.path in UNDONE_BY:
        UNDONE_BY[case.path](system.endpoints, response.json()["data"])


@pytest.fixture(scope="module")
def mail(system: LocalSystem) -> dict[str, str]:
    """A mail that was delivered and opened; another one came back."""
    found, recipient = system.endpoints, conversation.somebody()
    newsletter = (MAILS / "newsletter.eml").read_bytes()
    conversation.send(found, [recipient], newsletter)
    conversation.send(found, ["bounce@simulator.amazonses.com"], newsletter)
    html = conversation.mail_to(found, recipient)["html"]
    pixel = html[html.index(f"{found.pixel_url}/o/") :].partition('"')[0]
    demo.load(pixel, demo.BROWSER)
    events = conversation.until(
        lambda: conversation.events(found, recipient),
        lambda events: {event["event"] for event in events} == {"processed", "delivered", "opened"},
    )
    return {"email_id": events[0]["email_id"], "recipient": recipient}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/activity/search", {"limit": 1000, "include_headers": True, "custom_headers": ["Subject"]}),
        ("/activity/search", {"only_latest": True}),
        ("/activity/search", {"limit": 1}),
        ("/stats/email_bounces", {}),
        ("/stats/email_spam", {}),
        ("/stats/email_unsubs", {}),
        ("/stats/email_summary", {}),
        *(
            ("/stats/email_history", {"group_by": by})
            for by in ("email_address", "username", "domain", "subaccount")
        ),
        ("/stats/opens", {}),
        ("/users/smtp/view", {}),
        ("/api_keys/view", {}),
        ("/webhook/view", {}),
    ],
)
@pytest.mark.usefixtures("mail")
def test_what_there_is_is_shown_as_documented(
    system: LocalSystem, path: str, fields: dict[str, object]
) -> None:
    _check(system.endpoints, path, fields)


def test_a_timeline_is_shown_as_documented(system: LocalSystem, mail: dict[str, str]) -> None:
    _check(system.endpoints, "/activity/timeline", mail)


def _check(found: Endpoints, path: str, fields: dict[str, Any]) -> None:
    operation = SCHEMA["/v3" + path]["POST"]
    case = operation.Case(body=fields, media_type="application/json")
    response = case.call(
        base_url=found.api_url.removesuffix("/v3"), headers={"X-Smtp2go-Api-Key": found.api_key}
    )
    case.validate_response(response)
    assert response.status_code == 200


def _key(found: Endpoints, path: str) -> str:
    """A key that may do all; its mail goes nowhere, and nobody else's limit is used up."""
    return _new_key(found) if path.removeprefix("/v3") in OWN_LIMITS else _shared_key(found)


def _new_key(found: Endpoints) -> str:
    return console.new_key(found, "*", status="sandbox")


_shared_key = cache(_new_key)


@contextmanager
def _aimed(found: Endpoints, case: schemathesis.Case[Any]) -> Iterator[None]:
    """Let an edit or a removal be of something that is there, and that no other test needs."""
    if case.path not in TARGETS or not isinstance(case.body, dict):
        yield
        return
    field, make, remove = TARGETS[case.path]
    if _is_wrong_on_purpose(case) and not _may_be_somebody_elses(case.body.get(field)):
        yield
        return
    target = case.body[field] = make(found)
    yield
    with suppress(urllib.error.HTTPError):  # It is gone already.
        remove(found, target)


def _may_be_somebody_elses(target: object) -> bool:
    """Whether something may be called that: webhooks are numbered from 1 on; no name is hit by chance."""
    return type(target) is int and 0 < target < MANY_WEBHOOKS


def _is_wrong_on_purpose(case: schemathesis.Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE


def _new_user(found: Endpoints) -> str:
    name: str = console.call(found, "users/smtp/add", username=_name())["results"][0]["username"]
    return name


def _new_address(found: Endpoints) -> str:
    text = uuid.uuid4().hex
    made = console.call(found, "ip_auth/add", ip_address=f"2001:db8:{text[:4]}:{text[4:8]}::/64")
    address: str = made["results"][0]["ip_address"]
    return address


def _new_webhook(found: Endpoints) -> int:
    number: int = console.call(found, "webhook/add", url=HOOK)["id"]
    return number


def _name() -> str:
    return f"schema-{uuid.uuid4().hex[:12]}"


def _remove_user(found: Endpoints, name: object) -> None:
    console.call(found, "users/smtp/remove", username=name)


def _remove_address(found: Endpoints, address: object) -> None:
    console.call(found, "ip_auth/remove", ip_address=address)


def _remove_key(found: Endpoints, key: object) -> None:
    console.call(found, "api_keys/remove", id=key)


def _remove_webhook(found: Endpoints, number: object) -> None:
    console.call(found, "webhook/remove", id=number)


TARGETS: Final[
    dict[str, tuple[str, Callable[[Endpoints], str | int], Callable[[Endpoints, object], None]]]
] = {
    **dict.fromkeys(("/v3/users/smtp/edit", "/v3/users/smtp/remove"), ("username", _new_user, _remove_user)),
    **dict.fromkeys(
        ("/v3/ip_auth/edit", "/v3/ip_auth/remove"), ("ip_address", _new_address, _remove_address)
    ),
    **dict.fromkeys(("/v3/api_keys/edit", "/v3/api_keys/remove"), ("id", _new_key, _remove_key)),
    **dict.fromkeys(
        (
            f"/v3/webhook/{call}"
            for call in (
                "edit",
                "remove",
                "enable",
                "rotate_secret",
                "failures",
                "retry",
                "cancel",
                "test",
                "attempts",
            )
        ),
        ("id", _new_webhook, _remove_webhook),
    ),
}

UNDONE_BY: Final[dict[str, Callable[[Endpoints, Any], None]]] = {
    "/v3/users/smtp/add": lambda found, data: _remove_user(found, data["results"][0]["username"]),
    "/v3/ip_auth/add": lambda found, data: _remove_address(found, data["results"][0]["ip_address"]),
    "/v3/api_keys/add": lambda found, data: _remove_key(found, data[0]["username"]),
    "/v3/webhook/add": lambda found, data: _remove_webhook(found, data["id"]),
}
