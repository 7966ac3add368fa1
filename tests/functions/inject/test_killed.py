"""The function dies at any step of its work, SES does not answer, and queues bring things twice."""

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest
import time_machine
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from time_machine import Traveller

from functions.inject import adapters, feedback, handler, sending
from functions.inject import ses as ses_module
from functions.inject.handler import handle
from functions.inject.sending import CLAIM
from tests.functions.conftest import Cloud
from tests.functions.inject.conftest import AT, HTML, SENDER, USER, refusal
from tests.functions.inject.table import Table
from tests.functions.sqs import batch, left
from tracking.mail import email_ids, envelopes
from tracking.mail.deliveries import EventType
from tracking.mail.envelopes import Envelope

MESSAGES = 1000
MOST_RECIPIENTS = 100
VISIBILITY = timedelta(minutes=18)
"""What the queue hides a message for that its function was killed at."""

DEATHS_OF_ONE = 3
"""In how many attempts at one envelope the function may be killed."""

SEED = 7
URL = "https://aws.example"

STEPS = {
    f"{when} {call}"
    for when in ("before", "after")
    for call in (
        "GetObject",
        "PutItem ENVELOPE",
        "PutItem RCPT",
        "SendEmail",
        "UpdateItem RCPT",
        "PutItem event",
    )
}
"""Where it has to come at least once: between them lies all of the work for one recipient."""

UNHEARD = {"after SendEmail", "before UpdateItem RCPT"}
"""Where SES has taken a mail and nothing of it is noted."""

type Delivered = tuple[str, int]


class Killed(BaseException):
    """What nothing can catch that runs in the function."""


