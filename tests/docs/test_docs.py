"""The documentation names what there is, and its links lead somewhere."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import cast

import pytest
from constructs import Node

import tracking.storage
from functions.api.activity import ActivityType
from functions.api.handler import app
from functions.api.webhooks import WebhookEvent
from functions.inject.handler import DISABLED, TOO_LARGE
from infra.configuration import Configuration
from tracking import injection
from tracking.mail.deliveries import EventType
from tracking.opens import classification
from tracking.opens.classification import OpenClass

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests" / "data").rglob("*.md")])

SCHEMA = app.get_openapi_schema(title="The API", version="3")
CALLS = [
    f"{method} /v3{path}"
    for path, item in (SCHEMA.paths or {}).items()
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE")
    if getattr(item, method.lower())
]
VOCABULARIES: list[tuple[str, type[StrEnum]]] = [
    ("data-model.md", EventType),
    ("api.md", ActivityType),
    ("webhooks.md", WebhookEvent),
    ("opens.md", OpenClass),
    ("opens.md", classification.Reason),
    ("opens.md", injection.Reason),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_api_is_documented(call: str) -> None:
    assert f"`{call}`" in _page("api.md")


@pytest.mark.parametrize("field", sorted({name for model in _models() for name in model}))
def test_a_field_of_a_call_is_documented(field: str) -> None:
    assert re.search(rf"[`\"]{field}[`\"]", _page("api.md"))


@pytest.mark.parametrize(("page", "vocabulary"), VOCABULARIES, ids=lambda given: getattr(given, "__name__", given))
def test_each_word_of_a_vocabulary_is_documented(page: str, vocabulary: type[StrEnum]) -> None:
    assert [word for word in vocabulary if f"`{word}`" not in _page(page)] == []


@pytest.mark.parametrize("reason", [DISABLED, TOO_LARGE])
def test_a_reason_of_inject_for_leaving_out_the_pixel_is_documented(reason: str) -> None:
    assert f"`{reason}`" in _page("opens.md")
