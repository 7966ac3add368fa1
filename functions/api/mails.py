"""What a caller says of a mail to send."""

import base64
import mimetypes
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from functions.api.answers import EXTENSION
from tracking.mail import addresses
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

MAX_ADDRESSES = 100
"""Addresses in each of to, cc and bcc. Source: SMTP2GO's API reference, "email/send"."""

MAX_FILES = 100
"""Attachments of one mail, and inlines."""

MAX_BASE64 = MAX_MESSAGE_BYTES * 3 // 2
"""Characters of base64: a third more than the bytes, and some for line ends."""

ADDRESS_FIELDS = frozenset({"reply-to", "sender"})
"""The custom headers that hold names with addresses, so that only the names can be encoded."""

_ONLY_ONCE = frozenset({"date", "in-reply-to", "message-id", "references", "reply-to", "sender"})
"""Source: RFC 5322, section 3.6."""

_OURS_TO_WRITE = re.compile(
    r"from|to|cc|bcc|subject|mime-version|content-(?:type|transfer-encoding|disposition|id)"
    # What SES writes, what the last server does, and what SMTP2GO's clients tell their own server.
    r"|x-ses-.*|return-path|x-smtp2go-.*",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(?P<name>.*)<(?P<address>[^<>]*)>", re.DOTALL)
_EMPTY_GROUP = re.compile(r"[^:;,<>@]*:\s*;?")
"""Such as `undisclosed-recipients:;`."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Somebody's address, and their name or an empty text."""

    name: str
    address: str


def mailbox(text: str) -> Mailbox:
    """The mailbox in `Name <user@example.com>`, in `<user@example.com>`, or in the address alone.

    The name may stand in quotes and need not: whatever comes before the last `<` is the name.

    Raises:
        ValueError: There is no address in it.
    """
    named = _NAMED.fullmatch(text.strip())
    name, address = (named["name"].strip(), named["address"].strip()) if named else ("", text.strip())
    if not addresses.is_valid(address):
        raise ValueError("not an address: write user@example.com or Name <user@example.com>")
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1]).strip()
    return Mailbox(name, address)


def mailboxes(text: str) -> list[Mailbox]:
    """The mailboxes in a header field, which has commas between them, or is an empty group.

    Raises:
        ValueError: Something in it is no address.
    """
    listed = text.strip(" ,\t\r\n")
    if not listed or _EMPTY_GROUP.fullmatch(listed):
        return []
    try:
        named = getaddresses([listed])
    except RecursionError as error:
        raise ValueError("not a list of addresses") from error
    for _, address in named:
        if not addresses.is_valid(address):
            raise ValueError(f"{address!r} is not an address" if address else "not a list of addresses")
    return [Mailbox(name, address) for name, address in named]


def _holds_address(text: str) -> str:
    mailbox(text)
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in text):
        raise ValueError("control characters and line ends are not allowed")
    return text


def _trimmed(text: str) -> str:
    if not text.strip():
        raise ValueError("a name is needed")
    return text.strip()


def _decoded(value: object) -> bytes:
    if not isinstance(value, str):
        raise ValueError("not a text in base64")  # noqa: TRY004 -- pydantic takes no TypeError
    if len(value) > MAX_BASE64:
        raise ValueError(f"at most {MAX_BASE64} characters")
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except ValueError as error:
        raise ValueError("not base64") from error


def _refused(advice: str) -> Callable[[object], None]:
    def refuse(value: object) -> None:
        if value is not None:
            raise ValueError(advice)

    return refuse


OneLine = Annotated[str, AfterValidator(_one_line)]
MailboxText = Annotated[OneLine, Field(max_length=998), AfterValidator(_holds_address)]
MailboxTexts = Annotated[list[MailboxText], Field(max_length=MAX_ADDRESSES)]
Text = Annotated[str, Field(max_length=MAX_MESSAGE_BYTES)]
Base64 = Annotated[
    bytes,
    BeforeValidator(_decoded),
    WithJsonSchema({"type": "string", "format": "byte", "maxLength": MAX_BASE64}),
]
NoSchedule = Annotated[
    None, BeforeValidator(_refused("mail is not scheduled here; make the call when the mail is to be sent"))
]
NoTemplate = Annotated[
    None, BeforeValidator(_refused("there are no templates; send the text in html_body and text_body"))
]
NoUrl = Annotated[
    None,
    BeforeValidator(_refused("attachments by URL are not fetched; send the content as base64 in fileblob")),
]


class CustomHeader(BaseModel):
    """A header that the caller wants in the mail."""

    header: Annotated[
        str, Field(pattern=r"^[!-9;-~]{1,76}$", description="Its name: printable ASCII without a colon")
    ]
    value: Annotated[
        OneLine,
        # With the name that still fits into a line if there is no blank to fold it at.
        Field(max_length=900, description="One line of at most 900 characters"),
    ]

    @field_validator("value", mode="after")
    @classmethod
    def _names_addresses(cls, value: str, known: ValidationInfo) -> str:
        if not value.isascii() and known.data.get("header", "").lower() in ADDRESS_FIELDS:
            mailboxes(value)
        return value

    @property
    def is_ours_to_write(self) -> bool:
        """Whether the header is not the caller's to set, or means nothing to whoever gets the mail."""
        return _OURS_TO_WRITE.fullmatch(self.header) is not None


