"""Log lines as JSON objects, one a line, without anything that names a person.

No line holds an address, a user's name or a password; of an exception it has the kind and the place, for its
text may quote them.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import override

LOGGER = logging.getLogger("gateway")


class JsonLines(logging.Formatter):
    """Time, level, message, the `facts` that came along (`extra={"facts": {...}}`), and where it failed."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error:
            frames = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["stack"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return json.dumps(line)


def start() -> None:
    """Write the gateway's lines, and other libraries' warnings, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    LOGGER.setLevel(logging.INFO)
    # aiosmtpd logs every command as it came, addresses included.
    logging.getLogger("mail.log").disabled = True
