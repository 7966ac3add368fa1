"""What a raw mail holds, for showing it: nothing here fails, however broken the mail."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import Self
from urllib.parse import unquote

_FOLD = re.compile(r"\r?\n(?=[ \t])")
_CONTENT_ID = re.compile(r"""\bcid:([^\s"'<>)]+)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the mail's tree."""

    content_type: str
    filename: str | None
    content_id: str | None
    """Without angle brackets."""
    is_attachment: bool
    charset: str
    body: bytes

    @classmethod
    def of(cls, message: Message) -> Self:
        """Read a part that has no parts itself, or is a mail."""
        content_id = message.get("Content-ID")
        payload = message.get_payload(decode=True)
        if not isinstance(payload, bytes):
            payload = b"".join(
                inner.as_bytes() for inner in message.get_payload() if isinstance(inner, Message)
            )
        return cls(
            message.get_content_type(),
            message.get_filename(),
            str(content_id).strip(" <>\t\r\n") if content_id else None,
            message.get_content_disposition() == "attachment",
            message.get_content_charset("utf-8"),
            payload,
        )

    @property
    def text(self) -> str:
        """The body, read with the part's charset; what does not fit is replaced."""
        try:
            return self.body.decode(self.charset, "replace")
        except LookupError:
            return self.body.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Content:
    """A mail, taken apart."""

    headers: tuple[tuple[str, str], ...]
    """Decoded, in the mail's order."""
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Take a mail apart."""
        message = message_from_bytes(raw)
        return cls(
            tuple((name, _decoded(value)) for name, value in message.raw_items()),
            tuple(Part.of(leaf) for leaf in _leaves(message)),
        )

    def header(self, name: str) -> str:
        """The first header of that name; empty if there is none."""
        return next((value for other, value in self.headers if other.lower() == name.lower()), "")

    @property
    def text(self) -> str | None:
        """The plain text; None if there is none."""
        return self._shown("text/plain")

    @property
    def html(self) -> str | None:
        """The HTML; None if there is none."""
        return self._shown("text/html")

    def linked_html(self, link: Callable[[int], str]) -> str | None:
        """The HTML with its `cid:` references resolved.

        Args:
            link: Makes the address of a part from its index in `parts`.
        """
        links = {part.content_id: link(index) for index, part in enumerate(self.parts) if part.content_id}
        html = self.html
        return html and _CONTENT_ID.sub(lambda found: links.get(unquote(found[1]), found[0]), html)

    def _shown(self, content_type: str) -> str | None:
        inline = (part for part in self.parts if not part.is_attachment)
        return next((part.text for part in inline if part.content_type == content_type), None)


def _leaves(message: Message) -> Iterator[Message]:
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _leaves(part)
    else:
        yield message


def _decoded(value: str) -> str:
    unfolded = _FOLD.sub("", value).encode("utf-8", "surrogateescape").decode("utf-8", "replace").strip()
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, LookupError, UnicodeError):
        return unfolded
