"""What is measured is what it claims to be; how long it takes is no test."""

import json
from email import message_from_bytes
from email.policy import SMTP
from random import Random

import pytest

from bench import injection, mails, report
from bench.report import Row, Target
from tracking.injection import Plan, plan

ROWS = [
    Row("plan", 0.12345, "ms", target=Target("≤", 0.6, "ms")),
    Row("`email`", 1_119.7, "ms", 450.2, "plan", Target("≥", 500, "×")),
    Row("memory", 309.0, "MB"),
]
HTML = mails.newsletter_html(100 * mails.KB, Random(1))


def test_a_newsletter_has_the_size_asked_for() -> None:
    assert len(HTML) == pytest.approx(100 * mails.KB, rel=0.02)


def test_every_line_of_a_newsletter_ends_with_crlf_and_is_short_enough_for_mail() -> None:
    lines = HTML.split(b"\r\n")

    assert not any(b"\n" in line or b"\r" in line or len(line) > 998 for line in lines)


@pytest.mark.parametrize("encoding", mails.ENCODINGS)
def test_a_newsletter_travels_as_it_says_and_takes_a_pixel(encoding: str) -> None:
    message = mails.newsletter(HTML, encoding)

    parsed = message_from_bytes(message, policy=SMTP)
    part = parsed.get_body(("html",))
    verdict = plan(message)

    assert not any(each.defects for each in parsed.walk())
    assert part is not None
    assert part.get_payload(decode=True) == HTML
    assert isinstance(verdict, Plan)
    assert verdict.encoding == encoding


@pytest.mark.parametrize("size", [1 * mails.MB, 10 * mails.MB])
def test_an_attachment_fills_a_newsletter_up(size: int) -> None:
    message = mails.newsletter_of(size, HTML)

    assert len(message) == pytest.approx(size, rel=0.01)
    assert isinstance(plan(message), Plan)
    assert message_from_bytes(message, policy=SMTP).get_content_type() == "multipart/mixed"


def test_a_message_made_anew_differs_in_its_boundaries_alone() -> None:
    message = mails.newsletter(HTML, "8bit")

    first, second = mails.anew(message), mails.anew(message)

    assert len({message, first, second}) == 3
    assert len(first) == len(second) == len(message)
    assert message_from_bytes(first).get_boundary() != message_from_bytes(second).get_boundary()
    assert isinstance(plan(first), Plan)


def test_mixed_mail_is_the_same_in_every_run_and_mostly_takes_a_pixel() -> None:
    texts, files = mails.mixed_mail()

    assert (texts, files) == mails.mixed_mail()
    assert sum(isinstance(plan(mail), Plan) for mail in texts) > len(texts) // 2
    assert all(isinstance(plan(mail), Plan) for mail in files)


@pytest.mark.parametrize("encoding", mails.ENCODINGS)
def test_email_is_timed_at_the_same_work(encoding: str) -> None:
    message = mails.newsletter(HTML, encoding)

    rewritten = message_from_bytes(injection.by_email(message), policy=SMTP).get_body(("html",))

    assert rewritten is not None
    assert rewritten.get_content().count(injection.URL) == 1


def test_the_table_shows_figures_targets_and_verdicts() -> None:
    assert report.table(ROWS).splitlines() == [
        "measured     value  ratio       target",
        "plan      0.123 ms              ≤ 0.6 ms  met",
        "`email`   1,120 ms  450 × plan  ≥ 500 ×   missed",
        "memory      309 MB",
    ]


def test_the_record_holds_the_machine_and_every_row() -> None:
    found = json.loads(report.record(report.machine(), {"injection": ROWS}))

    assert list(found["machine"]) == ["cpu", "python", "date"]
    assert found["subjects"]["injection"][1] == {
        "name": "`email`",
        "value": 1120,
        "unit": "ms",
        "ratio": 450,
        "against": "plan",
        "target": "≥ 500 ×",
        "met": False,
    }
