"""The dashboard on this machine, where Cognito is not AWS's, and the gateway has ports of its own.

The page may talk to its own origin alone, and to AWS's Cognito. So the app's edge hands on to the cloud what
the page asks of Cognito, and the page's `config.json` says so.
"""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from yarl import URL

from local.edge import Distribution
from local.edge.distributions import Behavior, Origin
from local.edge.policies import Forwarding, Kind, RequestPolicy, Selection

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_COGNITO = "cognito"
_SETTINGS = "config.json"

_NOTHING = Selection(Kind.NONE)
_COGNITOS = RequestPolicy(
    Selection(Kind.LISTED, frozenset({"cache-control", "x-amz-target", "x-amz-user-agent"})),
    cookies=_NOTHING,
    queries=_NOTHING,
)
"""What Cognito is asked with. Nobody signs such a request, so no signature for anything else in the cloud
comes through."""


def with_user_pool(distribution: Distribution, cloud_url: str) -> Distribution:
    """The app's distribution, with one path more: that of Cognito in this machine's cloud."""
    cloud = URL(cloud_url)
    behavior = Behavior(
        _COGNITO,
        Origin(str(cloud.host), scheme=cloud.scheme, port=cloud.port or 80),
        Forwarding((_COGNITOS,)),
        frozenset({"POST"}),
    )
    return replace(distribution, behaviors=(behavior, *distribution.behaviors))


def tell(s3: "S3Client", distribution: Distribution, app_url: str, smtp: tuple[str, int, int]) -> None:
    """Add to the page's settings what is different here.

    Args:
        s3: May write to the page's bucket.
        distribution: The app's.
        app_url: Its address here, with a slash at the end.
        smtp: The gateway's host, port and TLS port.
    """
    bucket = distribution.behaviors[-1].origin.bucket or ""
    settings = json.loads(s3.get_object(Bucket=bucket, Key=_SETTINGS)["Body"].read())
    host, port, tls_port = smtp
    settings |= {
        "userPoolEndpoint": app_url + _COGNITO,
        "smtp": {"host": host, "port": port, "tlsPort": tls_port},
    }
    s3.put_object(
        Bucket=bucket,
        Key=_SETTINGS,
        Body=json.dumps(settings).encode(),
        ContentType="application/json",
        CacheControl="no-cache",
    )
