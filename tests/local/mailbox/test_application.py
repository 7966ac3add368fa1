import asyncio
import io
import json
import re

import pytest

from tests.local.mailbox.conftest import (
    Client,
    ConfigurationSets,
    Open,
    Published,
    delivery,
    newsletter,
)


async def deliver(mailbox: Client, *recipients: str) -> None:
    answer = await mailbox.post("/deliver", json=delivery(*recipients))
    assert answer.status == 200


async def test_a_delivered_mail_is_kept_byte_for_byte(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    raw = b"Subject: x\r\n\r\n\xff\x00 bare\nlines\r"

    answer = await mailbox.post("/deliver", json=delivery(raw=raw))

    number = (await answer.json())["number"]
    assert await (await mailbox.get(f"/mail/{number}/raw")).read() == raw


async def test_mails_survive_a_restart(open_mailbox: Open) -> None:
    before = await open_mailbox()
    await deliver(before)
    listed = await (await before.get("/api/mails")).json()
    await before.close()

    after = await open_mailbox()
    await deliver(after)

    relisted = await (await after.get("/api/mails")).json()
    assert relisted[1:] == listed
    assert relisted[0]["number"] == listed[0]["number"] + 1


async def test_the_api_lists_mails_newest_first(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox, "ann@example.net")
    await deliver(mailbox, "bob@example.net")

    listed = await (await mailbox.get("/api/mails")).json()

    assert [mail["recipients"] for mail in listed] == [["bob@example.net"], ["ann@example.net"]]
    assert listed[1] == {
        "number": 1,
        "received_at": listed[1]["received_at"],
        "message_id": "0100-1@email.amazonses.com",
        "mail_from": "bounces@example.com",
        "recipients": ["ann@example.net"],
        "configuration_set": "Sending",
        "tags": {"email_id": "1abcdefghijklmnopqrs", "recipient": "001"},
        "from": "Müller & Söhne <shop@example.com>",
        "subject": "Grüße №1",
    }


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"recipient": "ann@example.net"}, [1]),
        ({"email_id": "other"}, [2]),
        ({"recipient": "ann@example.net", "email_id": "other"}, []),
        ({}, [2, 1]),
    ],
)
async def test_the_api_chooses_by_recipient_and_email_id(
    open_mailbox: Open, query: dict[str, str], numbers: list[int]
) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox, "ann@example.net")
    await mailbox.post("/deliver", json=delivery("bob@example.net", tags={"email_id": "other"}))

    listed = await (await mailbox.get("/api/mails", params=query)).json()

    assert [mail["number"] for mail in listed] == numbers


async def test_the_api_shows_one_mail_with_its_headers_text_and_html(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    mail = await (await mailbox.get("/api/mails/1")).json()

    assert ["Subject", "Grüße №1"] in mail["headers"]
    assert mail["text"].strip() == "Guten Tag, 42 €"
    assert '<img src="cid:unknown">' in mail["html"]
    assert mail["raw_url"] == "/mail/1/raw"


async def test_all_mails_can_be_removed(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    answer = await mailbox.delete("/api/mails")
    await mailbox.close()

    assert answer.status == 204
    assert await (await (await open_mailbox()).get("/api/mails")).json() == []


@pytest.mark.parametrize(
    "path",
    ["/mail/7", "/mail/7/html", "/mail/7/raw", "/mail/1/part/9", "/api/mails/7", "/mail/x", "/mail/../1.eml"],
)
async def test_what_does_not_exist_is_not_found(open_mailbox: Open, path: str) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    assert (await mailbox.get(path)).status == 404


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"raw": 1}', "{", '{"raw": "***", "message_id": "m"}'],
)
async def test_what_is_not_a_delivery_is_refused(open_mailbox: Open, body: str) -> None:
    mailbox = await open_mailbox()

    answer = await mailbox.post("/deliver", data=body, headers={"Content-Type": "application/json"})

    assert answer.status == 400
    assert await (await mailbox.get("/api/mails")).json() == []


