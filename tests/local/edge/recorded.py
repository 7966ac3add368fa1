"""The distributions of tests/data/cloudfront."""

import json
from pathlib import Path
from typing import Any

from local.edge.distributions import Distribution
from local.edge.policies import RequestPolicy, ResponsePolicy

DATA = Path(__file__).parents[2] / "data" / "cloudfront"

STATIC_PIXEL = b"GIF89a the static pixel"


def recording(name: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text())
    return recorded


def distribution(name: str) -> Distribution:
    recorded = recording(name)
    cached = {
        id_: policy["ParametersInCacheKeyAndForwardedToOrigin"]
        for id_, policy in recorded["CachePolicies"].items()
    }
    return Distribution.of(
        recorded["Distribution"],
        {id_: RequestPolicy.of(p) for id_, p in (cached | recorded["OriginRequestPolicies"]).items()},
        {id_: ResponsePolicy.of(p) for id_, p in recorded["ResponseHeadersPolicies"].items()},
    )


PIXEL = distribution("pixel")
APP = distribution("app")
