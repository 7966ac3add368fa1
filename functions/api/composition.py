"""The message that comes of what a caller said: its header written here, its parts by the standard library.

Python's own writer of headers encodes long URLs and message ids, and reads an encoded word in a text that
means itself.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from email.message import EmailMessage
from email.policy import SMTP

from functions.api.mails import ADDRESS_FIELDS, Attachment, CustomHeader, Mail, Mailbox, mailbox, mailboxes

_LINE = 78
"""Characters of a line where it can be chosen. Source: RFC 5322, section 2.1.1."""

_ENCODED_BYTES = 45
"""Bytes in an encoded word, which has at most 75 characters. Source: RFC 2047, section 2."""

_LONGEST_NAME = 60
"""Characters of a name that is not encoded, so that it fits into a line."""

_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_WORD = re.compile(r" *[^ ]+")


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
    return ", ".join(f"{_phrase(one.name)} <{one.address}>" if one.name else one.address for one in written)


def _phrase(name: str) -> str:
    """A name as a header has it. One that is made of encoded words already is one of atoms, and stays."""
    if not name.isascii() or len(name) > _LONGEST_NAME:
        return _encoded(name)
    if _ATOMS.fullmatch(name):
        return name
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f'"{escaped}"'


def _text(text: str) -> str:
    is_foldable = all(len(word) < _LINE for word in _WORD.findall(text))
    return text if text.isascii() and is_foldable else _encoded(text)


def _encoded(text: str) -> str:
    """A text as encoded words."""
    words, word = [], b""
    for character in text:
        encoded = character.encode()
        if len(word) + len(encoded) > _ENCODED_BYTES:
            words.append(word)
            word = b""
        word += encoded
    return " ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in [*words, word])


def _folded(name: str, value: str) -> str:
    """A header field; its lines are broken before blanks, so that unfolding gives back the very value."""
    lines = [f"{name}:"]
    for number, word in enumerate(_WORD.findall(f" {value}")):
        if number and len(lines[-1]) + len(word) > _LINE:
            lines.append(word)
        else:
            lines[-1] += word
    return "\r\n".join(lines) + "\r\n"


def _content(mail: Mail) -> EmailMessage:
    """The mail's parts, under the header fields that tell of them."""
    content = EmailMessage(policy=SMTP)
    if mail.text_body:
        content.set_content(mail.text_body, cte="quoted-printable")
    if mail.html_body:
        _add_html(content, mail)
    for attachment in mail.attachments or []:
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
