"""Out to real servers on a loopback address, and no way inside."""

import asyncio
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from functions.webhooks import egress
from functions.webhooks.egress import NoAnswer, Response
from tests.functions.webhooks.receivers import (
    OK,
    Behaviour,
    Internet,
    Receiver,
    answer,
    close,
    drip,
    drip_header,
    hang,
    receiving,
    reset,
    send,
    send_endless_header,
    send_gigabyte,
)
from tracking.errors import ForbiddenDestination
from tracking.mail.destinations import check_addresses

BODY = '{"subject": "Grüße"}'.encode()
HEADERS = {"Content-Type": "application/json", "Authorization": "Bearer secret-token"}
NAME = "hooks.example.com"
ADDRESS = "1.1.1.1"


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Internet:
    return Internet(monkeypatch)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def _trusted(authority: trustme.CA) -> Iterator[None]:
    egress._tls.cache_clear()
    authority.configure_trust(egress._tls())
    yield
    egress._tls.cache_clear()


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def post(receiver: Receiver, path: str = "/hook?customer=7") -> Response:
    url = f"http://{receiver.host}{path}"
    return await egress.post(url, BODY, HEADERS, ports=(), exempt_hosts=[receiver.host])


async def post_out(url: str) -> Response:
    return await egress.post(url, BODY, HEADERS, ports={8443})


async def test_a_post_says_where_it_goes_and_how_long_it_is_and_nothing_is_chunked() -> None:
    with receiving(answer(204)) as receiver:
        await post(receiver)

    (request,) = receiver.requests
    assert request.path == "/hook?customer=7"
    assert request.body == BODY
    assert dict(request.headers) == {
        "Host": receiver.host,
        "User-Agent": egress.USER_AGENT,
        "Content-Length": str(len(BODY)),
        "Connection": "close",
        **HEADERS,
    }


@pytest.mark.parametrize("status", [200, 204, 302, 410, 429, 500, 503])
async def test_the_answers_status_is_told_whatever_it_is(status: int) -> None:
    with receiving(answer(status)) as receiver:
        response = await post(receiver)

    assert response == Response(status, b"", None)


async def test_when_to_try_again_is_told_as_the_endpoint_says_it() -> None:
    with receiving(answer(429, headers={"retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"})) as receiver:
        response = await post(receiver)

    assert response.retry_after == "Fri, 31 Dec 1999 23:59:59 GMT"


async def test_the_first_bytes_of_the_answers_body_are_kept_as_they_came() -> None:
    body = b"\x1f\x8b\x00" + b"x" * 5000
    with receiving(answer(500, body, {"Content-Encoding": "gzip"})) as receiver:
        response = await post(receiver)

    assert response.body == body[: egress.KEPT_BYTES]


async def test_a_redirect_is_an_answer_and_not_followed(internet: Internet) -> None:
    with receiving(answer(302, headers={"Location": "http://169.254.169.254/"})) as receiver:
        response = await post(receiver)

    assert response.status == 302
    assert internet.connected == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("behaviour", "body"),
    [
        (hang(OK + b"Content-Length: 10\r\n\r\n", b"abc"), b"abc"),
        (send(OK + b"Content-Length: 10\r\n\r\nabc"), b"abc"),
        (send(OK + b"Transfer-Encoding: chunked\r\n\r\nno length"), b""),
    ],
    ids=["hangs", "closed", "broken"],
)
async def test_a_body_that_does_not_come_takes_nothing_from_the_status(
    monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour, body: bytes
) -> None:
    monkeypatch.setattr(egress, "BODY_SECONDS", 0.2)

    with receiving(behaviour) as receiver:
        response = await post(receiver)

    assert response == Response(200, body, None)


async def test_a_body_that_drips_is_left_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "BODY_SECONDS", 0.2)

    with receiving(drip(OK + b"Content-Length: 5000\r\n\r\n")) as receiver:
        response = await post(receiver)

    assert response.status == 200
    assert 1 <= len(response.body) <= 20


