"""What can go wrong, as one tree; the handlers map each class to an answer.

TrackingError
├── InvalidToken          somebody else's URL, or one that was damaged
│   └── UnknownKey        signed with a key that is newer than those we read, or made up
├── InvalidEnvelope       the outbox holds something that no front door wrote
├── InvalidArrival        what came is no mail that Mail Manager handed over at a door of ours
├── InvalidOverflow       the overflow queue holds something that no pixel function wrote
├── InvalidLog            an object among the access logs is none
├── InvalidNotification   the webhooks' queue holds something that is no notification
├── ForbiddenDestination  a URL leads where no webhook may go
├── StaleVersion          the delivery changed since it was read
├── DeliveryClaimed       somebody else is sending the delivery, or was stopped at it
├── SesRefused            SES refuses the mail for good
├── DoorQuotaReached      the account has no room for another door at Mail Manager
├── DoorBusy              Mail Manager is still making the door, or removing it
└── StorageUnavailable    AWS refused or failed; trying again may help
    ├── OutboxUnavailable
    ├── OverflowUnavailable
    ├── AccessLogUnavailable
    ├── SettingsUnavailable
    ├── NotificationsUnavailable
    ├── ActivityUnavailable
    ├── MailManagerUnavailable
    │   └── MailManagerSilent  Mail Manager may have done it: it did not say
    └── SesUnavailable
        ├── SesThrottled      it takes no mail at all now
        └── SesSilent         SES may have taken the mail: it did not say
"""

from datetime import datetime


class TrackingError(Exception):
    """Anything this product raises on purpose."""


class InvalidToken(TrackingError):
    """The text is not a token that one of our keys signed."""


class UnknownKey(InvalidToken):
    """The token names a key that is not among those given."""


class InvalidEnvelope(TrackingError):
    """The text is not an envelope that a front door wrote."""


class InvalidArrival(TrackingError):
    """The event is not a mail that Mail Manager handed over, or not one of the door that it names."""


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


class DeliveryClaimed(TrackingError):
    """Somebody else is sending the delivery, or was stopped at it: until `until`, nobody else may."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"claimed until {until:%H:%M:%S} UTC")
        self.until = until


class DoorQuotaReached(TrackingError):
    """Mail Manager makes no more doors in this account and region."""


class DoorBusy(TrackingError):
    """Mail Manager is at work on the door; it can be changed or removed when that is done."""


class SesRefused(TrackingError):
    """SES refuses the mail for good; the message is its reason."""


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


class MailManagerUnavailable(StorageUnavailable):
    """Mail Manager did not do or say what it was asked; it may later."""


class MailManagerSilent(MailManagerUnavailable):
    """Mail Manager or Lambda did not answer, or failed at it: nobody knows whether it is done."""


class SesUnavailable(StorageUnavailable):
    """SES did not take a mail or answer a question now; it may later."""


class SesThrottled(SesUnavailable):
    """SES takes no mail at all now: the account has sent as much as it may, or is paused."""


class SesSilent(SesUnavailable):
    """SES did not say whether it took a mail."""
