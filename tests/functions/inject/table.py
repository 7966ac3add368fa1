"""A DynamoDB table in memory, for tests of many thousands of writes: moto takes milliseconds for each.

It knows what claims and events need: PutItem of a new item, GetItem, and UpdateItem whose expression sets and
removes attributes, under conditions with `attribute_exists`, `attribute_not_exists`, `=` and `AND`.
"""

import json
import re
from collections import defaultdict
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.model import OperationModel

type Key = tuple[str, str]
type Item = dict[str, Any]

_EXISTS = re.compile(r"attribute_(not_)?exists\((\w+)\)")
_EQUALS = re.compile(r"(\w+) = (:\w+)")
_REFUSED = {"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}


class Table:
    """The items by key, in DynamoDB's types."""

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def serve(self, client: BaseClient) -> None:
        """Answer a client's calls in place of the network. Source: botocore's event `before-call`."""
        client.meta.events.register("before-call", self._answer)

    def events(self) -> dict[tuple[str, int], list[str]]:
        """The types of what happened to each delivery."""
        found = defaultdict(list)
        for pk, sk in self.items:
            if sk.count("#") > 1:
                delivered = pk.removeprefix("EMAIL#"), int(sk.split("#")[1])
                found[delivered].append(self.items[pk, sk]["type"]["S"])
        return dict(found)

    def _answer(self, model: OperationModel, params: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 -- botocore's hooks say that they answer nothing.
        calls = {"PutItem": self._put, "GetItem": self._get, "UpdateItem": self._update}
        answered = calls[model.name](json.loads(params["body"]))
        status = 400 if answered is _REFUSED else 200
        http = AWSResponse("https://dynamodb.example", status, HTTPHeaders(), None)
        return http, {"ResponseMetadata": {"HTTPStatusCode": status}, **answered}

    def _put(self, body: dict[str, Any]) -> dict[str, Any]:
        return self._write(body, body["Item"], body["Item"])

    def _get(self, body: dict[str, Any]) -> dict[str, Any]:
        item = self.items.get(_key(body["Key"]))
        return {"Item": item} if item else {}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        changed = dict(self.items.get(_key(body["Key"]), body["Key"]))
        to_set, _, to_remove = body["UpdateExpression"].partition("REMOVE")
        for name, value in _EQUALS.findall(to_set):
            changed[name] = body["ExpressionAttributeValues"][value]
        for name in to_remove.split(","):
            changed.pop(name.strip(), None)
        return self._write(body, body["Key"], changed)

    def _write(self, body: dict[str, Any], key: Item, item: Item) -> dict[str, Any]:
        values = body.get("ExpressionAttributeValues", {})
        if not _holds(body["ConditionExpression"], self.items.get(_key(key), {}), values):
            return _REFUSED
        self.items[_key(key)] = item
        return {}


def _key(item: Item) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _holds(condition: str, item: Item, values: Item) -> bool:
    def is_true(term: str) -> bool:
        if exists := _EXISTS.fullmatch(term):
            return (exists[2] in item) is (exists[1] is None)
        equals = _EQUALS.fullmatch(term)
        assert equals, f"not known here: {term}"
        return bool(item.get(equals[1]) == values[equals[2]])

    return all(map(is_true, condition.split(" AND ")))