async def test_a_gigabyte_is_not_read() -> None:
    tracemalloc.start()
    with receiving(send_gigabyte()) as receiver:
        response = await post(receiver)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert response == Response(200, b"x" * egress.KEPT_BYTES, None)
    assert receiver.sent < 2**25
    assert most < 2**22


@pytest.mark.parametrize(
    "behaviour", [hang(), hang(OK), drip_header(), drip(drop=b"HTTP/1.1 103 Early Hints\r\n\r\n")]
)
async def test_a_header_that_is_not_there_in_time_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour
) -> None:
    monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.3)
    began = time.monotonic()

    with receiving(behaviour) as receiver, pytest.raises(NoAnswer, match=r"^no answer within 0\.3 s$"):
        await post(receiver)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (close(), "the connection was closed before an answer came"),
        (reset(), "the connection failed: connection reset by peer"),
        (send(OK), "the connection was closed before an answer came"),
        (send(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "the answer is not HTTP"),
        (send(OK + b"Content-Length: many\r\n\r\n"), "the answer is not HTTP"),
        (send_endless_header(), "the answer is not HTTP"),
    ],
    ids=["closed", "reset", "cut", "garbage", "no length", "endless"],
)
async def test_what_is_not_http_is_no_answer(behaviour: Behaviour, reason: str) -> None:
    with receiving(behaviour) as receiver, pytest.raises(NoAnswer, match=f"^{reason}$"):
        await post(receiver)

    assert receiver.sent < 2**25


async def test_an_endpoint_that_is_not_there_is_no_answer() -> None:
    with receiving(answer(200)) as receiver:
        pass

    with pytest.raises(NoAnswer, match=r"^the connection failed: connection refused$"):
        await post(receiver)


@pytest.mark.parametrize("value", ["Bearer secret\r\nX-Other: 1", "Bearer secret\0"])
async def test_a_header_that_cannot_be_sent_is_no_answer_and_not_told(value: str) -> None:
    with receiving(answer(200)) as receiver, pytest.raises(NoAnswer) as raised:
        await egress.post(
            f"http://{receiver.host}/",
            BODY,
            {"Authorization": value},
            ports=(),
            exempt_hosts=[receiver.host],
        )

    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert receiver.requests == []


async def test_what_an_old_secret_holds_is_sent_as_it_is() -> None:
    with receiving(answer(200)) as receiver:
        await egress.post(
            f"http://{receiver.host}/",
            BODY,
            {"Authorization": "Bearer grün"},
            ports=(),
            exempt_hosts=[receiver.host],
        )

    (request,) = receiver.requests
    assert request.headers["Authorization"].encode("latin-1").decode() == "Bearer grün"


def test_posts_side_by_side_do_not_wait_for_each_other() -> None:
    async def all_of_them() -> list[Response]:
        return await asyncio.gather(*(post(receiver) for _ in range(10)))

    with receiving(drip(OK + b"Content-Length: 2\r\n\r\n", pause=0.3)) as receiver:
        began = time.monotonic()
        responses = asyncio.run(all_of_them())

    assert {each.status for each in responses} == {200}
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("_trusted")
async def test_tls_is_spoken_with_the_name_and_the_address_that_was_checked(
    internet: Internet, authority: trustme.CA
) -> None:
    internet.name(NAME, [ADDRESS])

    with receiving(answer(204), tls=serving(authority.issue_cert(NAME))) as receiver:
        internet.place(ADDRESS, receiver)
        response = await post_out(f"https://{NAME}/hook")

    assert response.status == 204
    assert receiver.server_names == [NAME]
    assert receiver.requests[0].headers["Host"] == NAME
    assert internet.connected == [ADDRESS]


@pytest.mark.usefixtures("_trusted")
async def test_a_port_that_is_open_to_webhooks_is_named_in_the_host_header(
    internet: Internet, authority: trustme.CA
) -> None:
    internet.name(NAME, [ADDRESS])

    with receiving(answer(204), tls=serving(authority.issue_cert(NAME))) as receiver:
        internet.place(ADDRESS, receiver)
        await post_out(f"https://{NAME}:8443/hook")

    assert receiver.requests[0].headers["Host"] == f"{NAME}:8443"


