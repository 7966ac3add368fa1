"""What each recipient gets: the message, without what only concerns us, and with a pixel where one may go."""

import os
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from functions.inject import adapters
from tracking import injection, tokens
from tracking.errors import InvalidToken
from tracking.injection import Plan, Reason
from tracking.mail.credentials import Credential
from tracking.mail.deliveries import Delivery, Event, EventType, TrackingMode
from tracking.mail.envelopes import MAX_MESSAGE_BYTES, Envelope
from tracking.storage.activity_items import is_expired

LOGGER = Logger()

DISABLED = "disabled"
"""Why a mail carries no pixel: open tracking is off for its credential."""

TOO_LARGE = "too_large"
"""Why a mail carries no pixel: with it, the mail would pass SES's limit."""

ROOM_FOR_PIXEL = 4096
"""Bytes that a spliced pixel stays below, in any transfer encoding and charset."""

MAX_QUOTED = 20
"""So many pixels that a mail quotes are looked at."""

_DROPPED_HEADERS = ("Bcc", "Return-Path", "X-SES-")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it leaves, but for each recipient's own pixel; without a plan it has none."""

    message: bytes
    plan: Plan | None = None
    untracked_reason: str | None = None

    def delivery(self, envelope: Envelope, number: int, recipient: str) -> Delivery:
        """The delivery to a recipient, as it is stored before it is sent.

        A pixel in the HTML may be the delivery's own. Then its fetches count, and there is no second one.
        """
        is_tracked = self.plan is not None
        is_own = self.plan is not None and self.plan.holds(pixel_url(envelope.email_id, number))
        return Delivery(
            email_id=envelope.email_id,
            number=number,
            recipient=recipient,
            credential_id=envelope.credential_id,
            mode=TrackingMode.FULL if is_tracked else TrackingMode.OFF,
            started_at=envelope.received_at,
            untracked_reason=Reason.ALREADY_TRACKED if is_own else self.untracked_reason,
            placement=self.plan.placement if self.plan and not is_own else None,
        )

    def copy(self, delivery: Delivery) -> bytes:
        """The bytes for a delivery: with a pixel if that was decided when it was stored."""
        if delivery.placement is None:
            return self.message
        plan = self.plan or injection.plan(self.message)
        url = pixel_url(delivery.email_id, delivery.number)
        return plan.with_pixel(url) if isinstance(plan, Plan) else self.message


def prepare(raw: bytes, credential: Credential | None) -> Outgoing:
    """What is to leave of a message that a credential handed in; None is one that is gone."""
    message = injection.without_headers(raw, _DROPPED_HEADERS)
    if credential is None or not credential.open_tracking_enabled:
        return Outgoing(message, untracked_reason=DISABLED)
    if len(message) + ROOM_FOR_PIXEL > MAX_MESSAGE_BYTES:
        return Outgoing(message, untracked_reason=TOO_LARGE)
    planned = injection.plan(message)
    if isinstance(planned, Plan):
        return Outgoing(message, plan=planned)
    return Outgoing(message, untracked_reason=planned.reason)


def pixel_url(email_id: str, number: int) -> str:
    """Where a delivery's pixel is fetched."""
    token = tokens.PixelToken(email_id, number)
    return f"{os.environ['PIXEL_URL']}/o/{tokens.sign(token, *adapters.pixel_keys().signing())}.gif"


def note_quoted(envelope: Envelope, plan: Plan) -> None:
    """Tell each delivery whose pixel a mail quotes that it does; a failure is only logged."""
    before, behind = f"{os.environ['PIXEL_URL']}/o/", ".gif"
    event = Event(
        f"quoted-{envelope.email_id}", EventType.QUOTED, envelope.received_at, {"by": envelope.email_id}
    )
    try:
        for url in plan.urls(before, len(before) + tokens.LENGTH + len(behind), MAX_QUOTED):
            quoted = _quoted(url.removeprefix(before).removesuffix(behind))
            if quoted is None or quoted.email_id == envelope.email_id:
                continue
            # An event of a delivery that is gone would stay for nobody to find.
            delivery = adapters.activity().delivery(quoted.email_id, quoted.recipient)
            if delivery and not is_expired(delivery, envelope.received_at):
                adapters.activity().append(delivery, event)
    except Exception:
        LOGGER.exception("quoted pixels not noted", email_id=envelope.email_id)


def _quoted(text: str) -> tokens.PixelToken | None:
    try:
        return tokens.verify(text, adapters.pixel_keys().verifying())
    except InvalidToken:
        return None
