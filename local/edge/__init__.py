"""CloudFront on one machine: a deployed distribution, played from its own configuration.

What it does not play: caching and compression, viewer certificates, CloudFront Functions, origin groups,
CORS and Server-Timing of response headers policies. A viewer's protocol is not enforced: here it is HTTP.
"""

from local.edge.application import application, runner
from local.edge.distributions import Distribution, deployed

__all__ = ["Distribution", "application", "deployed", "runner"]
