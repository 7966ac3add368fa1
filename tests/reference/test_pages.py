"""The page says everything that the document does, once, and to a person."""

import json
import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import files, openapi, pages, samples

DOCUMENT = openapi.document()
PAGE = pages.page(DOCUMENT)


def document(request: dict[str, Any], data: dict[str, Any], **components: dict[str, Any]) -> dict[str, Any]:
    """One call with these schemas and no examples."""
    content = {"schema": {"properties": {"data": data}}}
    return {
        "info": {"title": "The API", "description": "How to call."},
        "tags": [{"name": "Things", "description": ""}],
        "paths": {
            "/v3/things/add": {
                "post": {
                    "tags": ["Things"],
                    "summary": "Add a thing",
                    "description": "",
                    "requestBody": {"content": {"application/json": {"schema": request}}},
                    "responses": {"200": {"content": {"application/json": content}}},
                }
            }
        },
        "components": {"schemas": components},
    }


def row(schema: dict[str, Any], *, is_answer: bool = False) -> str:
    """The type and the meaning of a field in the page."""
    thing = {"$ref": "#/components/schemas/Thing"}
    rest: dict[str, Any] = {"type": "null"}
    page = pages.page(
        document(
            rest if is_answer else thing,
            thing if is_answer else rest,
            Thing={"properties": {"name": schema}},
            Colour={"enum": ["", "red", "blue"], "type": "string"},
        )
    )
    (found,) = re.findall(r"^\| `name` \| (.*) \|$", page, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "maxLength": 1000}, "text, up to 1,000 characters"),
        ({"type": "string", "minLength": 8, "maxLength": 20}, "text, 8 to 20 characters"),
        ({"type": "boolean"}, "true or false"),
        ({"type": "integer"}, "integer"),
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "integer, 1 to 1,000"),
        ({"type": "number", "minimum": 0}, "number, 0 or more"),
        ({"type": "number", "maximum": 0.5}, "number, up to 0.5"),
        ({"type": "array", "items": {"type": "string"}}, "list of texts"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, "list of up to 3 true or false"),
        ({"type": "array", "maxItems": 0}, "empty list"),
        ({"type": "object"}, "object"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integers"),
        ({}, "anything"),
    ],
)
def test_a_type_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert row(schema) == f"{words} | "


def test_null_is_said_where_it_is_answered_and_not_where_it_is_asked() -> None:
    schema = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}]}

    assert row(schema) == "number, 0 to 1 | "
    assert row(schema, is_answer=True) == "number or null, 0 to 1 | "


def test_a_vocabulary_is_listed_unless_the_description_does_it() -> None:
    colour = {"$ref": "#/components/schemas/Colour"}

    assert row({**colour, "description": "Its colour"}) == "text | Its colour. One of `red`, `blue`"
    assert row({**colour, "description": "`red` or `blue`"}) == "text | `red` or `blue`"
    assert row({"type": "array", "items": colour}) == "list of texts | Any of `red`, `blue`"


def test_what_is_required_comes_first() -> None:
    fields = {"a": {"type": "string"}, "b": {"type": "string"}}
    thing = {"properties": fields, "required": ["b"]}

    page = pages.page(document({"$ref": "#/components/schemas/Thing"}, {"type": "null"}, Thing=thing))

    assert "| `b` | text, required |  |\n| `a` | text |  |" in page


@pytest.mark.parametrize(
    ("schema", "is_left_out"),
    [
        ({"type": "integer", "const": 0}, True),
        ({"type": "null"}, True),
        ({"type": "array", "maxItems": 0}, True),
        ({"type": "array", "maxItems": 1}, False),
        ({"type": "integer", "description": "Always one more than before"}, False),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, False),
    ],
    ids=str,
)
def test_what_can_only_be_one_value_is_named_and_left_out_of_the_table(
    schema: dict[str, Any], *, is_left_out: bool
) -> None:
    thing = {"properties": {"name": schema, "other": {"type": "string"}}}

    page = pages.page(document({"type": "null"}, {"$ref": "#/components/schemas/Thing"}, Thing=thing))

    assert ("| `name` |" not in page) is is_left_out
    assert ("left out above: `name`." in page) is is_left_out


def test_a_call_without_examples_is_documented_all_the_same() -> None:
    page = pages.page(document({}, {"type": "null"}))

    assert "### `POST /v3/things/add`\n\nAdd a thing.\n" in page
    assert "-d '{}'" in page
    assert "```json" not in page


def test_every_call_and_field_is_on_the_page() -> None:
    calls = [f"{method.upper()} {path}" for path, found in DOCUMENT["paths"].items() for method in found]
    fields = {
        field
        for schema in DOCUMENT["components"]["schemas"].values()
        for field in schema.get("properties", {})
    }

    assert [call for call in calls if f"### `{call}`" not in PAGE] == []
    assert [field for field in sorted(fields) if f"`{field}`" not in PAGE] == []


def test_no_table_is_on_the_page_twice() -> None:
    tables = re.findall(r"(?:^\|.*\|\n)+", PAGE, re.MULTILINE)

    assert len(tables) > 20
    assert [table for table in set(tables) if tables.count(table) > 1 and table.count("\n") > 3] == []


def test_the_page_is_tidy() -> None:
    assert "\n\n\n" not in PAGE
    assert [line for line in PAGE.splitlines() if line != line.rstrip()] == []
    assert "``" not in re.sub("```", "", PAGE)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=40,
    )
)
def test_json_is_shown_as_it_is(value: object) -> None:
    assert json.loads(samples.compact(value)) == value


def test_lines_are_filled_and_not_too_long() -> None:
    shown = samples.compact({"numbers": list(range(100)), "texts": ["x" * 50] * 4})

    assert max(map(len, shown.splitlines())) <= samples.WIDTH + 3
    assert len(shown.splitlines()) < 12


def test_a_command_quotes_what_a_shell_would_take_for_its_own() -> None:
    assert samples.curl("POST", "/v3/x", {"a": "it's"}).endswith("-d '{\"a\": \"it'\\''s\"}'")


def test_a_command_names_its_method_unless_it_is_curls_own() -> None:
    assert samples.curl("PATCH", "/v3/x", {}).startswith('curl -X PATCH "$APP_URL/v3/x" ')
    assert samples.curl("POST", "/v3/x", {}).startswith('curl "$APP_URL/v3/x" ')


def test_the_program_writes_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "current", lambda: {tmp_path / "api.md": "text"})

    runpy.run_module("reference", run_name="__main__")

    assert (tmp_path / "api.md").read_text() == "text"
