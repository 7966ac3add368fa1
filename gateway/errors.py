"""What goes wrong at the gateway, but for what `tracking.errors` has.

Exception
├── BareLineEnd
├── InvalidConfiguration
├── LoginPutOff
├── Refused
└── TlsFailed
"""

TRY_AGAIN = "451 4.3.0 Nothing was stored, please try again later"
"""The answer where the fault is ours, so that the client keeps the mail."""


class BareLineEnd(Exception):
    """A command ended with LF alone."""


class InvalidConfiguration(Exception):
    """The environment lacks something, or holds something of no use; the message names it."""


class LoginPutOff(Exception):
    """The login is not checked now; the message says why."""


class Refused(Exception):
    """What a client asks for is not done; the message is the whole answer."""


class TlsFailed(Exception):
    """The client and we could not agree on TLS."""
