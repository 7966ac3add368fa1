"""Putting the pixel into a message: planning it once, then each recipient's copy."""

from collections.abc import Callable, Iterator, Sequence
from email import message_from_bytes, policy
from functools import partial
from random import Random
from statistics import median

from bench.mails import ENCODINGS, KB, MB, anew, mixed_mail, newsletter, newsletter_html, newsletter_of
from bench.report import Row, Target
from bench.timing import Preparation, interleave, median_ratio, peak_memory
from tracking.injection import Plan, plan

URL = "https://t.example.com/o/AbCdEfGhIjKlMnOpQrStUvWxYz012345_-.gif"
_TAG = f'<img src="{URL}" alt="" width="1" height="1" border="0" style="display:block;position:absolute">'
# Of the stdlib's policies the one that damages least: it folds no header field anew.
_KINDEST = policy.SMTP.clone(refold_source="none")


def measure() -> Iterator[Row]:
    """Measure against a memory copy, the stdlib's `email`, and PyPI's `pytracking`."""
    html = newsletter_html(100 * KB, Random(1))
    large = newsletter_of(40 * MB, html)
    yield from _plan_large(large)
    yield from _plan_newsletters(html)
    for message in (newsletter_of(1 * MB, html), newsletter_of(10 * MB, html), large):
        yield _copy(message)
    texts, files = mixed_mail()
    yield _throughput("mixed mail, planned and spliced", [*texts, *files], Target("≥", 120, "MB/s"))
    yield _throughput("the same without what has files attached", texts)
    yield from _rivals(html)


def with_pixel(message: bytes) -> bytes:
    """Plan a message and write one copy."""
    verdict = plan(message)
    return verdict.with_pixel(URL) if isinstance(verdict, Plan) else message


def by_email(message: bytes) -> bytes:
    """Do the same with the stdlib: parse, insert before `</body>`, write."""
    parsed = message_from_bytes(message, policy=_KINDEST)
    part = parsed.get_body(("html",))
    if part is None:
        return message
    before, end, after = part.get_content().rpartition("</body>")
    encoding = part["Content-Transfer-Encoding"]
    part.set_content(before + _TAG + end + after, subtype="html", cte=encoding)
    return parsed.as_bytes()


def by_pytracking(html: str) -> str:
    """Do the HTML's part with `pytracking`, which knows nothing of messages."""
    from pytracking.html import adapt_html  # Only `make bench` installs it.

    adapted: str = adapt_html(
        html,
        {"to": "olga@example.org"},
        click_tracking=False,
        base_open_tracking_url="https://t.example.com/o/",
    )
    return adapted


def _plan_large(message: bytes) -> Iterator[Row]:
    name = f"plan, {_size(message)}, HTML before the attachment"
    ours, theirs = interleave(_anew(plan, message), _anew(by_email, message), rounds=7)
    warm, *_ = interleave(_anew(plan, message), rounds=100)
    yield _time(name, warm, Target("≤", 1.5, "ms"))
    yield Row(
        "  `email`, parse, insert, write",
        median(theirs) * 1e3,
        "ms",
        median_ratio(theirs, ours),
        "plan in turn with it",
        Target("≥", 500, "×"),
    )
    yield Row(
        "  memory it takes", peak_memory(partial(plan, message)) / MB, "MB", target=Target("≤", 1, "MB")
    )
    yield Row("  memory `email` takes", peak_memory(partial(by_email, message)) / MB, "MB")


def _plan_newsletters(html: bytes) -> Iterator[Row]:
    calls = [_anew(plan, newsletter(html, encoding)) for encoding in ENCODINGS]
    for encoding, seconds in zip(ENCODINGS, interleave(*calls, rounds=300), strict=True):
        yield _time(f"plan, newsletter of {_size(html)} HTML, {encoding}", seconds, Target("≤", 0.6, "ms"))


def _copy(message: bytes) -> Row:
    copy = partial(_planned(message).with_pixel, URL)
    # What no copy can do without: new memory, and the bytes moved into it.
    memory_copy = partial(bytes, memoryview(message))
    ours, floor = interleave(lambda: copy, lambda: memory_copy, rounds=2_000 * MB // len(message))
    return Row(
        f"a recipient's copy of {_size(message)}",
        median(ours) * 1e3,
        "ms",
        median_ratio(ours, floor),
        "memory copy",
        Target("≤", 1.2, "×"),
    )


def _throughput(name: str, mails: Sequence[bytes], target: Target | None = None) -> Row:
    def through(fresh: Sequence[bytes]) -> None:
        for mail in fresh:
            with_pixel(mail)

    (seconds,) = interleave(lambda: partial(through, [*map(anew, mails)]), rounds=15)
    size = sum(map(len, mails)) / MB
    return Row(f"{name} ({len(mails)} mails, {size:.0f} MB)", size / median(seconds), "MB/s", target=target)


def _rivals(html: bytes) -> Iterator[Row]:
    message = newsletter(html, "quoted-printable")
    write, adapt = partial(_planned(message).with_pixel, URL), partial(by_pytracking, html.decode())
    copy, whole, stdlib, pytracking = interleave(
        lambda: write, _anew(with_pixel, message), _anew(by_email, message), lambda: adapt, rounds=100
    )
    yield _time("that quoted-printable newsletter, a recipient's copy", copy)
    yield _time("  plan and one copy", whole)
    yield Row(
        "  `email`, parse, insert, write", median(stdlib) * 1e3, "ms", median_ratio(stdlib, whole), "both"
    )
    ratio = median_ratio(pytracking, whole)
    yield Row("  `pytracking`, its HTML alone", median(pytracking) * 1e3, "ms", ratio, "both")


def _anew(call: Callable[[bytes], object], message: bytes) -> Preparation:
    return lambda: partial(call, anew(message))


def _planned(message: bytes) -> Plan:
    verdict = plan(message)
    if not isinstance(verdict, Plan):
        raise TypeError(f"a message to measure with takes no pixel: {verdict}")
    return verdict


def _time(name: str, seconds: Sequence[float], target: Target | None = None) -> Row:
    return Row(name, median(seconds) * 1e3, "ms", target=target)


def _size(content: bytes) -> str:
    return f"{len(content) / MB:.0f} MB" if len(content) >= MB // 2 else f"{len(content) / KB:.0f} KB"
