"""What Mail Manager invokes for each mail that it took.

It has said yes to the client already, so nothing may be lost: what cannot be accepted now waits in a queue,
with the alias that says whose door it was, and `again` tries it for hours. If that queue does not answer
either, Lambda itself tries twice more, and puts the event among the queue's dead letters.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.mail_manager import adapters
from functions.mail_manager.accepting import accept
from tracking.errors import TrackingError

LOGGER = Logger()


def handle(event: dict[str, Any], context: LambdaContext) -> None:
    """Accept a mail, or let its event wait.

    Raises:
        OutboxUnavailable: Neither can be done.
    """
    try:
        accept(event, context.invoked_function_arn)
    except TrackingError as error:
        LOGGER.warning("not accepted yet", reason=type(error).__name__, error=str(error))
        adapters.waiting().put(event, context.invoked_function_arn)
