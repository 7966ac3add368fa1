"""What the API tells Mail Manager leads back to whom it was told for."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.mail_manager.accepting import KEPT_BACK
from tests.functions.api.conftest import Api, Keys
from tests.functions.api.mail_manager import ENVIRONMENT, MailManager
from tests.functions.conftest import Cloud
from tests.functions.mail_manager.conftest import MESSAGE_ID, Door, sent
from tracking.mail.credentials import CredentialKind


@pytest.fixture
def mail_manager(monkeypatch: pytest.MonkeyPatch) -> MailManager:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    made = MailManager()
    made.stand_behind_the_api()
    return made


def follow(rule: dict[str, Any], door: Door) -> None:
    """Do with a mail what a rule says."""
    written, invoked = rule["Actions"]
    door.wrote(written["WriteToS3"]["S3Prefix"] + MESSAGE_ID)
    door.invoked(door.event("alias_not_told"), invoked["InvokeLambda"]["FunctionArn"])


def test_mail_by_a_users_endpoint_is_the_users(
    cloud: Cloud, context: LambdaContext, mail_manager: MailManager
) -> None:
    api = Api(context, Keys(cloud).new("*"))
    api("/users/smtp/add", {"username": "newsletter"})
    api("/users/smtp/add", {"username": "somebody"})

    (point, *_) = mail_manager.points.values()
    follow(mail_manager.rule_sets[point["RuleSetId"]]["Rules"][0], Door(cloud, context))

    assert [envelope.credential_id for envelope in sent(cloud)] == ["newsletter"]


def test_mail_from_an_address_is_the_addresss(
    cloud: Cloud, context: LambdaContext, mail_manager: MailManager
) -> None:
    api = Api(context, Keys(cloud).new("*"))
    api("/ip_auth/add", {"ip_address": "198.51.100.0/24"})
    api("/ip_auth/add", {"ip_address": "198.51.100.7"})

    for rule in mail_manager.ip_rules[:-1]:
        follow(rule, Door(cloud, context))

    envelopes = sent(cloud)
    assert {envelope.kind for envelope in envelopes} == {CredentialKind.IP_ADDRESS}
    assert sorted(envelope.credential_id for envelope in envelopes) == ["198.51.100.0/24", "198.51.100.7"]


def test_mail_that_no_rule_for_an_address_knows_is_kept_back_and_said(
    cloud: Cloud, context: LambdaContext, mail_manager: MailManager, caplog: pytest.LogCaptureFixture
) -> None:
    Api(context, Keys(cloud).new("*"))("/ip_auth/add", {"ip_address": "198.51.100.7"})

    follow(mail_manager.ip_rules[-1], Door(cloud, context))

    assert sent(cloud) == []
    assert KEPT_BACK in caplog.messages
