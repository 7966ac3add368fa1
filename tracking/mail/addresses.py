"""Which mail addresses every front door takes."""

import re

_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}"
    r"@(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)
_BETWEEN = re.compile(r"""[\s<>()\[\]\\",:;]+""")


def is_valid(address: str) -> bool:
    """Whether the text is an ASCII address with an unquoted local part and a domain name.

    Source:
        Dot-string and Domain: RFC 5321, section 4.1.2; lengths: section 4.5.3.1. SES takes no SMTPUTF8.
    """
    return _ADDRESS.fullmatch(address) is not None


def key(address: str) -> str:
    """What an address has in common with its other spellings, whose letters have another case.

    Source:
        RFC 5321, section 2.4: it means nothing in domains; in local parts it may, and hardly ever does.
    """
    return address.lower()


def mentioned(text: str) -> list[str]:
    """The addresses in the text of a header field, in names and comments too, whatever its syntax.

    The standard library's parser finds none where a name holds a comma, and recurses into nested comments.
    """
    return [word for word in _BETWEEN.split(text) if is_valid(word)]