class Attachment(BaseModel):
    """A file that goes along."""

    url: Annotated[
        NoUrl, Field(description="Only null: attachments by URL are not fetched; send `fileblob`")
    ] = None
    filename: Annotated[
        OneLine,
        Field(min_length=1, max_length=255, description="The name to save it under"),
        AfterValidator(_trimmed),
    ]
    fileblob: Annotated[Base64, Field(description="The content in base64")]
    mimetype: Annotated[
        Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]{1,100}/[A-Za-z0-9_.+-]{1,100}$")] | None,
        Field(description="Its type, such as `application/pdf`; without it, what the name's suffix says"),
    ] = None

    @property
    def content_type(self) -> tuple[str, str]:
        """Main type and subtype, as said or guessed from the name."""
        guessed = self.mimetype or mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        main, _, sub = guessed.lower().partition("/")
        return (main, sub) if main not in {"multipart", "message"} else ("application", "octet-stream")


class Mail(BaseModel):
    """The fields of `email/send`."""

    sender: Annotated[
        MailboxText,
        Field(
            description="`news@example.com` or `Shop <news@example.com>`; its domain or address must be "
            "verified with SES"
        ),
    ]
    to: Annotated[
        MailboxTexts, Field(min_length=1, description=f"1 to {MAX_ADDRESSES} recipients, written as `sender`")
    ]
    cc: Annotated[
        MailboxTexts | None,
        Field(description=f"Up to {MAX_ADDRESSES} who get a copy, and are named in the mail"),
    ] = None
    bcc: Annotated[
        MailboxTexts | None,
        Field(description=f"Up to {MAX_ADDRESSES} who get a copy, and are not named in the mail"),
    ] = None
    subject: Annotated[
        Annotated[OneLine, Field(max_length=998)] | None,
        Field(description="One line of at most 998 characters; without it the mail has none"),
    ] = None
    html_body: Annotated[
        Text | None, Field(description="The mail as HTML; this or `text_body` is required, or both")
    ] = None
    text_body: Annotated[Text | None, Field(description="The mail as plain text")] = None
    custom_headers: Annotated[
        Annotated[list[CustomHeader], Field(max_length=100)] | None,
        Field(
            description="Up to 100 more headers. From, To, Cc, Bcc, Subject, MIME-Version, Content-Type and "
            "its kin, Return-Path, X-SES-* and X-Smtp2go-* are ignored; SES replaces Message-ID and Date"
        ),
    ] = None
    attachments: Annotated[
        Annotated[list[Attachment], Field(max_length=MAX_FILES)] | None,
        Field(description=f"Up to {MAX_FILES} files that go along"),
    ] = None
    inlines: Annotated[
        Annotated[list[Attachment], Field(max_length=MAX_FILES)] | None,
        Field(
            description=f"Up to {MAX_FILES} images that `html_body` shows by `cid:<filename>`; without "
            "`html_body` they are attachments"
        ),
    ] = None
    template_id: Annotated[NoTemplate, Field(description="Only null: there are no templates")] = None
    template_data: Annotated[NoTemplate, Field(description="Only null: there are no templates")] = None
    schedule: Annotated[NoSchedule, Field(description="Only null: mail is not scheduled here")] = None

    @field_validator("custom_headers", mode="after")
    @classmethod
    def _stand_once(cls, headers: list[CustomHeader] | None) -> list[CustomHeader] | None:
        counted = Counter(header.header.lower() for header in headers or [])
        if repeated := sorted(name for name in _ONLY_ONCE if counted[name] > 1):
            raise ValueError(f"a mail can have only one {repeated[0]}")
        return headers

    @model_validator(mode="after")
    def _has_a_body(self) -> Self:
        if not self.html_body and not self.text_body:
            raise ValueError("html_body or text_body is required")
        return self

    @property
    def recipients(self) -> tuple[str, ...]:
        """Everybody's address, once each."""
        everybody = [*self.to, *(self.cc or []), *(self.bcc or [])]
        return tuple(dict.fromkeys(mailbox(text).address for text in everybody))


class Batch(BaseModel):
    """The fields of `email/batch`."""

    emails: Annotated[
        list[Mail], Field(min_length=1, max_length=100, description="1 to 100 mails, each as in `email/send`")
    ]


class MimeMail(BaseModel):
    """The fields of `email/mime`."""

    mime_email: Annotated[
        Base64 | None, Field(description="A whole message in base64, as large as a request allows")
    ] = None
    upload_id: Annotated[
        Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None,
        Field(
            description="In place of `mime_email`: the message that was uploaded where `email/upload` said",
            json_schema_extra=EXTENSION,
        ),
    ] = None
    schedule: Annotated[NoSchedule, Field(description="Only null: mail is not scheduled here")] = None
