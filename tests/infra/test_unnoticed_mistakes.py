"""Mistakes that neither CDK nor cfn-lint nor cdk-nag notices."""

import pytest

from tests.infra.templates import Template, distribution, spelled

MANAGED_POLICIES = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6",  # Cache: CachingOptimized
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",  # Cache: CachingDisabled
    "b689b0a8-53d0-40ab-baf2-68738e2966ac",  # Origin request: AllViewerExceptHostHeader
}
"""Source: CloudFront developer guide, "Use managed cache policies", "Use managed origin request policies"."""


def test_a_stream_has_a_starting_position(template: Template) -> None:
    mappings = template.of_type("AWS::Lambda::EventSourceMapping").values()
    streams = [m for m in mappings if spelled(m["EventSourceArn"]).endswith(".StreamArn")]

    assert [stream["StartingPosition"] for stream in streams] == ["TRIM_HORIZON"]


def test_every_policy_that_a_distribution_uses_exists(template: Template) -> None:
    for config in (distribution(template, "Tracking"), distribution(template, "Dashboard")):
        for behavior in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
            for policy in (value for key, value in behavior.items() if key.endswith("PolicyId")):
                existing = MANAGED_POLICIES if isinstance(policy, str) else template.resources

                assert (policy if isinstance(policy, str) else policy["Ref"]) in existing


@pytest.mark.parametrize("part", ["Tracking", "Dashboard"])
def test_a_distribution_has_aliases_exactly_if_it_has_a_certificate(
    template: Template, template_with_domains: Template, part: str
) -> None:
    without = distribution(template, part)
    with_domain = distribution(template_with_domains, part)

    assert "Aliases" not in without
    assert "ViewerCertificate" not in without
    assert with_domain["Aliases"] == ["t.example.com" if part == "Tracking" else "mail.example.com"]
    assert with_domain["ViewerCertificate"]["AcmCertificateArn"].startswith("arn:aws:acm:us-east-1:")
    assert with_domain["ViewerCertificate"]["MinimumProtocolVersion"].startswith("TLSv1.2")


def test_lambda_can_assume_every_functions_role(template: Template) -> None:
    roles = template.of_type("AWS::IAM::Role")
    for function in template.of_type("AWS::Lambda::Function").values():
        (statement,) = roles[spelled(function["Role"])]["AssumeRolePolicyDocument"]["Statement"]

        assert statement == {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }


def test_whoever_consumes_a_queue_or_stream_may_read_it(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function")
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values():
        source = spelled(mapping["EventSourceArn"])
        reading = "dynamodb:GetRecords" if source.endswith(".StreamArn") else "sqs:ReceiveMessage"
        role = spelled(functions[spelled(mapping["FunctionName"])]["Role"])

        assert f"{reading} on {source}" in template.rights_of(role)


def test_the_jwt_authorizer_has_the_user_pool_as_issuer_and_the_dashboard_as_audience(
    template: Template,
) -> None:
    (authorizer,) = template.of_type("AWS::ApiGatewayV2::Authorizer").values()

    issuer = spelled(authorizer["JwtConfiguration"]["Issuer"])
    assert issuer == "https://cognito-idp.AWS::Region.amazonaws.com/SignInUsers"
    assert [spelled(client) for client in authorizer["JwtConfiguration"]["Audience"]] == [
        "SignInUsersDashboard"
    ]
