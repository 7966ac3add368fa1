"""Requests to AWS, held against its models more strictly than boto3 does, which checks types alone."""

import re
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape


def held_against_the_model(client: Any) -> None:  # noqa: ANN401 -- any client of boto3
    """Have a client refuse a request whose patterns, lengths, enumerations or unions are not as AWS says."""
    client.meta.events.register("provide-client-params", _check)


def _check(params: Mapping[str, Any], model: OperationModel, **_: object) -> None:
    assert isinstance(model.input_shape, StructureShape)
    _hold(model.input_shape, params, model.name)


def _hold(shape: Shape, value: Any, where: str) -> None:  # noqa: ANN401 -- any part of a request
    facts = shape.metadata
    if isinstance(shape, StructureShape):
        assert not facts.get("union") or len(value) == 1, f"{where} is one of several"
        for name, part in value.items():
            _hold(shape.members[name], part, f"{where}.{name}")
        return
    size = value if isinstance(value, int) else len(value)
    assert facts.get("min", size) <= size <= facts.get("max", size), f"{where} has {size}"
    if isinstance(shape, ListShape):
        for part in value:
            _hold(shape.member, part, f"{where}[]")
    elif "pattern" in facts:
        # JavaScript and Java write some classes of characters as Python does not.
        assert re.fullmatch(facts["pattern"], value), f"{where} is {value!r}"
    assert not facts.get("enum") or value in facts["enum"], f"{where} is {value!r}"
