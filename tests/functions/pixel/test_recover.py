"""What only the access log saw is recorded, and nothing that anybody else recorded."""

import json
from datetime import timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.pixel import images
from functions.pixel.recover import handle
from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import AT, EMAIL_ID, events, hop_path, ids, log, log_line, pixel_path
from tests.functions.sqs import batch, left
from tracking.mail import deliveries
from tracking.opens import reading
from tracking.opens.fetches import Fetch, Witness
from tracking.opens.reading import Reading

KEY = "pixel/E1.2026-11-24-12.a b.gz"
RECORDED, UNRECORDED = str(len(images.RECORDED)), str(len(images.UNRECORDED))


def read(cloud: Cloud, context: LambdaContext, *lines: str) -> list[str]:
    """Let `recover` hear of a log with these lines; what stays in the queue.

    Source: S3 user guide, "Event message structure": the key is encoded as in a form.
    """
    cloud.s3.put_object(Bucket=cloud.log_bucket, Key=KEY, Body=log(*lines))
    told = {
        "Records": [{"s3": {"bucket": {"name": cloud.log_bucket}, "object": {"key": KEY.replace(" ", "+")}}}]
    }
    return left(handle(batch(json.dumps(told)), context))


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize(
    ("status", "length"),
    [("200", UNRECORDED), ("429", "-"), ("000", "-"), ("403", "243"), ("502", "-"), ("200", "-")],
)
def test_a_request_that_no_function_answered_is_recorded_with_what_the_log_knows(
    cloud: Cloud, context: LambdaContext, status: str, length: str
) -> None:
    line = log_line(
        cs_uri_stem=pixel_path(cloud),
        sc_status=status,
        sc_content_len=length,
        cs_User_Agent="Yahoo%2520Mail/1%20(x)",
        cs_Referer="https://mail.example/",
    )

    assert read(cloud, context, line) == []

    assert events(cloud) == (
        deliveries.fetched(
            Fetch(
                "cf-1",
                AT.replace(second=1, microsecond=750000),
                user_agent="Yahoo%20Mail/1 (x)",
                address="198.51.100.7",
                headers={"referer": "https://mail.example/"},
                witness=Witness.ACCESS_LOG,
            )
        ),
    )


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize(
    ("status", "length"), [("200", RECORDED), ("302", "0"), ("302", "-"), ("301", "167"), ("304", "-")]
)
def test_a_request_that_the_function_answered_or_that_comes_again_by_https_is_left_alone(
    cloud: Cloud, context: LambdaContext, status: str, length: str
) -> None:
    read(cloud, context, log_line(cs_uri_stem=pixel_path(cloud), sc_status=status, sc_content_len=length))

    assert events(cloud) == ()


def test_a_fetch_that_the_function_recorded_keeps_its_facts(
    cloud: Cloud, context: LambdaContext, delivery: deliveries.Delivery
) -> None:
    known = deliveries.fetched(Fetch("cf-1", AT, user_agent="Thunderbird/1", asn=64500))
    cloud.activity.append(delivery, known)

    read(cloud, context, log_line(cs_uri_stem=pixel_path(cloud), sc_status="000"))

    assert events(cloud) == (known,)


@pytest.mark.usefixtures("delivery")
def test_a_log_that_is_read_twice_counts_once(cloud: Cloud, context: LambdaContext) -> None:
    lines = [log_line(cs_uri_stem=pixel_path(cloud), x_edge_request_id=f"cf-{n}") for n in range(3)]

    for _ in range(2):
        assert read(cloud, context, *lines) == []

    assert ids(events(cloud)) == ["cf-0", "cf-1", "cf-2"]


@pytest.mark.usefixtures("delivery")
def test_what_is_no_fetch_of_ours_is_passed_over(cloud: Cloud, context: LambdaContext) -> None:
    path = pixel_path(cloud)
    lines = (
        log_line(cs_uri_stem=path, cs_method="HEAD"),
        log_line(cs_uri_stem="/favicon.ico"),
        log_line(cs_uri_stem=f"/o/{'A' * 34}.gif"),
        log_line(cs_uri_stem="/o/%C3%A9.gif"),
        log_line(cs_uri_stem=f"/h/{'A' * 90}.gif", sc_status="000"),
        log_line(cs_uri_stem=pixel_path(cloud, 2)),
    )

    assert read(cloud, context, *lines) == []

    assert cloud.stored_events() == []


