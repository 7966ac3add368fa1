"""`email/upload`: mail that is larger than a request."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.functions.api.conftest import Api, Keys
from tests.functions.api.submissions import RAW, accepted
from tests.functions.conftest import Cloud
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

LARGE = RAW.ljust(10_000_000)


def put(cloud: Cloud, upload: Any, message: bytes) -> None:  # noqa: ANN401 -- JSON
    """What S3 does with a PUT to the URL."""
    key = urlsplit(upload["url"]).path.removeprefix("/")
    cloud.s3.put_object(Bucket=cloud.bucket, Key=key, Body=message)


def test_a_large_mail_is_uploaded_and_sent(api: Api, cloud: Cloud) -> None:
    upload = api("/email/upload", {"size": len(LARGE)}).data
    put(cloud, upload, LARGE)

    answer = api("/email/mime", {"upload_id": upload["upload_id"]})

    envelope, stored = accepted(cloud, answer)
    assert stored == LARGE
    assert envelope.recipients == ("bob@example.net",)
    assert envelope.size == len(LARGE)


def test_the_url_is_good_for_its_size_and_fifteen_minutes(api: Api, cloud: Cloud) -> None:
    answer = api("/email/upload", {"size": MAX_MESSAGE_BYTES})

    assert answer.status == 200
    assert answer.data.keys() == {"upload_id", "url", "expires_at"}
    url = urlsplit(answer.data["url"])
    asked = parse_qs(url.query)
    assert api.key
    assert (url.scheme, url.netloc) == ("https", f"{cloud.bucket}.s3.eu-central-1.amazonaws.com")
    assert url.path == f"/uploads/{api.key[:16]}/{answer.data['upload_id']}"
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-SignedHeaders"] == ["content-length;host"]
    assert asked["X-Amz-Expires"] == ["900"]
    left = datetime.fromisoformat(answer.data["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)


def test_the_size_is_part_of_the_signature(api: Api) -> None:
    urls = [urlsplit(api("/email/upload", {"size": size}).data["url"]) for size in (1, 2)]

    assert len({parse_qs(url.query)["X-Amz-Signature"][0] for url in urls}) == 2
    assert len({url.path for url in urls}) == 2


def test_the_s3_clients_endpoint_decides_the_url(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")

    url = api("/email/upload", {"size": 1}).data["url"]

    assert url.startswith("http://127.0.0.1:4566/outbox/uploads/")


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    "size", [None, 0, -1, MAX_MESSAGE_BYTES + 1, 10**30, 1.5, "1", True, [], {}, {"bytes": 1}]
)
def test_a_size_that_no_mail_has_is_refused(api: Api, size: object) -> None:
    answer = api("/email/upload", {"size": size})

    assert (answer.status, answer.field) == (400, "size")


def test_what_was_not_uploaded_is_not_sent(api: Api) -> None:
    upload_id = api("/email/upload", {"size": 1}).data["upload_id"]

    answer = api("/email/mime", {"upload_id": upload_id})

    assert (answer.status, answer.field) == (400, "upload_id")
    assert f"there is no upload {upload_id}" in answer.data["error"]


def test_nobody_sends_what_another_key_uploaded(api: Api, keys: Keys, cloud: Cloud) -> None:
    upload = api("/email/upload", {"size": len(RAW)}).data
    put(cloud, upload, RAW)

    answer = api.with_key(keys.new("*"))("/email/mime", {"upload_id": upload["upload_id"]})

    assert (answer.status, answer.field) == (400, "upload_id")
    assert cloud.queued() == []


@pytest.mark.usefixtures("nothing_is_queued")
@pytest.mark.parametrize(
    "upload_id",
    ["", "a", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "../" + "0" * 29, "é" * 32, 7, [], {"a": "b"}],
)
def test_what_is_no_upload_id_is_refused(api: Api, upload_id: object) -> None:
    answer = api("/email/mime", {"upload_id": upload_id})

    assert (answer.status, answer.field) == (400, "upload_id")


@pytest.mark.parametrize(
    "message",
    [b"", b"\x00\xff", RAW.replace(b"To:", b"X-To:"), RAW.ljust(MAX_MESSAGE_BYTES + 100)],
    ids=lambda message: ascii(message[:20]),
)
def test_an_uploaded_mail_is_checked_as_any_other(api: Api, cloud: Cloud, message: bytes) -> None:
    upload = api("/email/upload", {"size": len(RAW)}).data
    put(cloud, upload, message)

    answer = api("/email/mime", {"upload_id": upload["upload_id"]})

    assert (answer.status, answer.field) == (400, "upload_id")
    assert cloud.queued() == []


def test_an_upload_that_cannot_be_read_now_can_be_sent_later(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTBOX_BUCKET", "missing")

    assert api("/email/mime", {"upload_id": "0" * 32}).status == 503


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_person_who_is_signed_in_uploads_nothing(console: Api) -> None:
    answer = console("/email/upload", {"size": 1})

    assert (answer.status, answer.field) == (400, "api_key")


@pytest.mark.usefixtures("nothing_is_queued")
def test_a_key_uploads_only_where_it_may_call_that(api: Api, keys: Keys) -> None:
    answer = api.with_key(keys.new("/email/send"))("/email/upload", {"size": 1})

    assert (answer.status, answer.error_code) == (400, "ENDPOINT_PERMISSION_DENIED")
