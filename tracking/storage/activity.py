"""Messages, deliveries and events in DynamoDB; `activity_items` has the Activity table's design."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from tracking.errors import ActivityUnavailable, DeliveryClaimed, StaleVersion
from tracking.mail.deliveries import (
    Delivery,
    Event,
    History,
    Message,
    Summary,
    changes,
    domain_changes,
    stages,
)
from tracking.storage import activity_items, counters
from tracking.storage.aws import (
    Item,
    batch_get,
    from_attributes,
    is_refused_condition,
    raising,
    to_attributes,
    to_text,
    was_written,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputPaginateTypeDef,
        UpdateTypeDef,
    )

    type Key = dict[str, AttributeValueTypeDef]

_DAYS_AT_ONCE = 70
"""Of how many days the opens are counted in one transaction, which also has the summary and, for its times,
up to 18 days more and up to 10 of the recipient's domain. Source: DynamoDB API reference,
"TransactWriteItems": at most 100 actions."""

_SUPERSEDED = frozenset({"ConditionalCheckFailed", "TransactionConflict"})
"""Why a transaction is cancelled when another writer was first."""


# SES's answer to a delivery is not known.
_UNANSWERED = "attribute_not_exists(sent_at) AND attribute_not_exists(rejected_at)"


class Activity:
    """Messages, deliveries, and their events."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def put_message(self, message: Message) -> None:
        """Store what is known of a message; storing it again changes nothing.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._put_new(activity_items.message_item(message))

    def start(self, delivery: Delivery) -> bool:
        """Store a new delivery; False, and nothing is stored, if it is there already.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._put_new(activity_items.delivery_item(delivery))

    def claim(self, delivery: Delivery, now: datetime, until: datetime) -> Delivery:
        """Have a delivery to oneself while it is sent, unless SES has answered to it.

        Args:
            delivery: As it would be stored if it were not yet.
            now: Now.
            until: When others may send it, if by then nothing is known of what SES answered. To the
                microsecond it is nobody else's: it tells claims apart.

        Returns:
            As it is stored. With an `answer` there is nothing to be sent; otherwise it is claimed.

        Raises:
            DeliveryClaimed: Somebody else has it.
            ActivityUnavailable: The table cannot be written. It may be claimed all the same.
        """
        claimed = replace(delivery, claimed_until=until)
        if self.start(claimed):
            return claimed
        stored = self._stored(delivery)
        is_free = stored.claimed_until is None or stored.claimed_until <= now
        if is_free and not stored.answer and not self._exchange_claim(stored, until):
            stored = self._stored(delivery)
        elif is_free and not stored.answer:
            stored = replace(stored, claimed_until=until)
        # A write whose answer was lost is made again, and then finds itself.
        if stored.answer or stored.claimed_until == until:
            return stored
        raise DeliveryClaimed(stored.claimed_until or until)

    def release(self, claimed: Delivery) -> None:
        """Let others send a delivery that one has claimed, and that SES certainly did not take.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._exchange_claim(claimed, None)

    def _stored(self, delivery: Delivery) -> Delivery:
        """A delivery as it is, which was there before."""
        stored = self.delivery(delivery.email_id, delivery.number)
        if stored is None:
            raise ActivityUnavailable("a delivery is gone that was there a moment ago")
        return stored

    def _exchange_claim(self, seen: Delivery, until: datetime | None) -> bool:
        """Write another claim on a delivery; False if it changed hands, or SES has answered."""
        before = seen.claimed_until
        values = {":seen": to_text(before) if before else None, ":until": to_text(until) if until else None}
        return self._update(
            _delivery_key(seen.email_id, seen.number),
            "SET claimed_until = :until" if until else "REMOVE claimed_until",
            values,
            condition=f"attribute_exists(pk) AND {_UNANSWERED} AND "
            + ("claimed_until = :seen" if before else "attribute_not_exists(claimed_until)"),
        )

    def mark_sent(self, delivery: Delivery, at: datetime, ses_message_id: str) -> Delivery:
        """Note that SES took the delivery, and under which id; what is known already stays.

        Returns:
            As it is stored then.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._answered(
            replace(delivery, sent_at=at, ses_message_id=ses_message_id, claimed_until=None),
            "SET sent_at = :at, ses_message_id = :id REMOVE claimed_until",
            {":at": to_text(at), ":id": ses_message_id},
        )

    def mark_rejected(self, delivery: Delivery, at: datetime, reason: str) -> Delivery:
        """Note that SES refused the delivery for good, and why; what is known already stays.

        Returns:
            As it is stored then.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._answered(
            replace(delivery, rejected_at=at, rejection=reason, claimed_until=None),
            "SET rejected_at = :at, rejection = :reason REMOVE claimed_until",
            {":at": to_text(at), ":reason": reason},
        )

    def _answered(self, delivery: Delivery, expression: str, values: Item) -> Delivery:
        """Write SES's answer to a delivery, unless there is one; the delivery as it is stored then."""
        is_written = self._update(
            _delivery_key(delivery.email_id, delivery.number),
            expression,
            values,
            condition=f"attribute_exists(pk) AND {_UNANSWERED}",
        )
        return delivery if is_written else self._stored(delivery)

    def mark_delivered(self, delivery: Delivery, at: datetime) -> None:
        """Note when the recipient's mail server took the mail; a delivery that is gone stays so.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        self._update(
            _delivery_key(delivery.email_id, delivery.number),
            "SET delivered_at = :at",
            {":at": to_text(at)},
        )

    def append(self, delivery: Delivery, event: Event) -> bool:
        """Add an event to a delivery's history; False if it was there already.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._put_new(activity_items.event_item(delivery, event))

    def note_step(self, email_id: str, number: int, event_id: str, steps: int, at: datetime) -> bool:
        """Note for how many steps a timed mail is known to have been open.

        Args:
            email_id: The message's.
            number: The recipient's.
            event_id: The fetch's.
            steps: Whole steps, from 0.
            at: When that was seen.

        Returns:
            False if as much is known already, or there is no such fetch that is being timed.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._update_reading(
            (email_id, number, event_id),
            "SET read_steps = :new, read_at = :at",
            "read_steps",
            {":new": steps, ":at": to_text(at)},
        )

    def note_milliseconds(self, email_id: str, number: int, event_id: str, milliseconds: int) -> bool:
        """Note how long a timed mail was open at least, as the access log measured it.

        Returns:
            False if as much is known already, or there is no such fetch that is being timed.

        Raises:
            ActivityUnavailable: The table cannot be written.
        """
        return self._update_reading(
            (email_id, number, event_id),
            "SET read_milliseconds = :new",
            "read_milliseconds",
            {":new": milliseconds},
        )

    def write_summary(self, message: Message, delivery: Delivery, summary: Summary) -> None:
        """Store what a delivery's opens come to, and add the difference to the counters.

        Both or neither, in one transaction. A change of more days than that takes is written in stages, each
        of them a summary with its counters: whoever comes after a failure goes on from the last one.

        Args:
            message: The delivery's.
            delivery: As it was read before the summary was computed.
            summary: From its whole history.

        Raises:
            StaleVersion: The delivery's summary changed since it was read, or another writer was at it, or at
                the counters, in the same moment.
            ActivityUnavailable: The table cannot be written.
        """
        for stage in stages(delivery.summary, summary, _DAYS_AT_ONCE):
            self._write_stage(message, delivery, stage)
            delivery = replace(delivery, summary=stage, version=delivery.version + 1)

    def _write_stage(self, message: Message, delivery: Delivery, summary: Summary) -> None:
        updates = [
            self._summary_update(delivery, summary),
            *(
                counters.update(self._table, message, day, by_counter)
                for day, by_counter in changes(delivery.summary, summary).items()
            ),
            *(
                counters.domain_update(self._table, delivery, day, by_counter)
                for day, by_counter in domain_changes(delivery.summary, summary).items()
            ),
        ]
        with raising(ActivityUnavailable):
            try:
                if len(updates) == 1:  # Outside of a transaction a write costs half.
                    self._dynamodb.update_item(**updates[0])
                else:
                    self._dynamodb.transact_write_items(
                        TransactItems=[{"Update": update} for update in updates]
                    )
            except ClientError as error:
                if _is_superseded(error):
                    raise StaleVersion(
                        f"delivery {delivery.number} of {delivery.email_id} changed"
                    ) from error
                raise

    def delivery(self, email_id: str, number: int) -> Delivery | None:
        """A delivery without its events, consistently read; None if there is none.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        with raising(ActivityUnavailable):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=_delivery_key(email_id, number), ConsistentRead=True
            )
        return activity_items.delivery(from_attributes(answer["Item"])) if "Item" in answer else None

    def history(self, email_id: str, number: int) -> History | None:
        """A delivery and its events by time, consistently read; None if there is no such delivery.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        items = self._query(
            "pk = :pk AND begins_with(sk, :sk)",
            {":pk": activity_items.email_key(email_id), ":sk": activity_items.recipient_key(number)},
        )
        if not items or items[0]["sk"] != activity_items.recipient_key(number):
            return None
        events = sorted(
            (activity_items.event(item) for item in items[1:]), key=lambda event: (event.at, event.event_id)
        )
        return History(activity_items.delivery(items[0]), tuple(events))

    def messages(self, email_ids: Iterable[str]) -> dict[str, Message]:
        """The messages of these ids, as far as there are any, consistently read.

        Raises:
            ActivityUnavailable: The table cannot be read.
        """
        keys = [
            to_attributes({"pk": activity_items.email_key(email_id), "sk": "ENVELOPE"})
            for email_id in set(email_ids)
        ]
        with raising(ActivityUnavailable):
            found = list(map(activity_items.message, batch_get(self._dynamodb, self._table, keys)))
        return {message.email_id: message for message in found}

    def _query(self, condition: str, values: Item) -> list[Item]:
        """All items of the table that a key's condition holds for, consistently read."""
        request: QueryInputPaginateTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": to_attributes(values),
            "ConsistentRead": True,
        }
        with raising(ActivityUnavailable):
            pages = self._dynamodb.get_paginator("query").paginate(**request)
            return [from_attributes(item) for page in pages for item in page["Items"]]

    def _summary_update(self, delivery: Delivery, summary: Summary) -> "UpdateTypeDef":
        return {
            "TableName": self._table,
            "Key": _delivery_key(delivery.email_id, delivery.number),
            "UpdateExpression": "SET summary = :summary, version = :next",
            "ConditionExpression": "attribute_exists(pk) AND version = :version",
            "ExpressionAttributeValues": to_attributes(
                {
                    ":summary": activity_items.summary_map(summary),
                    ":next": delivery.version + 1,
                    ":version": delivery.version,
                }
            ),
        }

    def _put_new(self, item: Item) -> bool:
        put = partial(
            self._dynamodb.put_item,
            TableName=self._table,
            Item=to_attributes(item),
            ConditionExpression="attribute_not_exists(pk)",
        )
        with raising(ActivityUnavailable):
            return was_written(put)

    def _update_reading(self, event: tuple[str, int, str], expression: str, name: str, values: Item) -> bool:
        email_id, number, event_id = event
        return self._update(
            _key(email_id, activity_items.event_key(number, event_id)),
            expression,
            values,
            condition=f"attribute_exists(timed) AND (attribute_not_exists({name}) OR {name} < :new)",
        )

    def _update(
        self, key: "Key", expression: str, values: Item, condition: str = "attribute_exists(pk)"
    ) -> bool:
        update = partial(
            self._dynamodb.update_item,
            TableName=self._table,
            Key=key,
            UpdateExpression=expression,
            ExpressionAttributeValues=to_attributes(values),
            ConditionExpression=condition,
        )
        with raising(ActivityUnavailable):
            return was_written(update)


def _key(email_id: str, sort_key: str) -> "Key":
    return to_attributes({"pk": activity_items.email_key(email_id), "sk": sort_key})


def _delivery_key(email_id: str, number: int) -> "Key":
    return _key(email_id, activity_items.recipient_key(number))


def _is_superseded(error: ClientError) -> bool:
    """Whether a write did nothing because another one was first, or is being made."""
    reasons = cast("list[Mapping[str, str]]", error.response.get("CancellationReasons", []))
    return (
        is_refused_condition(error)
        or error.response["Error"]["Code"] == "TransactionConflictException"
        or any(reason.get("Code") in _SUPERSEDED for reason in reasons)
    )
