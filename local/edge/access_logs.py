"""The access log's lines on their way to S3."""

import asyncio
import gzip
import logging
import secrets
from collections import defaultdict
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.edge.distributions import Distribution, Logging
from local.edge.exchanges import HEADER, Exchange

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

LOGGER = logging.getLogger(__name__)


class AccessLog:
    """The lines of one distribution that are not written yet."""

    def __init__(self, s3: "S3Client", logging: Logging, distribution: Distribution) -> None:
        self._s3 = s3
        self._logging = logging
        self._distribution = distribution
        self._pending: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, exchange: Exchange) -> None:
        """Keep a line for the object of its hour."""
        self._pending[f"{exchange.finished:%Y-%m-%d-%H}"].append(
            exchange.line(self._distribution.domain, with_cookies=self._logging.with_cookies)
        )

    async def flush(self) -> None:
        """Write what is pending, an object for each hour; what S3 refuses stays pending."""
        pending, self._pending = self._pending, defaultdict(list)
        name = f"{self._logging.prefix}{self._distribution.id}"
        for hour, lines in pending.items():
            try:
                await asyncio.to_thread(
                    self._s3.put_object,
                    Bucket=self._logging.bucket,
                    Key=f"{name}.{hour}.{secrets.token_hex(4)}.gz",
                    Body=gzip.compress((HEADER + "\n".join(lines) + "\n").encode()),
                )
            except (ClientError, BotoCoreError) as error:
                LOGGER.warning("access log of %s not written: %s", hour, error)
                self._pending[hour] = lines + self._pending[hour]