@pytest.mark.usefixtures("_trusted")
async def test_an_address_in_place_of_a_name_needs_a_certificate_of_its_own(
    internet: Internet, authority: trustme.CA
) -> None:
    with receiving(answer(204), tls=serving(authority.issue_cert(ADDRESS))) as receiver:
        internet.place(ADDRESS, receiver)
        internet.place("8.8.8.8", receiver)
        response = await post_out(f"https://{ADDRESS}/hook")
        with pytest.raises(NoAnswer, match="IP address mismatch"):
            await post_out("https://8.8.8.8/hook")

    assert response.status == 204
    assert receiver.server_names == [None, None]


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize(
    ("name", "not_after", "reason"),
    [
        ("other.example.com", datetime(2999, 1, 1, tzinfo=UTC), "Hostname mismatch"),
        (NAME, datetime(2020, 1, 1, tzinfo=UTC), "certificate has expired"),
    ],
    ids=["wrong name", "expired"],
)
async def test_a_certificate_that_is_not_valid_is_no_answer(
    internet: Internet, authority: trustme.CA, name: str, not_after: datetime, reason: str
) -> None:
    internet.name(NAME, [ADDRESS])

    with receiving(answer(204), tls=serving(authority.issue_cert(name, not_after=not_after))) as receiver:
        internet.place(ADDRESS, receiver)
        with pytest.raises(NoAnswer, match=f"^the certificate is not valid: {reason}"):
            await post_out(f"https://{NAME}/hook")

    assert receiver.requests == []


@pytest.mark.usefixtures("_trusted")
async def test_an_endpoint_that_wants_a_certificate_of_ours_is_no_answer(
    internet: Internet, authority: trustme.CA
) -> None:
    internet.name(NAME, [ADDRESS])
    demanding = serving(authority.issue_cert(NAME))
    demanding.verify_mode = ssl.CERT_REQUIRED

    with receiving(answer(204), tls=demanding) as receiver:
        internet.place(ADDRESS, receiver)
        with pytest.raises(NoAnswer, match=r"^TLS failed: |^the connection "):
            await post_out(f"https://{NAME}/hook")


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (replace(hang(b"HTTP/1.1 400 Bad Request\r\n\r\n"), deaf=True), "TLS failed: WRONG_VERSION_NUMBER"),
        (replace(close(), deaf=True), "the connection (was closed before an answer came|failed: .*)"),
    ],
    ids=["plain", "closed"],
)
async def test_what_is_not_tls_is_no_answer(internet: Internet, behaviour: Behaviour, reason: str) -> None:
    internet.name(NAME, [ADDRESS])

    with receiving(behaviour) as receiver:
        internet.place(ADDRESS, receiver)
        with pytest.raises(NoAnswer, match=f"^{reason}$"):
            await post_out(f"https://{NAME}/hook")


async def test_a_handshake_that_does_not_come_to_an_end_is_left_and_closed(
    internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.2)
    internet.name(NAME, [ADDRESS])

    with socket.create_server(("127.0.0.1", 0)) as silent:
        internet.place(ADDRESS, Receiver(silent.getsockname()[1]))
        with pytest.raises(NoAnswer, match="no answer within"):
            await post_out(f"https://{NAME}/hook")
        connection, _ = silent.accept()

    with connection, connection.makefile("rb") as sent:
        assert sent.read()


async def test_a_certificate_of_an_unknown_authority_is_no_answer(internet: Internet) -> None:
    internet.name(NAME, [ADDRESS])

    with receiving(answer(204), tls=serving(trustme.CA().issue_cert(NAME))) as receiver:
        internet.place(ADDRESS, receiver)
        with pytest.raises(NoAnswer, match=r"^the certificate is not valid: unable to get local issuer"):
            await post_out(f"https://{NAME}/hook")

    assert receiver.requests == []


