import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import (
    NEVER_SENT,
    SECRETS_OVERLAP,
    AuthScheme,
    Endpoint,
    OutputFormat,
    WebhookEvent,
    authorization,
    missing_from,
    signing_secret,
    signing_secrets,
    split_userinfo,
    webhook_event,
)

AT = datetime(2026, 11, 24, tzinfo=UTC)
ENDPOINT = Endpoint(
    1, "https://example.com/", datetime(2026, 1, 1, tzinfo=UTC), events=frozenset({WebhookEvent.OPEN})
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


@pytest.mark.parametrize("event", [WebhookEvent.CLICK, WebhookEvent.UNSUBSCRIBE, WebhookEvent.RESUBSCRIBE])
def test_nothing_here_leads_to_some_events(event: WebhookEvent) -> None:
    asking = replace(ENDPOINT, events=frozenset({event}))

    assert not any(asking.wants(each, "alice") for each in EventType)


def test_what_is_never_sent_is_what_nothing_here_leads_to() -> None:
    led_to = {webhook_event(each) for each in EventType}

    assert set(WebhookEvent) - led_to == NEVER_SENT == {"click", "unsubscribe", "resubscribe"}


def test_postmarks_form_alone_cannot_tell_of_everything() -> None:
    assert {form: missing_from(form) for form in OutputFormat} == {
        OutputFormat.FORM: frozenset(),
        OutputFormat.JSON: frozenset(),
        OutputFormat.POSTMARK: {"processed", "reject", "resubscribe"},
    }


def test_an_endpoint_that_asks_for_everything_hears_of_all_but_delays_and_quotes() -> None:
    asking = replace(ENDPOINT, events=frozenset(WebhookEvent))

    unheard = {each for each in EventType if not asking.wants(each, "alice")}

    assert unheard == {EventType.DELAYED, EventType.QUOTED}


def test_every_endpoint_and_each_of_its_versions_has_a_secret_of_its_own() -> None:
    secrets = [
        signing_secret(ENDPOINT, "root"),
        signing_secret(ENDPOINT, "other root"),
        signing_secret(replace(ENDPOINT, id=2), "root"),
        signing_secret(replace(ENDPOINT, secret_version=2), "root"),
    ]

    assert len(set(secrets)) == len(secrets)
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in secrets)


@pytest.mark.parametrize(
    ("version", "rotated_at", "versions"),
    [
        (1, None, [1]),
        (2, AT, [2, 1]),
        (3, AT, [3, 2]),
        (2, AT - SECRETS_OVERLAP + timedelta(seconds=1), [2, 1]),
        (2, AT - SECRETS_OVERLAP, [2]),
    ],
)
def test_a_secret_that_was_rotated_holds_for_a_while(
    version: int, rotated_at: datetime | None, versions: list[int]
) -> None:
    rotated = replace(ENDPOINT, secret_version=version, secret_rotated_at=rotated_at)

    assert signing_secrets(rotated, "root", AT) == [
        signing_secret(replace(ENDPOINT, secret_version=each), "root") for each in versions
    ]


def test_a_secret_stays_the_same() -> None:
    moved = replace(ENDPOINT, url="https://example.org/", events=frozenset())

    assert signing_secret(moved, "root") == signing_secret(ENDPOINT, "root")


@pytest.mark.parametrize(
    ("url", "bare", "userinfo"),
    [
        ("https://example.com/x?y=1#z", "https://example.com/x?y=1#z", None),
        ("https://example.com", "https://example.com", None),
        ("https://al:secret@example.com:8443/x?y=1", "https://example.com:8443/x?y=1", "al:secret"),
        ("https://al@example.com/", "https://example.com/", "al:"),
        ("https://@example.com/", "https://example.com/", None),
        ("https://a@b:c@example.com/", "https://example.com/", "a@b:c"),
        ("https://al:a%3Ab%40c@[2001:db8::1]/", "https://[2001:db8::1]/", "al:a:b@c"),
        ("https://example.com/al:secret@x", "https://example.com/al:secret@x", None),
    ],
)
def test_user_name_and_password_are_taken_out_of_a_url(url: str, bare: str, userinfo: str | None) -> None:
    assert split_userinfo(url) == (bare, userinfo)


@given(st.text(min_size=1).filter(lambda user: ":" not in user), st.text())
def test_a_user_name_and_password_come_out_of_a_url_as_they_were(user: str, password: str) -> None:
    url = f"https://{quote(user, safe='')}:{quote(password, safe='')}@example.com/"

    assert split_userinfo(url) == ("https://example.com/", f"{user}:{password}")


@pytest.mark.parametrize(
    "url", ["https://", "https:///x", "https://user@/x", "https://a:99999/", "https://a:0/", "https://[::1/"]
)
def test_a_url_that_leads_nowhere_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"host|port|Port|URL"):
        split_userinfo(url)


def test_a_token_is_sent_as_it_is() -> None:
    assert authorization(AuthScheme.BEARER, "t0ken+/=") == "Bearer t0ken+/="


@given(st.text(), st.text())
def test_user_and_password_are_sent_in_base64_and_that_as_it_is(user: str, password: str) -> None:
    written = f"{user}:{password}"
    encoded = base64.b64encode(written.encode()).decode()

    assert authorization(AuthScheme.BASIC, written) == f"Basic {encoded}"
    assert authorization(AuthScheme.BASIC, encoded) == f"Basic {encoded}"


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        (AuthScheme.BEARER, ""),
        (AuthScheme.BEARER, "two words"),
        (AuthScheme.BEARER, "a\r\nX-Evil: 1"),
        (AuthScheme.BEARER, "tök"),
        (AuthScheme.BASIC, "user"),
        (AuthScheme.BASIC, "tök"),
        (AuthScheme.BASIC, base64.b64encode(b"user").decode()),
        (AuthScheme.BASIC, base64.b64encode(b"user:pass").decode() + "\r\n"),
    ],
)
def test_a_value_that_is_none_for_its_scheme_is_refused(scheme: AuthScheme, value: str) -> None:
    with pytest.raises(ValueError, match=r"blanks|base64"):
        authorization(scheme, value)
