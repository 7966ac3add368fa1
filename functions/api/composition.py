"""The message that comes of what a caller said: its header field by field, its parts all at once.

The standard library's newer writer of headers encodes long URLs and message ids, which then lead nowhere, and
reads an encoded word in a text that means itself. Its older one does neither.
"""

import re
from collections.abc import Iterable, Iterator
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr

from functions.api.mails import ADDRESS_FIELDS, Attachment, CustomHeader, Mail, Mailbox, mailbox, mailboxes

_LINE = 78
"""Characters of a line where it can be chosen. Source: RFC 5322, section 2.1.1."""

_MAX_LINE = 998
"""Characters of a line where a word needs them. Source: RFC 5322, section 2.1.1."""

_MAX_ENCODED_WORD = 75
"""Source: RFC 2047, section 2."""

_WORD = re.compile(r"[^ ]+")


def compose(mail: Mail) -> bytes:
    """Write the message; blind copies are in its envelope only.

    Returns:
        The raw message with CRLF line ends, all ASCII.
    """
    return "".join(_header(mail)).encode("ascii") + _content(mail).as_bytes()


def _header(mail: Mail) -> Iterator[str]:
    yield _folded("From", _addresses([mailbox(mail.sender)]))
    yield _folded("To", _addresses(map(mailbox, mail.to)))
    if mail.cc:
        yield _folded("Cc", _addresses(map(mailbox, mail.cc)))
    if mail.subject:
        yield _folded("Subject", _text(mail.subject.strip(" ")))
    for custom in mail.custom_headers or []:
        if not custom.is_ours_to_write:
            yield _folded(custom.header, _value(custom))


def _value(custom: CustomHeader) -> str:
    """A custom header's value; where it is ASCII, it is the caller's own spelling."""
    if custom.value.isascii():
        return custom.value.strip(" ")
    if custom.header.lower() in ADDRESS_FIELDS:
        return _addresses(mailboxes(custom.value))
    return _encoded(custom.value)


def _addresses(written: Iterable[Mailbox]) -> str:
    return ", ".join(map(_address, written))


def _address(one: Mailbox) -> str:
    if _is_plain(one.name):
        return formataddr((one.name, one.address))
    return f"{_encoded(one.name)} <{one.address}>"


def _text(text: str) -> str:
    return text if _is_plain(text) else _encoded(text)


def _is_plain(text: str) -> bool:
    """Whether a text can stand in a header as it is, in lines of a good length."""
    return text.isascii() and all(len(word) < _LINE for word in _WORD.findall(text))


def _encoded(text: str) -> str:
    """A text as encoded words."""
    return Header(text, "utf-8", _MAX_ENCODED_WORD).encode(linesep="")


def _folded(name: str, value: str) -> str:
    """A header field of ASCII, in lines that are broken at its blanks."""
    longest = _LINE if _is_plain(value) else _MAX_LINE
    return f"{name}: {Header(value, 'us-ascii', longest, name).encode(linesep='\r\n')}\r\n"


def _content(mail: Mail) -> EmailMessage:
    """The mail's parts, under the header fields that tell of them."""
    content = EmailMessage(policy=SMTP)
    if mail.text_body:
        content.set_content(mail.text_body, cte="quoted-printable")
    if mail.html_body:
        _add_html(content, mail)
    shown = mail.inlines or []
    for attachment in [*(mail.attachments or []), *([] if mail.html_body else shown)]:
        content.add_attachment(attachment.fileblob, *attachment.content_type, filename=attachment.filename)
    return content


def _add_html(content: EmailMessage, mail: Mail) -> None:
    if not mail.text_body:
        content.set_content(mail.html_body, subtype="html", cte="quoted-printable")
        holder: EmailMessage = content
    else:
        content.add_alternative(mail.html_body, subtype="html", cte="quoted-printable")
        holder = list(content.iter_parts())[-1]  # type: ignore[assignment]
    for inline in mail.inlines or []:
        _add_inline(holder, inline)


def _add_inline(holder: EmailMessage, inline: Attachment) -> None:
    holder.add_related(
        inline.fileblob,
        *inline.content_type,
        cid=f"<{inline.filename}>",
        filename=inline.filename,
        disposition="inline",
    )
