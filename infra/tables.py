"""The DynamoDB tables; `tracking/storage` says what is in them."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

RECOVERABLE = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _keys(partition: str, sort: str, name: str | None = None) -> dynamodb.GlobalSecondaryIndexPropsV2:
    """An index of keys alone, called as its partition's attribute is unless it has another name."""
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name or partition,
        partition_key=_text(partition),
        sort_key=_text(sort),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )


class Tables(Construct):
    """Settings, Activity with its stream, and Notifications. They outlive the stack."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.settings = self._table("Settings")
        self.notifications = self._table(
            "Notifications",
            global_secondary_indexes=[_keys("listed", "listed_at"), _keys("parked", "next_at")],
        )
        self.activity = self._table(
            "Activity",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="feed",
                    partition_key=_text("feed"),
                    sort_key=_text("feed_at"),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["type"],
                ),
                _keys("recipient_key", "started_at", name="recipient"),
            ],
        )
        self.listed_index_arn = f"{self.notifications.table_arn}/index/listed"
        self.parked_index_arn = f"{self.notifications.table_arn}/index/parked"
        self.feed_index_arn = f"{self.activity.table_arn}/index/feed"
        self.recipient_index_arn = f"{self.activity.table_arn}/index/recipient"

    def _table(
        self,
        construct_id: str,
        *,
        dynamo_stream: dynamodb.StreamViewType | None = None,
        global_secondary_indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
    ) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self,
            construct_id,
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=RECOVERABLE,
            deletion_protection=True,
            time_to_live_attribute="expires_at",
            dynamo_stream=dynamo_stream,
            global_secondary_indexes=[*global_secondary_indexes] or None,
        )
