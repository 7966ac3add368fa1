"""CloudFront's access logs in S3: standard logs, gzipped, a request in each line.

Source: CloudFront developer guide, "Standard logging reference". Of the 33 fields those that `LoggedRequest`
names are read, by the names in the file's own `#Fields:` line.
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, HTTPClientError

from tracking.errors import AccessLogUnavailable, InvalidLog
from tracking.storage.aws import raising

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

VIEWER_GONE = "000"
"""The status of a request whose viewer closed the connection before the answer."""

_FIELDS = "#Fields:"
_ABSENT = "-"


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A line of the log. What it does not say is empty, or None."""

    request_id: str
    finished_at: datetime
    """To the second, as the log has it."""

    taken: timedelta
    """From the request to the end of the answer, to the millisecond."""

    method: str
    path: str
    """As the viewer wrote it, without the query."""

    status: str
    content_length: int | None
    address: str
    user_agent: str
    referer: str

    @property
    def started_at(self) -> datetime:
        """When the request came, as well as the log can say."""
        return self.finished_at - self.taken


class AccessLogs:
    """The bucket of the logs."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def requests(self, key: str, *prefixes: str) -> Iterator[LoggedRequest]:
        """The requests in one object, read as the caller goes on.

        Args:
            key: The object's.
            prefixes: What the path of a request that is wanted begins with.

        Raises:
            AccessLogUnavailable: The object cannot be read.
            InvalidLog: The object is no access log.
        """
        with raising(AccessLogUnavailable):
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"]
        try:
            with gzip.open(body, "rt", encoding="utf-8", errors="replace", newline="\n") as lines:
                yield from parse(lines, *prefixes)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise InvalidLog(f"{key} is not gzipped") from error
        except (BotoCoreError, HTTPClientError) as error:
            raise AccessLogUnavailable(str(error)) from error


def parse(lines: Iterable[str], *prefixes: str) -> Iterator[LoggedRequest]:
    """The requests in a log's lines.

    Args:
        lines: With the comments that say which fields follow.
        prefixes: See `AccessLogs.requests`.

    Raises:
        InvalidLog: At the end, when all others have been given: there is a line that is no request, perhaps
            because no comment says which fields it has.
    """
    names: list[str] = []
    strange = 0
    for line in lines:
        if line.startswith("#"):
            if line.startswith(_FIELDS):
                names = line.removeprefix(_FIELDS).split()
            continue
        fields = dict(zip(names, line.rstrip("\n").split("\t"), strict=False))
        try:
            request = _request(fields) if fields["cs-uri-stem"].startswith(prefixes) else None
        except (LookupError, ValueError, OverflowError):
            strange += 1
            continue
        if request:
            yield request
    if strange:
        raise InvalidLog(f"{strange} lines are no requests of CloudFront's standard log")


def _request(fields: dict[str, str]) -> LoggedRequest:
    length = fields["sc-content-len"]
    return LoggedRequest(
        request_id=fields["x-edge-request-id"],
        finished_at=datetime.fromisoformat(f"{fields['date']}T{fields['time']}").replace(tzinfo=UTC),
        taken=timedelta(seconds=float(fields["time-taken"])),
        method=fields["cs-method"],
        path=unquote(fields["cs-uri-stem"]),
        status=fields["sc-status"],
        content_length=int(length) if length.isdecimal() else None,
        address=_text(fields["c-ip"]),
        user_agent=_text(fields["cs(User-Agent)"]),
        referer=_text(fields["cs(Referer)"]),
    )


def _text(value: str) -> str:
    return "" if value == _ABSENT else unquote(value)
