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
from functions.api.events import ActivityType
from functions.inject.copies import DISABLED, TOO_LARGE
from functions.webhooks import payloads
from infra.configuration import Configuration
from reference import openapi
from tracking import injection
from tracking.mail.deliveries import EventType
from tracking.mail.endpoints import WebhookEvent
from tracking.opens import rules
from tracking.opens.rules import OpenClass

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for folder in (".", "docs", "docs/adr", "tests/data/*") for path in ROOT.glob(f"{folder}/*.md")
)
DOCUMENT = openapi.document()
CALLS = [f"{method.upper()} {path}" for path, item in DOCUMENT["paths"].items() for method in item]
FIELDS = {
    field for schema in DOCUMENT["components"]["schemas"].values() for field in schema.get("properties", {})
}
VOCABULARIES: list[tuple[str, type[StrEnum]]] = [
    ("data-model.md", EventType),
    ("api.md", ActivityType),
    ("webhooks.md", WebhookEvent),
    ("opens.md", OpenClass),
    ("opens.md", rules.Reason),
    ("injection.md", injection.Placement),
    ("injection.md", injection.Reason),
]


class ContextKeys:
    """Stands for a construct whose context is empty, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def try_get_context(self, name: str) -> None:
        self.asked.add(name)


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_api_is_documented(call: str) -> None:
    assert f"`{call}`" in page("api.md")


def test_the_fields_of_calls_are_documented() -> None:
    assert [field for field in sorted(FIELDS) if f"`{field}`" not in page("api.md")] == []


def test_the_fields_of_webhooks_are_documented() -> None:
    assert [field for field in sorted(payloads.FIELDS) if f"`{field}`" not in page("webhooks.md")] == []


@pytest.mark.parametrize(("name", "vocabulary"), VOCABULARIES)
def test_the_words_of_a_vocabulary_are_documented(name: str, vocabulary: type[StrEnum]) -> None:
    assert [word for word in vocabulary if f"`{word}`" not in page(name)] == []


@pytest.mark.parametrize("reason", [DISABLED, TOO_LARGE])
def test_a_reason_of_inject_for_leaving_out_the_pixel_is_documented(reason: str) -> None:
    assert f"`{reason}`" in page("injection.md")


def test_the_environment_variables_are_documented() -> None:
    names = {
        name
        for folder in ("functions", "gateway")
        for path in (ROOT / folder).rglob("*.py")
        for name in environment_variables(path)
    }

    assert {"ACTIVITY_TABLE", "GATEWAY_PORT", "WEBHOOK_EXEMPT_HOSTS"} <= names
    pages = page("configuration.md") + page("smtp.md")
    assert [name for name in sorted(names) if f"`{name}`" not in pages] == []


def test_the_context_values_are_documented() -> None:
    keys = ContextKeys()

    Configuration.of(cast("Node", keys))

    assert "tracking_domain" in keys.asked
    assert [key for key in sorted(keys.asked) if f"`{key}`" not in page("configuration.md")] == []


@pytest.mark.parametrize("module", [found.name for found in pkgutil.iter_modules(tracking.storage.__path__)])
def test_the_keys_of_storage_are_documented(module: str) -> None:
    description = importlib.import_module(f"tracking.storage.{module}").__doc__ or ""
    keys = re.findall(
        r"^\|(.*)\|.*\|$", description, re.MULTILINE
    )  # All columns but the last, which explains.

    named = {name for row in keys for name in re.findall(r"`[^`]+`", row)}

    assert [name for name in sorted(named) if name not in page("data-model.md")] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_page_lead_to_files(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]

    assert [link for link in links if not leads_somewhere(path, link)] == []


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def environment_variables(path: Path) -> Iterator[str]:
    """What a module reads from `os.environ`, or from an `environment` that it was given."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Subscript):
            holders, keys = [node.value], [node.slice]
        elif isinstance(node, ast.Call):
            holders, keys = [node.func, *node.args], node.args
        else:
            continue
        if any(re.fullmatch(r"(os\.environ|environment)(\.get)?", ast.unparse(holder)) for holder in holders):
            constants = (key.value for key in keys if isinstance(key, ast.Constant))
            yield from (name for name in constants if isinstance(name, str) and name.isupper())


def leads_somewhere(path: Path, link: str) -> bool:
    file, _, heading = link.partition("#")
    target = path.parent / file if file else path
    return target.exists() and (not heading or heading in headings(target))


def headings(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
