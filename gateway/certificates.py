"""The gateway's certificate: two files, read again when they change."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

from gateway.errors import InvalidConfiguration
from gateway.logs import LOGGER

LOOKED_AT_EVERY = timedelta(seconds=5)
"""How often the files are looked at."""

type _Stamp = tuple[tuple[int, int, int], ...]


class Certificates:
    """The newest certificate that could be read; conversations keep the one that they began with."""

    def __init__(
        self, certificate: Path, private_key: Path, looked_at_every: timedelta = LOOKED_AT_EVERY
    ) -> None:
        """Read the files.

        Raises:
            InvalidConfiguration: The certificate or its key cannot be used.
        """
        self._files = certificate, private_key
        self._looked_at_every = looked_at_every
        self._stamp = self._stamped()
        self.context = self._read()

    def reload(self) -> None:
        """Read the files now; if that fails, say so and keep what there is."""
        self._stamp = self._stamped()
        try:
            self.context = self._read()
        except InvalidConfiguration as error:
            LOGGER.error("certificate not reloaded", extra={"facts": {"reason": str(error)}})
        else:
            LOGGER.info("certificate reloaded")

    async def watch(self) -> None:
        """Reload the files whenever they change."""
        while True:
            await asyncio.sleep(self._looked_at_every.total_seconds())
            if self._stamped() != self._stamp:
                self.reload()

    def _read(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            # With a password nobody is asked for one, should the key want it.
            context.load_cert_chain(*self._files, password="")
        except OSError as error:
            files = " and ".join(map(str, self._files))
            raise InvalidConfiguration(f"no certificate with its key in {files}: {error}") from error
        return context

    def _stamped(self) -> _Stamp:
        """What tells one version of the files from the next."""
        return tuple(_stamp(file) for file in self._files)


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    # Unlike the time of the last writing, this one also says when a file became readable.
    return found.st_ctime_ns, found.st_size, found.st_ino
