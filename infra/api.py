"""The HTTP API in front of the api function."""

import json

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.function import Function
from infra.sign_in import SignIn

METHODS = [apigateway.HttpMethod.POST, apigateway.HttpMethod.PATCH]

CALLS_PER_SECOND = 200
CALL_BURST = 400
"""What each route takes from all callers together: more than SES lets most accounts send.

It bounds what calls cost, and holds quick ones, of some 0.1 s, to a few dozen executions at once. It does not
keep the account's concurrency for the pixel: at this rate calls of 5 s are 1,000 executions at once, which is
all that an account has unless it asks for more. Lambda then refuses the pixel's executions too; what they did
not see is recovered from CloudFront's access log.
"""

LOGGED_FIELDS = {
    "time": "$context.requestTime",
    "request_id": "$context.requestId",
    # What the function logs, and answers, as its `request_id`.
    "function_request_id": "$context.integration.requestId",
    "route": "$context.routeKey",
    "status": "$context.status",
    "response_length": "$context.responseLength",
    "latency": "$context.responseLatency",
    "source_ip": "$context.identity.sourceIp",
    "authorizer_error": "$context.authorizer.error",
    "integration_error": "$context.integrationErrorMessage",
}


class HttpApi(Construct):
    """The same calls twice: with an API key, which the function checks, and for people who are signed in."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: Function,
        sign_in: SignIn,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, construct_id)
        self.api = apigateway.HttpApi(self, "Routes", create_default_stage=False)
        integration = integrations.HttpLambdaIntegration("Function", function)
        self.api.add_routes(path="/v3/{proxy+}", methods=METHODS, integration=integration)
        self.api.add_routes(
            path="/console/v3/{proxy+}",
            methods=METHODS,
            integration=integration,
            authorizer=authorizers.HttpUserPoolAuthorizer(
                "SignedIn", sign_in.user_pool, user_pool_clients=[sign_in.client]
            ),
        )
        log = logs.LogGroup(self, "AccessLog", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.log_group_arn, format=json.dumps(LOGGED_FIELDS)
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=CALLS_PER_SECOND, throttling_burst_limit=CALL_BURST
            ),
        )
        self.domain_name = f"{self.api.api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
