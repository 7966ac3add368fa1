"""Which mail addresses every front door takes."""

import re

_ADDRESS = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~.-]{1,64}"
    r"@(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.ASCII | re.IGNORECASE,
)


def is_valid(address: str) -> bool:
    """Whether the text is an ASCII address with an unquoted local part and a domain name.

    Source:
        Dot-string and Domain: RFC 5321, section 4.1.2; lengths: section 4.5.3.1. SES takes no SMTPUTF8.
    """
    return _ADDRESS.fullmatch(address) is not None
