"""What the arguments of MAIL and RCPT say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import Refused
from tracking.mail.envelopes import MAX_MESSAGE_BYTES

NULL_SENDER = "<>"

_PATH = re.compile(
    r"(?:(?P<keyword>FROM|TO)):\s*(?:<(?:@[^:<>]*:)?(?P<path>[^<>]*)>|(?P<bare>[^\s<>]+))(?P<parameters>(?:\s.*)?)",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"(?P<keyword>[A-Z0-9][A-Z0-9-]*)(?:=(?P<value>[^\s=]+))?", re.IGNORECASE)
_SIZE = re.compile(r"[0-9]{1,20}")
_BODIES = frozenset({"7BIT", "8BITMIME"})


@dataclass(frozen=True, slots=True)
class Path:
    """An address as a command names it, not checked yet, and parameters with their keywords in capitals.

    A route before the address is left out. The null sender is `NULL_SENDER`.

    Source:
        RFC 5321, section 4.1.2; routes: appendix C.
    """

    address: str
    parameters: Mapping[str, str]


def path(command: str, keyword: str, argument: str | None) -> Path:
    """Read `FROM:<address> [parameters]` or `TO:<address> [parameters]`.

    Raises:
        Refused: It is written otherwise.
    """
    found = _PATH.fullmatch(argument or "")
    if found is None or found["keyword"].upper() != keyword:
        raise Refused(f"501 5.5.4 Syntax: {command} {keyword}:<address>")
    parameters = {}
    for text in found["parameters"].split():
        parameter = _PARAMETER.fullmatch(text)
        if parameter is None or parameter["keyword"].upper() in parameters:
            raise Refused("501 5.5.4 A parameter is written wrongly")
        parameters[parameter["keyword"].upper()] = parameter["value"] or ""
    return Path(found["path"] or found["bare"] or NULL_SENDER, parameters)


def check_mail(parameters: Mapping[str, str]) -> None:
    """Take what MAIL may say of a message.

    AUTH is what every server with AUTH must take and may ignore; Postfix sends it.

    Raises:
        Refused: A parameter is unknown, or says something that is not taken.

    Source:
        RFC 4954, section 5; RFC 1870, section 6.1; RFC 6152, section 3; RFC 6531, section 3.5.
    """
    for keyword, value in parameters.items():
        match keyword:
            case "AUTH":
                continue
            case "BODY" if value.upper() in _BODIES:
                continue
            case "BODY":
                raise Refused("501 5.5.4 BODY is 7BIT or 8BITMIME")
            case "SIZE" if _SIZE.fullmatch(value) is None:
                raise Refused("501 5.5.4 SIZE is a number of bytes")
            case "SIZE" if int(value) <= MAX_MESSAGE_BYTES:
                continue
            case "SIZE":
                raise Refused(f"552 5.3.4 A message has no more than {MAX_MESSAGE_BYTES} bytes")
            case "SMTPUTF8":
                raise Refused("555 5.6.7 SMTPUTF8 is not supported")
            case _:
                raise Refused("555 5.5.4 A parameter is not known")


def check_rcpt(parameters: Mapping[str, str]) -> None:
    """Take no parameters.

    Raises:
        Refused: There is one.
    """
    if parameters:
        raise Refused("555 5.5.4 A parameter is not known")