@dataclass
class Ses:
    """SES: what it took and when, and when its events come. Now and then it is slow to answer or to tell."""

    random: Random
    took: dict[Delivered, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    told: list[tuple[datetime, str]] = field(default_factory=list)
    told_at: dict[Delivered, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    last: Delivered | None = None
    unheard: set[Delivered] = field(default_factory=set)
    """What was taken, and the function never knew."""

    def send(self, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 -- botocore's hooks say that they answer nothing.
        if self.random.random() < 0.003:
            raise refusal("TooManyRequestsException", 429)
        tags = {tag["Name"]: tag["Value"] for tag in json.loads(params["body"])["EmailTags"]}
        delivered = (tags["email_id"], int(tags["recipient"]))
        now, message_id = datetime.now(UTC), f"ses-{self.random.random()}"
        self.took[delivered].append(now)
        self.last = delivered
        late = self.random.random() < 0.1
        told_at = now + (timedelta(hours=1) if late else timedelta(seconds=self.random.uniform(0, 60)))
        mail = {
            "timestamp": now.isoformat(),
            "messageId": message_id,
            "tags": {name: [value] for name, value in tags.items()},
        }
        self.told.append((told_at, json.dumps({"eventType": "Send", "mail": mail})))
        self.told_at[delivered].append(told_at)
        if self.random.random() < 0.005:
            self.unheard.add(delivered)
            raise ReadTimeoutError(endpoint_url=URL)
        return AWSResponse(URL, 200, HTTPHeaders(), None), {"MessageId": message_id}


@dataclass
class Death:
    """Comes before or after a call, once it was sent for."""

    random: Random
    steps_left: int | None = None
    came: Counter[str] = field(default_factory=Counter)

    def send(self, steps: int) -> None:
        """Let it come within some steps, or not at all."""
        self.steps_left = self.random.randrange(steps) if self.random.random() < 0.5 else None

    def watch(self, events: Any, service: str, name: Callable[[dict[str, Any]], str]) -> None:  # noqa: ANN401
        asked: list[str] = []

        def before(params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
            asked[:] = [f"{model.name}{name(params)}"]
            self._step(f"before {asked[0]}")

        def after(**_: object) -> None:
            self._step(f"after {asked[0]}")

        events.register_first(f"before-call.{service}", before)
        events.register_last(f"after-call.{service}", after)

    def _step(self, step: str) -> None:
        if self.steps_left is None:
            return
        if self.steps_left == 0:
            self.steps_left = None
            self.came[step] += 1
            raise Killed(step)
        self.steps_left -= 1


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def written(params: dict[str, Any]) -> str:
    """What kind of item a call to DynamoDB is about."""
    body = json.loads(params["body"])
    key = (body.get("Item") or body.get("Key") or {"sk": {"S": ""}})["sk"]["S"]
    return " " + ("event" if key.count("#") > 1 else key.partition("#")[0])


def messages(random: Random) -> Iterator[Envelope]:
    """Most to few, and some to many."""
    for number in range(MESSAGES):
        recipients = round(MOST_RECIPIENTS ** random.random() ** 5) if number else MOST_RECIPIENTS
        yield Envelope(
            email_ids.new(AT, random.randbytes(email_ids.RANDOM_BYTES)),
            USER.kind,
            USER.id,
            SENDER,
            tuple(f"reader{each}@example.net" for each in range(recipients)),
            AT,
            len(HTML),
        )


@dataclass
class World:
    """The outbox's queue, SES's events, and the functions between them, by a clock that never waits."""

    context: LambdaContext
    clock: Traveller
    random: Random
    ses: Ses
    death: Death
    table: Table
    hidden: list[int] = field(default_factory=list)
    to_come: list[tuple[datetime, int, str, Envelope | None, int]] = field(default_factory=list)
    order: Iterator[int] = field(default_factory=count)

    def later(self, at: datetime, body: str, envelope: Envelope | None = None, receives: int = 1) -> None:
        """Let a message be received: one with an envelope by inject, another one by feedback."""
        heapq.heappush(self.to_come, (at, next(self.order), body, envelope, receives))

    def hand_in(self, envelope: Envelope) -> None:
        """Queue an envelope; now and then SQS brings it twice."""
        at = AT + timedelta(seconds=self.random.uniform(0, 600))
        for _ in range(2 if self.random.random() < 0.02 else 1):
            self.later(at, envelopes.encode(envelope), envelope)

    def hide(self, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 -- botocore's hooks say that they answer nothing.
        """SQS's part when an envelope is put off."""
        self.hidden.append(json.loads(params["body"])["VisibilityTimeout"])
        return AWSResponse(URL, 200, HTTPHeaders(), None), {}

    def run(self) -> None:
        """Until all is done."""
        while self.to_come:
            at, _, body, envelope, receives = heapq.heappop(self.to_come)
            self.clock.move_to(max(at, datetime.now(UTC)))
            if envelope is None:
                assert left(feedback.handle(batch(body), self.context)) == []
                continue
            wait = self.take(body, envelope, receives)
            if wait is not None:
                self.later(datetime.now(UTC) + wait, body, envelope, receives + 1)
            while self.ses.told:
                self.later(*self.ses.told.pop())

    def take(self, body: str, envelope: Envelope, receives: int) -> timedelta | None:
        """Have inject take an envelope; when it comes again."""
        event = batch(body)
        event["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(receives)
        if receives <= DEATHS_OF_ONE:
            self.death.send(8 + 6 * len(envelope.recipients))
        try:
            is_done = not left(handle(event, self.context))
        except Killed as killed:
            if str(killed) in UNHEARD and self.ses.last:
                self.ses.unheard.add(self.ses.last)
            return VISIBILITY
        finally:
            self.death.steps_left = None
        return None if is_done else timedelta(seconds=self.hidden.pop())


@pytest.fixture
def world(cloud: Cloud, context: LambdaContext, clock: Traveller, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(ses_module, "PAUSES", ())
    for level in ("info", "warning", "exception"):
        for module in (handler, sending, feedback):
            monkeypatch.setattr(module.LOGGER, level, lambda *_, **__: None)
    cloud.settings.add(USER)
    random = Random(SEED)  # noqa: S311 -- The same each time.
    made = World(context, clock, random, Ses(random), Death(random), Table())
    made.table.serve(adapters.activity()._dynamodb)
    made.death.watch(adapters.messages()._s3.meta.events, "s3", lambda _: "")
    made.death.watch(adapters.activity()._dynamodb.meta.events, "dynamodb", written)
    # The more special event would answer first.
    adapters.ses().meta.events.register("before-call", made.ses.send)
    made.death.watch(adapters.ses().meta.events, "sesv2", lambda _: "")
    adapters.envelopes()._sqs.meta.events.register("before-call.sqs.ChangeMessageVisibility", made.hide)
    return made


def test_every_recipient_gets_every_mail_and_twice_only_if_nobody_could_know(
    cloud: Cloud, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in = list(messages(world.random))
    for envelope in handed_in:
        cloud.messages.put(envelope.email_id, HTML)
        world.hand_in(envelope)

    world.run()

    took, told_at, death = world.ses.took, world.ses.told_at, world.death
    happened = world.table.events()
    expected = {(envelope.email_id, number) for envelope in handed_in for number, _ in envelope.deliveries}
    twice = {delivered: times for delivered, times in took.items() if len(times) > 1}
    with capsys.disabled():
        print(  # noqa: T201 -- What came out is of interest, whether it is right or not.
            f"\n{MESSAGES} messages to {len(expected)} recipients, killed {death.came.total()} times at "
            f"{len(death.came)} different steps, {len(world.ses.unheard)} answers lost: {len(twice)} got a "
            "mail more than once"
        )
    assert took.keys() == expected
    # They are few, and neither SES's answer nor its event was known when the claim ended.
    assert 0 < len(twice) < len(expected) / 100
    assert twice.keys() <= world.ses.unheard
    for delivered, times in twice.items():
        for earlier, event_at, later in zip(times, told_at[delivered], times[1:], strict=False):
            assert min(later, event_at) >= earlier + CLAIM
    assert death.came.keys() >= STEPS
    assert happened == {delivered: [EventType.PROCESSED] for delivered in expected}
