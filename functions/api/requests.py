"""Calls as the API's function gets them, and the facts in them."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from tracking.opens.viewers import viewer_address


def source_ip(event: APIGatewayProxyEventV2) -> str:
    """Where a call came from: what CloudFront saw, or else what API Gateway did.

    A caller who goes around CloudFront can write the header, and so only mislead about its own mail.
    """
    seen = viewer_address(event.headers.get("cloudfront-viewer-address", ""))
    return seen or event.request_context.http.source_ip
