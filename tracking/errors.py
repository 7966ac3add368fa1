"""What can go wrong, as one tree; the handlers map each class to an answer.

TrackingError
├── InvalidToken          somebody else's URL, or one that was damaged
│   └── UnknownKey        signed with a key that is newer than those we read, or made up
├── InvalidEnvelope       the outbox holds something that no front door wrote
├── InvalidOverflow       the overflow queue holds something that no pixel function wrote
├── InvalidLog            an object among the access logs is none
├── InvalidNotification   the webhooks' queue holds something that is no notification
├── ForbiddenDestination  a URL leads where no webhook may go
├── StaleVersion          the delivery changed since it was read
└── StorageUnavailable    AWS refused or failed; trying again may help
    ├── OutboxUnavailable
    ├── OverflowUnavailable
    ├── AccessLogUnavailable
    ├── SettingsUnavailable
    ├── NotificationsUnavailable
    ├── ActivityUnavailable
    └── SesUnavailable
"""


class TrackingError(Exception):
    """Anything this product raises on purpose."""


class InvalidToken(TrackingError):
    """The text is not a token that one of our keys signed."""


class UnknownKey(InvalidToken):
    """The token names a key that is not among those given."""


class InvalidEnvelope(TrackingError):
    """The text is not an envelope that a front door wrote."""


class InvalidOverflow(TrackingError):
    """The text is not a message that a pixel function wrote."""


class InvalidLog(TrackingError):
    """The bytes are not an access log of CloudFront's."""


class InvalidNotification(TrackingError):
    """The text is not a notification that `tracking.mail.notifications` wrote."""


class ForbiddenDestination(TrackingError):
    """The URL leads somewhere that a webhook must not reach; the message says why."""


class StaleVersion(TrackingError):
    """Somebody else wrote the delivery since it was read; read again."""


class StorageUnavailable(TrackingError):
    """AWS refused or failed; the caller should try again later."""


class OutboxUnavailable(StorageUnavailable):
    """The raw message or its envelope could not be stored or read."""


class OverflowUnavailable(StorageUnavailable):
    """The overflow queue did not take a fetch."""


class AccessLogUnavailable(StorageUnavailable):
    """An access log could not be read."""


class SettingsUnavailable(StorageUnavailable):
    """The settings could not be read or written."""


class NotificationsUnavailable(StorageUnavailable):
    """The webhooks' queue or what is known of its notifications could not be read or written."""


class ActivityUnavailable(StorageUnavailable):
    """The activity could not be read or written."""


class SesUnavailable(StorageUnavailable):
    """SES did not take a mail or answer a question now; it may later."""
