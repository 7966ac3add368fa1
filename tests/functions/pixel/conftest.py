import pytest

from tests.functions.conftest import Cloud
from tests.functions.pixel.cloudfront import AT, EMAIL_ID
from tests.tables import started
from tracking.mail.deliveries import Delivery, TrackingMode


@pytest.fixture
def delivery(cloud: Cloud) -> Delivery:
    return started(cloud.activity, Delivery(EMAIL_ID, 1, "bob@example.net", "alice", TrackingMode.FULL, AT))