@pytest.mark.parametrize(
    ("name", "addresses"),
    [
        ("localhost.localdomain", ["127.0.0.1"]),
        ("localhost.localdomain", ["::1"]),
        ("127.0.0.1.nip.io", ["127.0.0.1"]),
        ("instance-data.ec2.internal", ["169.254.169.254"]),
        ("instance-data.ec2.internal", ["fd00:ec2::254"]),
        ("metadata.google.internal", ["169.254.169.254"]),
        ("metadata.platformequinix.com", ["192.80.8.124", "10.0.0.1"]),
        ("database.example.com", ["10.1.2.3"]),
        ("router.example.com", ["192.168.1.1"]),
        ("carrier.example.com", ["100.100.100.200"]),
        ("anything.example.com", ["0.0.0.0"]),  # noqa: S104 - it is refused.
        ("mapped.example.com", ["::ffff:127.0.0.1"]),
        ("mapped.example.com", ["::ffff:1.1.1.1"]),
        ("nat64.example.com", ["64:ff9b::a9fe:a9fe"]),
        ("6to4.example.com", ["2002:7f00:1::"]),
        ("teredo.example.com", ["2001:0:4136:e378:8000:63bf:3fff:fdd2"]),
        ("link.example.com", ["fe80::1"]),
        ("both.example.com", ["1.1.1.1", "10.0.0.1"]),
        ("both.example.com", ["10.0.0.1", "1.1.1.1"]),
        ("both.example.com", ["1.1.1.1", "::1"]),
    ],
)
async def test_a_name_that_leads_inside_is_refused_even_if_it_also_leads_outside(
    internet: Internet, name: str, addresses: list[str]
) -> None:
    internet.name(name, addresses)

    with pytest.raises(ForbiddenDestination, match=f"^{name} leads to .* not a public address"):
        await post_out(f"https://{name}/hook")

    assert internet.connected == []


@pytest.mark.parametrize(
    "host",
    [
        "0",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "10.1",
        "127.1",
        "169.254.43518",
        "2130706433",
        "2852039166",
        "192.168.257",
    ],
)
async def test_whatever_the_resolver_takes_for_an_address_inside_is_refused(host: str) -> None:
    found = await egress._resolve(host, 443)

    with pytest.raises(ForbiddenDestination):
        check_addresses(host, found)


async def test_a_url_that_leads_inside_is_not_even_resolved(internet: Internet) -> None:
    with pytest.raises(ForbiddenDestination):
        await post_out("https://127.0.0.1/hook")

    assert internet.asked == []


@pytest.mark.usefixtures("_trusted")
async def test_a_name_that_leads_elsewhere_when_it_is_asked_again_is_asked_once_and_checked_for_each_post(
    internet: Internet, authority: trustme.CA
) -> None:
    internet.name(NAME, [ADDRESS], ["127.0.0.1"])

    with receiving(answer(204), tls=serving(authority.issue_cert(NAME))) as receiver:
        internet.place(ADDRESS, receiver)
        response = await post_out(f"https://{NAME}/hook")
        asked = list(internet.asked)
        with pytest.raises(ForbiddenDestination):
            await post_out(f"https://{NAME}/hook")

    assert response.status == 204
    assert asked == [NAME]
    assert internet.asked == [NAME, NAME]
    assert internet.connected == [ADDRESS]


async def test_a_name_that_is_none_is_no_answer(internet: Internet) -> None:
    with pytest.raises(NoAnswer, match=r"^the name cannot be resolved$"):
        await post_out("https://name.invalid/hook")

    assert internet.asked == ["name.invalid"]


def test_a_slow_name_server_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "TIMEOUT_SECONDS", 0.2)
    may_answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: may_answer.wait(10))
    began = time.monotonic()

    with pytest.raises(NoAnswer, match="no answer within"):
        asyncio.run(post_out(f"https://{NAME}/hook"))

    assert time.monotonic() - began < 5
    may_answer.set()


@pytest.mark.usefixtures("_trusted")
async def test_the_longest_reason_is_short(internet: Internet, authority: trustme.CA) -> None:
    name = ".".join(["a" * 60] * 4)
    internet.name(name, [ADDRESS])

    with receiving(answer(204), tls=serving(authority.issue_cert(NAME))) as receiver:
        internet.place(ADDRESS, receiver)
        with pytest.raises(NoAnswer, match="Hostname mismatch") as raised:
            await post_out(f"https://{name}/secret-path")

    assert len(str(raised.value)) == 200
