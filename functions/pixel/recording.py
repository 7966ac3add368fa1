"""Recording a fetch: the one code of all paths, so that none of them counts what another has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tracking import tokens
from tracking.errors import UnknownKey
from tracking.mail.deliveries import TrackingMode, fetched
from tracking.opens.fetches import Fetch
from tracking.storage.activity import Activity
from tracking.storage.activity_items import is_expired
from tracking.storage.secrets import PixelKeys
from tracking.tokens import PixelToken


@dataclass(frozen=True, slots=True)
class Recorder:
    """What it takes to record a fetch: the keys, one read and one write."""

    keys: PixelKeys
    activity: Activity

    def record(self, text: str, fetch: Fetch) -> PixelToken | None:
        """Append a fetch to the history of the delivery whose token it came with, unless it is there.

        Args:
            text: What may be a token.
            fetch: The facts.

        Returns:
            The token; None if there is nothing to keep: the delivery is gone, is not to be tracked, or has as
            many fetches as are kept.

        Raises:
            UnknownKey: The text names a key that is not there, or is newer than those just read.
            InvalidToken: None of our keys signed the text.
            StorageUnavailable: It is not known whether the fetch is in the history.
        """
        token = verified(tokens.verify, text, self.keys)
        delivery = self.activity.delivery(token.email_id, token.recipient)
        if delivery is None or delivery.mode is TrackingMode.OFF:
            return None
        if delivery.is_full or is_expired(delivery, fetch.at):
            return None
        self.activity.append(delivery, fetched(fetch))
        return token


def verified[T](verify: Callable[[str, Mapping[int, bytes]], T], text: str, keys: PixelKeys) -> T:
    """What a text is the token of, by the keys in memory or by newer ones.

    Args:
        verify: `tokens.verify` or `tokens.verify_hop`.
        text: What may be a token.
        keys: Where the keys are.

    Raises:
        UnknownKey: See `Recorder.record`.
        InvalidToken: None of our keys signed the text.
        SettingsUnavailable: The keys cannot be read.
    """
    try:
        return verify(text, keys.verifying())
    except UnknownKey:
        return verify(text, keys.renewed())
