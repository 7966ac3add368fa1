"""What can go wrong, as one tree; the handlers map each class to an answer.

TrackingError
├── InvalidToken          somebody else's URL, or one that was damaged
│   └── UnknownKey        signed with a key that is newer than those we read, or made up
├── InvalidEnvelope       the outbox holds something that no front door wrote
├── StaleVersion          the delivery changed since it was read
└── StorageUnavailable    AWS refused or failed; trying again may help
    ├── OutboxUnavailable
    ├── SettingsUnavailable
    └── ActivityUnavailable
"""


class TrackingError(Exception):
    """Anything this product raises on purpose."""


class InvalidToken(TrackingError):
    """The text is not a token that one of our keys signed."""


class UnknownKey(InvalidToken):
    """The token names a key that is not among those given."""


class InvalidEnvelope(TrackingError):
    """The text is not an envelope that a front door wrote."""


class StaleVersion(TrackingError):
    """Somebody else wrote the delivery since it was read; read again."""


class StorageUnavailable(TrackingError):
    """AWS refused or failed; the caller should try again later."""


class OutboxUnavailable(StorageUnavailable):
    """The raw message or its envelope could not be stored or read."""


class SettingsUnavailable(StorageUnavailable):
    """The settings could not be read or written."""


class ActivityUnavailable(StorageUnavailable):
    """The activity could not be read or written."""
