"""The two DynamoDB tables; `tracking/storage` says what is in them."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

RECOVERABLE = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


class Tables(Construct):
    """Settings, and Activity with its stream. They outlive the stack."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.settings = dynamodb.TableV2(
            self,
            "Settings",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=RECOVERABLE,
            deletion_protection=True,
            time_to_live_attribute="expires_at",
        )
        self.activity = dynamodb.TableV2(
            self,
            "Activity",
            partition_key=_text("pk"),
            sort_key=_text("sk"),
            billing=dynamodb.Billing.on_demand(),
            point_in_time_recovery_specification=RECOVERABLE,
            deletion_protection=True,
            time_to_live_attribute="expires_at",
            dynamo_stream=dynamodb.StreamViewType.NEW_IMAGE,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="feed",
                    partition_key=_text("feed"),
                    sort_key=_text("feed_at"),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["type"],
                ),
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="recipient",
                    partition_key=_text("recipient_key"),
                    sort_key=_text("started_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
            ],
        )
        self.feed_index_arn = f"{self.activity.table_arn}/index/feed"
        self.recipient_index_arn = f"{self.activity.table_arn}/index/recipient"
