import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import InvalidEnvelope
from tracking.mail import email_ids, envelopes
from tracking.mail.credentials import Credential, CredentialKind
from tracking.mail.envelopes import Envelope

ENVELOPE = Envelope(
    "06h0r9co15h30phg2640",
    CredentialKind.SMTP_USER,
    "alice",
    "",
    ("bob@example.net", "carol@example.net"),
    datetime(2026, 11, 24, 12, tzinfo=UTC),
    1000,
)


@given(strategies.envelopes)
def test_an_envelope_reads_back_as_it_was_written(envelope: Envelope) -> None:
    assert envelopes.decode(envelopes.encode(envelope)) == envelope


def test_a_new_envelope_says_who_handed_in_what_and_when() -> None:
    alice = Credential(CredentialKind.SMTP_USER, "alice", ENVELOPE.received_at)

    envelope = envelopes.new(
        alice,
        "alice@example.com",
        ["bob@example.net"],
        received_at=ENVELOPE.received_at,
        random=bytes(6),
        size=1000,
        source_ip="192.0.2.1",
    )

    assert envelope == Envelope(
        email_ids.new(ENVELOPE.received_at, bytes(6)),
        CredentialKind.SMTP_USER,
        "alice",
        "alice@example.com",
        ("bob@example.net",),
        ENVELOPE.received_at,
        1000,
        "192.0.2.1",
    )


def test_the_largest_envelope_fits_into_a_message_of_the_queue() -> None:
    longest = "a" * 64 + "@" + ".".join(["b" * 62] * 4)
    recipients = tuple(f"{number:03d}{longest[3:]}" for number in range(envelopes.MAX_RECIPIENTS))

    written = envelopes.encode(replace(ENVELOPE, mail_from=longest, recipients=recipients))

    # Source: Amazon SQS developer guide, "Message quotas", the lower of the sizes that were ever allowed.
    assert len(written) < 256 * 1024


def test_recipients_are_numbered_from_one() -> None:
    assert ENVELOPE.deliveries == [(1, "bob@example.net"), (2, "carol@example.net")]


@given(st.text())
def test_a_text_that_no_front_door_wrote_is_refused(text: str) -> None:
    with pytest.raises(InvalidEnvelope):
        envelopes.decode(text)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "carrier_pigeon"},
        {"received_at": "yesterday"},
        {"received_at": 7},
        {"recipients": None},
    ],
    ids=str,
)
def test_an_envelope_with_a_wrong_field_is_refused(change: dict[str, object]) -> None:
    text = json.dumps(json.loads(envelopes.encode(ENVELOPE)) | change)

    with pytest.raises(InvalidEnvelope):
        envelopes.decode(text)


@pytest.mark.parametrize("missing", json.loads(envelopes.encode(ENVELOPE)))
def test_an_envelope_without_one_of_its_fields_is_refused(missing: str) -> None:
    fields = json.loads(envelopes.encode(ENVELOPE))
    del fields[missing]

    with pytest.raises(InvalidEnvelope):
        envelopes.decode(json.dumps(fields))