def hop_line(cloud: Cloud, hop: int, taken: str, *, late: float = 0.4) -> str:
    """A hop that was asked for that much later than it was due, and given up after `taken` seconds."""
    finished = reading.due_at(AT, hop) + timedelta(seconds=late + float(taken))
    return log_line(
        cs_uri_stem=hop_path(cloud, hop),
        sc_status="000",
        time_taken=taken,
        date=f"{finished:%Y-%m-%d}",
        time=f"{finished:%H:%M:%S}",
    )


def timed(cloud: Cloud) -> None:
    delivery = cloud.activity.delivery(EMAIL_ID, 1)
    assert delivery
    cloud.activity.append(delivery, deliveries.fetched(Fetch("cf-1", AT, reading=Reading())))
    cloud.activity.note_step(EMAIL_ID, 1, "cf-1", 2, AT + timedelta(seconds=10))


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize(("taken", "milliseconds"), [("2.345", 12_345), ("0.000", 10_000), ("600.0", 30_000)])
def test_a_hop_whose_viewer_went_away_says_how_long_the_mail_was_open_at_least(
    cloud: Cloud, context: LambdaContext, taken: str, milliseconds: int
) -> None:
    timed(cloud)

    line = hop_line(cloud, 3, taken)

    read(cloud, context, line)

    (event,) = events(cloud)
    assert event.fetch
    assert event.fetch.reading == Reading(2, AT + timedelta(seconds=10), milliseconds)


@pytest.mark.usefixtures("delivery")
@pytest.mark.parametrize("late", [-60, 60, 86_400])
def test_a_hop_that_nobody_who_shows_the_mail_would_ask_for_says_nothing(
    cloud: Cloud, context: LambdaContext, late: float
) -> None:
    timed(cloud)

    read(cloud, context, hop_line(cloud, 3, "2.0", late=late))

    (event,) = events(cloud)
    assert event.fetch
    assert event.fetch.reading
    assert event.fetch.reading.milliseconds is None


@pytest.mark.usefixtures("delivery")
def test_a_strange_line_does_not_keep_the_others_from_being_recovered(
    cloud: Cloud, context: LambdaContext
) -> None:
    line = log_line(cs_uri_stem=pixel_path(cloud))

    assert read(cloud, context, "strange", line) == ["message-0"]

    assert ids(events(cloud)) == ["cf-1"]


@pytest.mark.usefixtures("delivery")
def test_a_hop_that_was_answered_says_nothing_new(cloud: Cloud, context: LambdaContext) -> None:
    timed(cloud)

    read(cloud, context, log_line(cs_uri_stem=hop_path(cloud, 3), sc_status="302", time_taken="5.0"))

    (event,) = events(cloud)
    assert event.fetch
    assert event.fetch.reading
    assert event.fetch.reading.milliseconds is None


@pytest.mark.usefixtures("delivery")
def test_of_two_hops_the_longer_time_counts_in_whatever_order_they_come(
    cloud: Cloud, context: LambdaContext
) -> None:
    timed(cloud)

    for hop in (3, 1):
        read(cloud, context, hop_line(cloud, hop, "1.5"))

    (event,) = events(cloud)
    assert event.fetch
    assert event.fetch.reading
    assert event.fetch.reading.milliseconds == 11_500


@pytest.mark.usefixtures("delivery")
def test_a_log_that_cannot_be_read_and_a_table_that_refuses_leave_the_log_in_the_queue(
    cloud: Cloud, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = log_line(cs_uri_stem=pixel_path(cloud))
    missing = {"Records": [{"s3": {"object": {"key": "pixel/missing.gz"}}}]}
    assert left(handle(batch(json.dumps(missing)), context)) == ["message-0"]

    monkeypatch.setenv("ACTIVITY_TABLE", "missing")

    assert read(cloud, context, line) == ["message-0"]


def test_s3_saying_that_it_will_tell_is_no_log(context: LambdaContext) -> None:
    assert left(handle(batch('{"Event": "s3:TestEvent", "Bucket": "x"}'), context)) == []
