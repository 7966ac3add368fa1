"""Anything that the product may hold, for properties."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tracking.mail import email_ids
from tracking.mail.credentials import Credential, CredentialKind, CredentialStatus
from tracking.mail.deliveries import (
    Delivery,
    Event,
    EventType,
    Message,
    Outcome,
    Summary,
    TrackingMode,
    fetched,
)
from tracking.mail.endpoints import AuthScheme, Endpoint, OutputFormat, WebhookEvent
from tracking.mail.envelopes import MAX_RECIPIENTS, Envelope
from tracking.mail.healths import Health
from tracking.mail.notifications import Attempt, Notification, Progress, Status
from tracking.mail.sending_limits import MAX_LIMIT, MAX_PERIOD, MIN_PERIOD, SendingLimit
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.reading import MAX_STEPS, Reading
from tracking.opens.rules import OpenClass

times: SearchStrategy[datetime] = st.integers(1_600_000_000_000_000, 4_000_000_000_000_000).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
names = st.text(min_size=1, max_size=30)
numbers = st.integers(1, MAX_RECIPIENTS)
ids = st.binary(min_size=email_ids.BYTES, max_size=email_ids.BYTES).map(email_ids.from_bytes)

envelopes = st.builds(
    Envelope,
    email_id=ids,
    mail_from=st.text(),
    recipients=st.lists(st.text(), max_size=3).map(tuple),
    received_at=times,
    source_ip=st.none() | st.ip_addresses().map(str),
)
messages = st.builds(
    Message,
    email_id=ids,
    received_at=times,
    size=st.integers(0, 2**31),
    source_ip=st.none() | st.ip_addresses().map(str),
    recipients=st.lists(names, max_size=3).map(tuple),
    bcc=st.text(),
    headers=st.dictionaries(names.map(str.lower), st.text(min_size=1), max_size=3),
)
summaries = st.builds(
    Summary,
    opens=st.dictionaries(
        st.dates(date(2020, 1, 1), date(2090, 1, 1)),
        st.dictionaries(st.sampled_from(OpenClass), st.integers(1, 1000), min_size=1),
        max_size=4,
    ),
    first_open_at=st.none() | times,
    last_open_at=st.none() | times,
    first_human_at=st.none() | times,
    first_prefetch_at=st.none() | times,
    fetches=st.integers(0, 200).map(lambda hundreds: hundreds * 100),
    outcomes=st.dictionaries(st.sampled_from(Outcome), times),
    hours=st.dictionaries(
        st.dates(date(2020, 1, 1), date(2090, 1, 1)),
        st.dictionaries(st.integers(0, 23), st.integers(1, 1000), min_size=1),
        max_size=4,
    ),
    is_counted_by_domain=st.booleans(),
)
deliveries = st.builds(
    Delivery,
    email_id=ids,
    number=numbers,
    recipient=names,
    mode=st.sampled_from(TrackingMode),
    started_at=times,
    untracked_reason=st.none() | names,
    placement=st.none() | names,
    sent_at=st.none() | times,
    delivered_at=st.none() | times,
    ses_message_id=st.none() | names,
    rejected_at=st.none() | times,
    rejection=st.none() | names,
    claimed_until=st.none() | times,
    summary=summaries,
    version=st.integers(0, 1000),
)
readings = st.builds(
    Reading,
    steps=st.none() | st.integers(0, MAX_STEPS),
    at=st.none() | times,
    milliseconds=st.none() | st.integers(0, 30_000),
)
fetches = st.builds(
    Fetch,
    event_id=names,
    at=times,
    user_agent=st.text(),
    address=st.none() | st.ip_addresses().map(str),
    asn=st.none() | st.integers(0, 2**32 - 1),
    country=st.none() | st.text(),
    city=st.none() | st.text(),
    headers=st.dictionaries(names, st.text()),
    witness=st.sampled_from(Witness),
    reading=st.none() | readings,
)
events = fetches.map(fetched) | st.builds(
    Event,
    event_id=names,
    type=st.sampled_from(EventType),
    at=times,
    details=st.dictionaries(names, st.text()),
    fetch=st.none(),
)
periods = st.integers(MIN_PERIOD // timedelta(seconds=1), MAX_PERIOD // timedelta(seconds=1)).map(
    lambda seconds: timedelta(seconds=seconds)
)
sending_limits = st.builds(SendingLimit, recipients=st.integers(1, MAX_LIMIT), period=periods)
credentials = st.builds(
    Credential,
    kind=st.sampled_from(CredentialKind),
    id=names,
    created_at=times,
    secret_hash=st.none() | st.text(),
    status=st.sampled_from(CredentialStatus),
    open_tracking_enabled=st.booleans(),
    description=st.text(),
    permissions=st.lists(names, max_size=3).map(tuple),
    sending_limit=st.none() | sending_limits,
)
endpoints = st.builds(
    Endpoint,
    id=st.integers(1, 10**9 - 1),
    url=names,
    created_at=times,
    events=st.frozensets(st.sampled_from(WebhookEvent)),
    credential_ids=st.frozensets(names),
    output_format=st.sampled_from(OutputFormat),
    secret_version=st.integers(1, 1000),
    secret_rotated_at=st.none() | times,
    headers=st.lists(names, max_size=3).map(tuple),
    auth_scheme=st.sampled_from(AuthScheme),
    auth_secret=st.none() | names,
)
notifications = st.builds(
    Notification,
    id=st.from_regex("msg_[0-9a-f]{32}", fullmatch=True),
    endpoint_id=st.integers(1, 10**9 - 1),
    event=st.sampled_from(WebhookEvent),
    email_id=ids,
    recipient=st.text(),
    event_at=times,
    body=st.text(),
    content_type=st.text(),
    is_tried=st.booleans(),
    run=st.integers(0, 100),
    is_test=st.booleans(),
)
progresses = st.builds(
    Progress,
    notification=notifications,
    status=st.sampled_from(Status),
    attempts=st.integers(0, 20),
    last_at=st.none() | times,
    last_result=st.text(),
    next_at=st.none() | times,
) | st.builds(
    Progress,
    notification=notifications,
    attempts=st.integers(0, 20),
    last_at=st.none() | times,
    last_result=st.text(),
    next_at=times,
    is_parked=st.just(value=True),
)
attempts = st.builds(
    Attempt,
    at=times,
    took=st.integers(0, 60_000).map(lambda milliseconds: timedelta(milliseconds=milliseconds)),
    status=st.none() | st.integers(100, 999),
    error=st.none() | st.text(),
    answer=st.text(),
)
healths = st.builds(
    Health,
    failures=st.integers(0, 10_000),
    failing_since=st.none() | times,
    paused_until=st.none() | times,
    disabled_at=st.none() | times,
)
