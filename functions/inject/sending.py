"""One recipient's copy: claimed, handed to SES, and what SES answered noted.

| what is known of a delivery | what is done |
|---|---|
| SES's answer | nothing, but for the event that may be missing |
| it is claimed: it is being sent, or was, and nobody said what came of it | it waits until the claim ends |
| the claim ended, and no event of SES's has told the answer (`feedback`) | it is sent, perhaps again |
| nothing | it is sent |
"""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger

from functions.inject import adapters, ses
from functions.inject.copies import Outgoing
from tracking.errors import SesRefused, SesSilent, SesUnavailable
from tracking.mail.deliveries import Delivery
from tracking.mail.envelopes import Envelope

LOGGER = Logger()

CLAIM = timedelta(minutes=10)
"""How long a delivery is claimed: longer than the function runs, and than SES's events take to come."""

TIME_FOR_ONE = 2 * adapters.SES_TIMEOUT + sum(ses.PAUSES, timedelta(seconds=10))
"""How long one recipient may take: for SES to take the bytes and to answer, the pauses, and the notes."""

KEPT_BACK = "sandbox"
"""What stands in for SES's id where the credential is a sandbox: nothing leaves."""


def deliver(
    envelope: Envelope, number: int, recipient: str, outgoing: Outgoing, *, is_kept_back: bool
) -> bool:
    """Have one recipient's copy sent; False if SES had answered before.

    Raises:
        DeliveryClaimed: It is being sent already, or may have been sent.
        SesUnavailable: SES did not take it now, or nobody knows.
        ActivityUnavailable: It cannot be claimed, or not be noted what SES answered.
    """
    now = datetime.now(UTC)
    apart = timedelta(seconds=random.random())  # noqa: S311 -- It tells claims apart.
    delivery = adapters.activity().claim(
        outgoing.delivery(envelope, number, recipient), now, now + CLAIM + apart
    )
    is_open = delivery.answer is None
    if is_open:
        delivery = _answered(envelope, delivery, outgoing, is_kept_back=is_kept_back)
    if delivery.answer:
        adapters.activity().append(delivery, delivery.answer)
    return is_open


def _answered(envelope: Envelope, delivery: Delivery, outgoing: Outgoing, *, is_kept_back: bool) -> Delivery:
    """Send a delivery that is claimed; as it is stored then."""
    named: dict[str, Any] = {"email_id": delivery.email_id, "recipient": delivery.number}
    tags = {"email_id": delivery.email_id, "recipient": f"{delivery.number:03d}"}
    copy = outgoing.copy(delivery)
    # Taken before the call: what happens to the mail afterwards is later than this.
    at = datetime.now(UTC)
    try:
        ses_message_id = (
            KEPT_BACK if is_kept_back else ses.send(envelope.mail_from, delivery.recipient, copy, tags)
        )
    except SesRefused as refusal:
        LOGGER.warning("rejected", **named)
        return adapters.activity().mark_rejected(delivery, at, str(refusal))
    except SesSilent as error:
        # The claim stays: SES's events may tell what became of the mail.
        LOGGER.warning("may have been sent", reason=str(error), **named)
        raise
    except SesUnavailable as error:
        LOGGER.warning("not taken", reason=str(error), **named)
        adapters.activity().release(delivery)
        raise
    LOGGER.info("sent", untracked=delivery.untracked_reason, **named)
    return adapters.activity().mark_sent(delivery, at, ses_message_id)
