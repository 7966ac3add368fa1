"""What a caller says of a mail to send, and the message that comes of it."""

import base64
import binascii
import mimetypes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, model_validator

from tracking.mail import addresses
from tracking.mail.envelopes import MAX_RECIPIENTS

_OURS_TO_WRITE = frozenset(
    {"from", "to", "cc", "bcc", "subject", "content-type", "content-transfer-encoding"}
)


def mailbox(text: str) -> Address:
    """The name and address in `Name <user@example.com>`, or in the address alone.

    Raises:
        ValueError: There is no address in it.
    """
    name, address = parseaddr(text)
    if not addresses.is_valid(address):
        raise ValueError("not an address: write user@example.com or Name <user@example.com>")
    local_part, _, domain = address.rpartition("@")
    return Address(name, local_part, domain)


def _holds_address(text: str) -> str:
    mailbox(text)
    return text


def _one_line(text: str) -> str:
    if any(ord(character) < ord(" ") or character == "\x7f" for character in text):
        raise ValueError("control characters are not allowed")
    return text


def _content(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _none_as_empty(value: object) -> object:
    return [] if value is None else value


OneLine = Annotated[str, Field(max_length=998), AfterValidator(_one_line)]
Mailbox = Annotated[str, Field(max_length=998), AfterValidator(_one_line), AfterValidator(_holds_address)]
Mailboxes = Annotated[list[Mailbox], Field(max_length=MAX_RECIPIENTS), BeforeValidator(_none_as_empty)]


class CustomHeader(BaseModel):
    """A header that the caller wants in the mail."""

    header: Annotated[str, Field(pattern=r"^[!-9;-~]{1,76}$")]
    value: OneLine


class Attachment(BaseModel):
    """A file that goes along."""

    filename: Annotated[OneLine, Field(min_length=1)]
    fileblob: Annotated[str, AfterValidator(_content)]
    mimetype: Annotated[str, Field(pattern=r"^[\w.+-]{1,100}/[\w.+-]{1,100}$")] | None = None

    @property
    def content_type(self) -> tuple[str, str]:
        """Main type and subtype, as said or guessed from the name."""
        guessed = self.mimetype or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        main, _, sub = guessed.partition("/")
        return (main, sub) if main not in {"multipart", "message"} else ("application", "octet-stream")


class Mail(BaseModel):
    """The fields of `email/send`."""

    sender: Mailbox
    to: Annotated[Mailboxes, Field(min_length=1)]
    cc: Mailboxes = []
    bcc: Mailboxes = []
    subject: OneLine
    html_body: str | None = None
    text_body: str | None = None
    custom_headers: Annotated[list[CustomHeader], Field(max_length=100), BeforeValidator(_none_as_empty)] = []
    attachments: Annotated[list[Attachment], Field(max_length=100), BeforeValidator(_none_as_empty)] = []
    inlines: Annotated[list[Attachment], Field(max_length=100), BeforeValidator(_none_as_empty)] = []
    template_id: None = None
    schedule: None = None

    @model_validator(mode="after")
    def _has_a_body(self) -> "Mail":
        if not self.html_body and not self.text_body:
            raise ValueError("html_body or text_body is required")
        return self

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody's address, once each."""
        everybody = [*self.to, *self.cc, *self.bcc]
        return tuple(dict.fromkeys(mailbox(text).addr_spec for text in everybody))


def compose(mail: Mail) -> bytes:
    """Write the message; blind copies are in its envelope only.

    Returns:
        The raw message with CRLF line ends, all ASCII.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = mailbox(mail.sender)
    message["To"] = [mailbox(to) for to in mail.to]
    if mail.cc:
        message["Cc"] = [mailbox(cc) for cc in mail.cc]
    message["Subject"] = mail.subject
    for custom in mail.custom_headers:
        if custom.header.lower() not in _OURS_TO_WRITE:
            message[custom.header] = custom.value
    if mail.text_body:
        message.set_content(mail.text_body, cte="quoted-printable")
    if mail.html_body:
        _add_html(message, mail)
    for attachment in mail.attachments:
        message.add_attachment(attachment.fileblob, *attachment.content_type, filename=attachment.filename)
    return message.as_bytes()


def _add_html(message: EmailMessage, mail: Mail) -> None:
    if not mail.text_body:
        message.set_content(mail.html_body, subtype="html", cte="quoted-printable")
        holder: EmailMessage = message
    else:
        message.add_alternative(mail.html_body, subtype="html", cte="quoted-printable")
        holder = list(message.iter_parts())[-1]  # type: ignore[assignment]
    for inline in mail.inlines:
        holder.add_related(
            inline.fileblob,
            *inline.content_type,
            cid=f"<{inline.filename}>",
            filename=inline.filename,
            disposition="inline",
        )
