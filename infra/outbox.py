"""The outbox: a message's bytes in a bucket, its envelope in a queue, until it is sent."""

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.queues import RETENTION, Queue

MESSAGE_RETENTION = Duration.days(RETENTION.to_days() + 1)
"""How long a message's bytes are kept: a day longer than the envelope that points to them."""

MESSAGES = "messages/"
"""Below it stand the messages themselves."""

INCOMING = "incoming/"
"""Below it SES Mail Manager writes what it took, where it is the SMTP server. It is kept as long as messages
are: a day longer than word of it can wait."""

UPLOADS = "uploads/"
"""Below it messages wait that a client of the API has uploaded, and not sent yet."""

UPLOAD_RETENTION = Duration.days(1)
"""How long they wait."""

MAX_TRIES = 500
"""How often sending is tried. `inject` lets 15 to 30 minutes pass between two of the later attempts: it goes
on for five days at least, and ends before the queue's own retention does."""


class Outbox(Construct):
    """Where the front doors put what they accept, and `inject` finds it."""

    def __init__(self, scope: Construct, construct_id: str, *, consumer_timeout: Duration) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Messages",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=MESSAGE_RETENTION, abort_incomplete_multipart_upload_after=Duration.days(1)
                ),
                s3.LifecycleRule(prefix=UPLOADS, expiration=UPLOAD_RETENTION),
            ],
        )
        self.envelopes = Queue(self, "Envelopes", consumer_timeout=consumer_timeout, max_receives=MAX_TRIES)
