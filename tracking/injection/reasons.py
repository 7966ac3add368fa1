"""Why a message is sent as it came."""

from enum import StrEnum


class Reason(StrEnum):
    """Why no pixel was put into a message; the value is what timelines and the API say."""

    PLAIN_TEXT = "plain_text"
    """No part of the message is an HTML body."""

    HTML_ATTACHMENT_ONLY = "html_attachment_only"
    """The only HTML parts are attachments, which belong to the reader, not to the mail's body."""

    SIGNED = "signed"
    """S/MIME or PGP signs the content: a changed byte would break the signature."""

    ENCRYPTED = "encrypted"
    """S/MIME or PGP encrypts the content."""

    DKIM_SIGNED = "dkim_signed"
    """The message already carries a DKIM signature, which a changed body would break."""

    CHECKSUMMED = "checksummed"
    """The HTML part has a Content-MD5 field, which would no longer be true."""

    REPORT = "report"
    """A delivery or disposition report: read by machines."""

    MALFORMED = "malformed"
    """The message breaks a rule of MIME where the HTML part would have to be found or decoded."""

    AMBIGUOUS = "ambiguous"
    """Mail programs would disagree where the HTML part is or how to read it."""

    UNSUPPORTED_CHARSET = "unsupported_charset"
    """The HTML part's charset is unknown, or does not write markup as ASCII does."""

    UNSUPPORTED_ENCODING = "unsupported_encoding"
    """The HTML part's transfer encoding is unknown, or cannot carry its charset."""

    NO_SAFE_PLACE = "no_safe_place"
    """Nowhere in the HTML would the pixel surely be loaded and change nothing (a frameset, say)."""

    ALREADY_TRACKED = "already_tracked"
    """The HTML holds the very URL of this message and recipient; a quoted older pixel is no such case."""

    UNEXPECTED = "unexpected"
    """Planning failed in a way that nobody foresaw: a defect of ours, logged with its traceback."""


class LeaveAlone(Exception):
    """The message must go out as it came."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
