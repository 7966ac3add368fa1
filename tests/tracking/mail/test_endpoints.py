import base64
from dataclasses import replace
from datetime import UTC, datetime

from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import Endpoint, signing_secret

ENDPOINT = Endpoint(
    1, "https://example.com/", datetime(2026, 1, 1, tzinfo=UTC), events=frozenset({EventType.FETCHED})
)


def test_an_endpoint_wants_the_events_it_asked_for_of_every_credential() -> None:
    assert ENDPOINT.wants(EventType.FETCHED, "alice")
    assert not ENDPOINT.wants(EventType.BOUNCED, "alice")


def test_an_endpoint_that_names_credentials_wants_only_their_mail() -> None:
    endpoint = replace(ENDPOINT, credential_ids=frozenset({"alice"}))

    assert endpoint.wants(EventType.FETCHED, "alice")
    assert not endpoint.wants(EventType.FETCHED, "bob")


def test_an_endpoint_without_events_wants_none() -> None:
    assert not any(replace(ENDPOINT, events=frozenset()).wants(each, "alice") for each in EventType)


def test_every_endpoint_and_each_of_its_versions_has_a_secret_of_its_own() -> None:
    secrets = [
        signing_secret(ENDPOINT, "root"),
        signing_secret(ENDPOINT, "other root"),
        signing_secret(replace(ENDPOINT, id=2), "root"),
        signing_secret(replace(ENDPOINT, secret_version=2), "root"),
    ]

    assert len(set(secrets)) == len(secrets)
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)


def test_a_secret_stays_the_same() -> None:
    moved = replace(ENDPOINT, url="https://example.org/", events=frozenset())

    assert signing_secret(moved, "root") == signing_secret(ENDPOINT, "root")
