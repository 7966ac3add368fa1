"""One request and what became of it, as a line of CloudFront's standard log (legacy).

Source: CloudFront developer guide, "Standard logging reference". Not documented there, and chosen here: a
request that got an error page is logged with the status that the viewer got, and the result type `Error`.
"""

from dataclasses import dataclass
from datetime import datetime
from http.client import responses

from aiohttp import web

from local.edge.origins import Answer
from local.edge.viewers import Viewer

EDGE_LOCATION = "LOC50-P1"

VIEWER_GONE = "000"
"""The status of a viewer that closed the connection before the answer."""

FIELDS = (
    "date",
    "time",
    "x-edge-location",
    "sc-bytes",
    "c-ip",
    "cs-method",
    "cs(Host)",
    "cs-uri-stem",
    "sc-status",
    "cs(Referer)",
    "cs(User-Agent)",
    "cs-uri-query",
    "cs(Cookie)",
    "x-edge-result-type",
    "x-edge-request-id",
    "x-host-header",
    "cs-protocol",
    "cs-bytes",
    "time-taken",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-response-result-type",
    "cs-protocol-version",
    "fle-status",
    "fle-encrypted-fields",
    "c-port",
    "time-to-first-byte",
    "x-edge-detailed-result-type",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
)

HEADER = f"#Version: 1.0\n#Fields: {' '.join(FIELDS)}\n"

_ENCODED = frozenset(b"<>\"#%{}|\\^~[]`'") | frozenset(range(33)) | frozenset(range(127, 256))


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a line tells."""

    request: web.Request
    viewer: Viewer
    request_id: str
    body_length: int
    """Of the request."""
    answer: Answer | None
    """None if the viewer went away before it."""
    finished: datetime
    taken: float
    """Seconds from the request to the last byte of the answer."""
    until_first_byte: float

    def line(self, domain: str, *, with_cookies: bool) -> str:
        """The line of the log, without its end.

        Args:
            domain: The distribution's.
            with_cookies: Whether the log shows cookies.
        """
        request, answer = self.request, self.answer
        path, _, query = request.raw_path.partition("?")
        result = "Miss" if answer and not answer.error else "Error"
        version = f"HTTP/{request.version.major}.{request.version.minor}"
        received = sum(len(name) + len(value) + 4 for name, value in request.raw_headers)
        values = {
            "date": f"{self.finished:%Y-%m-%d}",
            "time": f"{self.finished:%H:%M:%S}",
            "x-edge-location": EDGE_LOCATION,
            "sc-bytes": str(_size(answer, request.method) if answer else 0),
            "c-ip": self.viewer.address,
            "cs-method": request.method,
            "cs(Host)": domain,
            "cs-uri-stem": path,
            "sc-status": str(answer.status) if answer else VIEWER_GONE,
            "cs(Referer)": request.headers.get("Referer"),
            "cs(User-Agent)": request.headers.get("User-Agent"),
            "cs-uri-query": query,
            "cs(Cookie)": request.headers.get("Cookie") if with_cookies else None,
            "x-edge-result-type": result,
            "x-edge-request-id": self.request_id,
            "x-host-header": request.headers.get("Host"),
            "cs-protocol": request.scheme,
            "cs-bytes": str(received + self.body_length),
            "time-taken": f"{self.taken:.3f}",
            "x-forwarded-for": request.headers.get("X-Forwarded-For"),
            "x-edge-response-result-type": result,
            "cs-protocol-version": version,
            "c-port": self.viewer.port,
            "time-to-first-byte": f"{self.until_first_byte:.3f}",
            "x-edge-detailed-result-type": (answer.error or result) if answer else "ClientCommError",
            "sc-content-type": answer.headers.get("Content-Type") if answer else None,
            "sc-content-len": answer.headers.get("Content-Length", str(len(answer.body))) if answer else None,
        }
        return "\t".join(_encoded(values.get(field) or "-") for field in FIELDS)


def _encoded(value: str) -> str:
    return "".join(
        f"%{byte:02X}" if byte in _ENCODED else chr(byte) for byte in value.encode("utf-8", "surrogateescape")
    )


def _size(answer: Answer, method: str) -> int:
    head = f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}\r\n\r\n"
    headers = sum(len(name) + len(value) + 4 for name, value in answer.headers.items())
    return len(head) + headers + (0 if method == "HEAD" else len(answer.body))
