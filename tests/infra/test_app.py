"""The dashboard's and the API's domain."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.infra.templates import CACHING_DISABLED, Properties, Template, behaviors, distribution, spelled


@pytest.fixture
def app_distribution(template: Template) -> Properties:
    return distribution(template, "Dashboard")


def test_the_apis_errors_stay_errors(app_distribution: Properties) -> None:
    assert "CustomErrorResponses" not in app_distribution


@pytest.mark.parametrize("path", ["/v3/*", "/console/*"])
def test_calls_go_to_the_http_api_uncached_and_never_in_clear(
    app_distribution: Properties, path: str
) -> None:
    behavior = behaviors(app_distribution)[path]
    (origin,) = (o for o in app_distribution["Origins"] if o["Id"] == behavior["TargetOriginId"])

    assert spelled(origin["DomainName"]) == "HttpApiRoutes.execute-api.AWS::Region.AWS::URLSuffix"
    assert behavior["CachePolicyId"] == CACHING_DISABLED
    assert behavior["ViewerProtocolPolicy"] == "https-only"


def test_a_persons_call_arrives_with_its_token(app_distribution: Properties) -> None:
    behavior = behaviors(app_distribution)["/console/*"]

    # CloudFront's managed policy AllViewerExceptHostHeader.
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def test_a_programs_call_arrives_with_its_key_and_where_it_came_from(
    template: Template, app_distribution: Properties
) -> None:
    policy = template.of_type("AWS::CloudFront::OriginRequestPolicy")["DashboardCallHeaders"]
    config = policy["OriginRequestPolicyConfig"]

    behavior = behaviors(app_distribution)["/v3/*"]
    assert spelled(behavior["OriginRequestPolicyId"]) == "DashboardCallHeaders"
    assert set(config["HeadersConfig"]["Headers"]) == {
        "X-Smtp2go-Api-Key",
        "Content-Type",
        "Accept",
        "User-Agent",
        "CloudFront-Viewer-Address",
    }
    assert config["HeadersConfig"]["HeaderBehavior"] == "whitelist"
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert config["CookiesConfig"] == {"CookieBehavior": "none"}


def test_console_calls_need_a_signed_in_user_and_other_requests_do_not(
    template: Template,
) -> None:
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()

    assert {route["RouteKey"]: route["AuthorizationType"] for route in routes} == {
        "GET /h/{proxy+}": "NONE",
        "POST /v3/{proxy+}": "NONE",
        "PATCH /v3/{proxy+}": "NONE",
        "POST /console/v3/{proxy+}": "JWT",
        "PATCH /console/v3/{proxy+}": "JWT",
    }


def test_only_administrators_create_users(template: Template) -> None:
    (pool,) = template.of_type("AWS::Cognito::UserPool").values()

    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}


def test_what_has_its_content_in_its_name_is_kept_for_good_and_the_page_is_asked_for_each_time(
    template: Template,
) -> None:
    deployments = template.of_type("Custom::CDKBucketDeployment")
    page = deployments["DashboardPageDeploymentCustomResource"]
    immutable = deployments["DashboardPageImmutableDeploymentCustomResource"]

    assert page["Exclude"] == immutable["Include"] == ["assets/*"]
    assert page["SystemMetadata"]["cache-control"] == "no-cache"
    assert immutable["SystemMetadata"]["cache-control"] == "max-age=31536000, immutable"
    # A page that was loaded before still asks for the old ones.
    assert immutable["Prune"] is False


def test_the_pages_scripts_are_its_own_and_it_talks_to_nobody_but_the_api_and_cognito(
    template: Template,
) -> None:
    policy = template.of_type("AWS::CloudFront::ResponseHeadersPolicy")["DashboardSecurityHeaders"]
    headers = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    allowed = dict(
        part.split(" ", 1)
        for part in spelled(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]).split("; ")
    )

    assert allowed == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self'",
        "connect-src": "'self' https://cognito-idp.AWS::Region.AWS::URLSuffix",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


def test_the_page_is_told_who_signs_in_where_and_no_more(assembly: Path, template: Template) -> None:
    assert page_settings(assembly, template) == {
        "userPoolId": "SignInUsers",
        "userPoolClientId": "SignInUsersDashboard",
    }


def test_the_page_is_told_of_the_gateway_whose_host_is_chosen(
    assembly_with_domains: Path, template_with_domains: Template
) -> None:
    settings = page_settings(assembly_with_domains, template_with_domains)

    assert settings["smtp"] == {"host": "smtp.example.com", "port": 587, "tlsPort": 465}


def page_settings(assembly: Path, template: Template) -> dict[str, Any]:
    """`config.json` as the deployment fills it in."""
    deployment = template.of_type("Custom::CDKBucketDeployment")["DashboardPageDeploymentCustomResource"]
    (told,) = assembly.glob("asset.*/config.json")
    text = told.read_text()
    for markers in deployment["SourceMarkers"]:
        for marker, value in markers.items():
            text = text.replace(marker, spelled(value))
    settings: dict[str, Any] = json.loads(text)
    return settings
