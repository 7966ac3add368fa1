"""Recording a fetch: the one code of all paths, so that none of them counts what another has."""

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
            The token; None if the delivery is gone, or is not to be tracked: there is nothing to keep.

        Raises:
            InvalidToken: None of our keys signed the text.
            StorageUnavailable: It is not known whether the fetch is in the history.
        """
        token = self._verified(text)
        delivery = self.activity.delivery(token.email_id, token.recipient)
        if delivery is None or delivery.mode is TrackingMode.OFF or is_expired(delivery, fetch.at):
            return None
        self.activity.append(token.email_id, token.recipient, fetched(fetch))
        return token

    def _verified(self, text: str) -> PixelToken:
        try:
            return tokens.verify(text, self.keys.verifying())
        except UnknownKey:
            return tokens.verify(text, self.keys.renewed())
