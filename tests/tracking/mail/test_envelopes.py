import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tracking.errors import InvalidEnvelope
from tracking.mail import envelopes
from tracking.mail.credentials import CredentialKind
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