async def test_a_mail_of_sess_largest_size_is_taken(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    raw = b"Subject: large\r\n\r\n".ljust(40 * 1024 * 1024, b"x")
    body = io.BytesIO(json.dumps(delivery(raw=raw)).encode())

    answer = await mailbox.post("/deliver", data=body, headers={"Content-Type": "application/json"})

    assert answer.status == 200


async def test_the_list_shows_who_wrote_what_to_whom(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    page = await (await mailbox.get("/")).text()

    assert '<a class="row" href="/mail/1">' in page
    assert "Grüße №1" in page
    assert "Müller &amp; Söhne &lt;shop@example.com&gt;" in page
    assert "ann@example.net" in page


async def test_an_empty_mailbox_says_so(open_mailbox: Open) -> None:
    assert "No mail yet" in await (await (await open_mailbox()).get("/")).text()


async def test_a_mail_is_shown_with_headers_text_and_a_sandboxed_frame(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    page = await (await mailbox.get("/mail/1")).text()

    frame = re.search("<iframe[^>]*>", page)
    assert frame
    assert 'src="/mail/1/html"' in frame[0]
    assert 'sandbox="' in frame[0]
    assert "allow-scripts" not in frame[0]
    assert "allow-same-origin" not in frame[0]
    assert "Guten Tag, 42 €" in page
    assert "0100-1@email.amazonses.com" in page
    assert 'href="/mail/1/raw"' in page
    assert "Rechnung.pdf" in page


async def test_what_a_mail_says_cannot_become_markup_of_the_page(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await mailbox.post("/deliver", json=delivery(raw=b"Subject: <script>x</script>\n\n<script>y</script>"))

    pages = [await (await mailbox.get(path)).text() for path in ("/", "/mail/1")]

    assert not any("<script>x" in page or "<script>y" in page for page in pages)


async def test_inline_images_of_a_mail_are_resolved(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    html = await (await mailbox.get("/mail/1/html")).text()

    source = re.search(r'src="(/mail/1/part/\d+)"', html)
    assert source
    image = await mailbox.get(source[1])
    assert (await image.read(), image.content_type) == (b"logo", "image/png")
    assert 'src="cid:unknown"' in html


@pytest.mark.parametrize("path", ["/mail/1/html", "/mail/1/part/1", "/mail/1/raw"])
async def test_what_others_wrote_runs_no_script_and_leaks_no_address(open_mailbox: Open, path: str) -> None:
    mailbox = await open_mailbox()
    await deliver(mailbox)

    headers = (await mailbox.get(path)).headers

    assert headers["Content-Security-Policy"].startswith("sandbox ")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "img-src *" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_mail_without_html_is_shown_without_a_frame(open_mailbox: Open) -> None:
    mailbox = await open_mailbox()
    await mailbox.post("/deliver", json=delivery(raw=b"Subject: plain\n\nJust text."))

    page = await (await mailbox.get("/mail/1")).text()

    assert "<iframe" not in page
    assert "Just text." in page
    assert (await mailbox.get("/mail/1/html")).status == 404


async def test_a_mail_that_lands_is_published_as_delivered(open_mailbox: Open, published: Published) -> None:
    mailbox = await open_mailbox()

    await deliver(mailbox)
    await mailbox.close()

    (event,) = published()
    assert event["eventType"] == "Delivery"
    assert event["delivery"]["recipients"] == ["ann@example.net"]
    assert event["mail"]["tags"]["email_id"] == ["1abcdefghijklmnopqrs"]
    assert event["mail"]["tags"]["recipient"] == ["001"]


@pytest.mark.parametrize(
    ("recipient", "events", "is_shown"),
    [
        ("success@simulator.amazonses.com", ["Delivery"], True),
        ("success+label@simulator.amazonses.com", ["Delivery"], True),
        ("bounce@simulator.amazonses.com", ["Bounce"], False),
        ("bounce+a+b@simulator.amazonses.com", ["Bounce"], False),
        ("Complaint@simulator.amazonses.com", ["Delivery", "Complaint"], True),
        ("ooto@simulator.amazonses.com", ["Delivery", "Bounce"], True),
        ("suppressionlist@simulator.amazonses.com", ["Bounce"], False),
        ("bounce@example.com", ["Delivery"], True),
    ],
)
async def test_the_addresses_of_sess_simulator_behave_as_documented(
    open_mailbox: Open, published: Published, recipient: str, events: list[str], *, is_shown: bool
) -> None:
    mailbox = await open_mailbox()

    await deliver(mailbox, recipient)
    shown = await (await mailbox.get("/api/mails")).json()
    await mailbox.close()

    assert [event["eventType"] for event in published()] == events
    assert [mail["recipients"] for mail in shown] == ([[recipient]] if is_shown else [])


async def test_of_several_recipients_each_has_its_own_event(open_mailbox: Open, published: Published) -> None:
    mailbox = await open_mailbox()

    await deliver(mailbox, "ann@example.net", "bounce@simulator.amazonses.com")
    shown = await (await mailbox.get("/api/mails")).json()
    await mailbox.close()

    assert [event["eventType"] for event in published()] == ["Delivery", "Bounce"]
    assert [mail["recipients"] for mail in shown] == [["ann@example.net"]]


async def test_nothing_is_published_that_the_configuration_set_does_not_ask_for(
    open_mailbox: Open, published: Published, configuration_sets: ConfigurationSets
) -> None:
    configuration_sets.types = ["COMPLAINT"]
    mailbox = await open_mailbox()

    await deliver(mailbox, "complaint@simulator.amazonses.com")
    await mailbox.close()

    assert [event["eventType"] for event in published()] == ["Complaint"]


async def test_nothing_is_published_to_a_destination_that_is_switched_off(
    open_mailbox: Open, published: Published, configuration_sets: ConfigurationSets
) -> None:
    configuration_sets.is_enabled = False
    mailbox = await open_mailbox()

    await deliver(mailbox)
    await mailbox.close()

    assert published() == []


async def test_nothing_is_published_without_a_configuration_set(
    open_mailbox: Open, published: Published
) -> None:
    mailbox = await open_mailbox()

    await mailbox.post("/deliver", json=delivery(configuration_set=None))
    await mailbox.close()

    assert published() == []


async def test_a_mail_is_kept_even_if_its_event_cannot_be_published(
    open_mailbox: Open, configuration_sets: ConfigurationSets, caplog: pytest.LogCaptureFixture
) -> None:
    configuration_sets.topic = "arn:aws:sns:us-east-1:123456789012:missing"
    mailbox = await open_mailbox()

    await deliver(mailbox)
    await asyncio.sleep(0.1)

    assert len(await (await mailbox.get("/api/mails")).json()) == 1
    await mailbox.close()
    assert "not published" in caplog.text


async def test_the_sample_is_a_mail_with_everything() -> None:
    assert [part.get_content_type() for part in newsletter().walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
