"""Access logs as CloudFront writes them, and what is none."""

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from boto3 import Session

from tests.functions.pixel.cloudfront import log, log_line
from tracking.errors import AccessLogUnavailable, InvalidLog
from tracking.storage.access_logs import AccessLogs, LoggedRequest, parse

LINE = log_line(
    cs_uri_stem="/o/x%20y.gif",
    cs_User_Agent="Mozilla/5.0%20(a%2520b)",
    cs_Referer="-",
    sc_status="000",
    sc_content_len="-",
)
REQUEST = LoggedRequest(
    request_id="cf-1",
    finished_at=datetime(2026, 11, 24, 12, 30, 5, tzinfo=UTC),
    taken=timedelta(seconds=3.25),
    method="GET",
    path="/o/x y.gif",
    status="000",
    content_length=None,
    address="198.51.100.7",
    user_agent="Mozilla/5.0 (a%20b)",
    referer="",
)


def logs(session: Session, **objects: bytes) -> AccessLogs:
    s3 = session.client("s3")
    s3.create_bucket(Bucket="access-logs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for key, body in objects.items():
        s3.put_object(Bucket="access-logs", Key=key, Body=body)
    return AccessLogs(s3, "access-logs")


def test_a_line_is_decoded_once_and_a_hyphen_is_nothing(session: Session) -> None:
    (request,) = logs(session, key=log(LINE)).requests("key", "/o/")

    assert request == REQUEST
    assert request.started_at == datetime(2026, 11, 24, 12, 30, 1, 750000, tzinfo=UTC)


def test_only_requests_for_the_paths_that_are_wanted_are_read() -> None:
    lines = gzip.decompress(log(LINE, log_line(cs_uri_stem="/h/x"), log_line(cs_uri_stem="/x"))).decode()

    assert [request.path for request in parse(lines.splitlines(), "/o/", "/h/")] == ["/o/x y.gif", "/h/x"]


def test_fields_are_found_by_their_names_in_whatever_order() -> None:
    header, fields = gzip.decompress(log(LINE)).decode().splitlines()[1:]
    names = header.removeprefix("#Fields:").split()[::-1]
    line = "\t".join(fields.split("\t")[::-1])

    assert [*parse([f"#Fields: {' '.join(names)}", line], "/o/")] == [REQUEST]


@pytest.mark.parametrize(
    "lines",
    [
        ["no header"],
        ["#Fields: date time", "2026-11-24\t12:00:00"],
        [*gzip.decompress(log(LINE)).decode().replace("3.250", "long").splitlines()],
        [*gzip.decompress(log(LINE)).decode().replace("3.250", "1e300").splitlines()],
        [*gzip.decompress(log(LINE)).decode().replace("2026-11-24", "2026-13-24").splitlines()],
    ],
)
def test_what_is_no_log_is_refused(lines: list[str]) -> None:
    with pytest.raises(InvalidLog):
        list(parse(lines, "/o/"))


@pytest.mark.parametrize("body", [b"plain", log(LINE)[:-9], b""])
def test_what_is_not_gzipped_or_cut_off_is_refused(session: Session, body: bytes) -> None:
    found = logs(session, key=body)

    if body:
        with pytest.raises(InvalidLog):
            list(found.requests("key", "/o/"))
    else:
        assert list(found.requests("key", "/o/")) == []


def test_a_log_that_is_not_there_is_unavailable(session: Session) -> None:
    with pytest.raises(AccessLogUnavailable):
        list(logs(session).requests("key", "/o/"))
