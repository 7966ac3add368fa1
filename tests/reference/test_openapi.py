"""The document says what the API does, and the files in docs are what it makes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions.api import throttling
from infra import api as infra_api
from reference import files, openapi
from reference.calls import Call, calls
from reference.examples import FOLDER, REQUEST_ID, Example, example
from reference.sections import SECTIONS
from tracking.mail.sending_limits import MAX_LIMIT

DOCUMENT = openapi.document()
CALLS = calls()
FAILURES = {"400", "401", "404", "429", "500", "503"}

# Whoever may be meant by a made-up address must not be a stranger: RFC 2606, RFC 5737, RFC 3849.
MADE_UP_DOMAINS = r"@example\.(com|org|net)\b"
MADE_UP_ADDRESSES = r"\b(192\.0\.2|198\.51\.100|203\.0\.113)\."


def name_of(call: Call) -> str:
    return openapi.operation_name(call, CALLS)


def operation(call: Call) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][call.path][call.method]
    return found


def example_of(call: Call) -> Example:
    found = example(name_of(call))
    assert found, f"write reference/examples/{name_of(call)}.json"
    return found


def closed(schema: Any) -> Any:  # noqa: ANN401 -- any part of a JSON schema
    """A schema whose objects have no fields but those that it names."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **inner} if "properties" in schema else inner


def check(value: object, schema: dict[str, Any]) -> None:
    whole = {**closed(schema), "components": {"schemas": closed(DOCUMENT["components"]["schemas"])}}
    assert [error.message for error in OAS31Validator(whole).iter_errors(value)] == []


def test_the_document_is_openapi_3_1() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


@pytest.mark.parametrize("path", files.current(), ids=lambda path: path.name)
def test_the_files_in_docs_are_current(path: Path) -> None:
    assert path.read_text() == files.current()[path], "run make reference"


def test_the_document_is_the_same_each_time() -> None:
    assert json.dumps(openapi.document()) == json.dumps(DOCUMENT)


def test_every_call_is_in_the_document_once() -> None:
    documented = [(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations]

    assert sorted(documented) == sorted((call.path, call.method) for call in CALLS)


def test_the_names_of_operations_are_unique() -> None:
    names = [name_of(call) for call in CALLS]

    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z_]+", name)] == []


@pytest.mark.parametrize("call", CALLS, ids=name_of)
def test_a_call_says_what_it_does_and_how_it_fails(call: Call) -> None:
    described = operation(call)

    assert described["summary"]
    assert set(described["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    assert {"200", "400", "401", "500", "503"} <= described["responses"].keys() <= FAILURES | {"200"}
    assert ("429" in described["responses"]) is (call.endpoint != openapi.NEVER_TOO_MANY)


@pytest.mark.parametrize("call", CALLS, ids=name_of)
def test_a_request_in_an_example_is_accepted(call: Call) -> None:
    shown = example_of(call).request

    if call.request is None:
        assert shown == {}
    else:
        call.request.validate_json(json.dumps(shown))
        check(shown, operation(call)["requestBody"]["content"]["application/json"]["schema"])


@pytest.mark.parametrize("call", CALLS, ids=name_of)
def test_an_answer_in_an_example_is_one_that_its_call_gives(call: Call) -> None:
    shown = example_of(call).answer

    check(shown, operation(call)["responses"]["200"]["content"]["application/json"]["schema"])


def test_no_example_is_of_a_call_that_does_not_exist() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} <= {name_of(call) for call in CALLS}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_an_example_is_about_nobody(path: Path) -> None:
    text = path.read_text()

    assert [found for found in re.findall(r"@[\w.-]+", text) if not re.match(MADE_UP_DOMAINS, found)] == []
    addresses = re.findall(r'"(\d+\.\d+\.\d+\.\d+)', text)
    assert [found for found in addresses if not re.match(MADE_UP_ADDRESSES, found)] == []


def test_a_call_without_an_example_is_documented_without_one() -> None:
    assert example("nobody_wrote_it") is None


def test_an_extension_is_marked_in_words() -> None:
    marked = [call for call in CALLS if call.extensions.get("x-extension")]

    assert marked
    assert [call for call in marked if openapi.EXTENSION_OF_CALL not in operation(call)["description"]] == []
    unmarked = [
        name
        for schema in DOCUMENT["components"]["schemas"].values()
        for name, field in schema.get("properties", {}).items()
        if field.get("x-extension") and not field["description"].endswith(openapi.EXTENSION_OF_FIELD)
    ]
    assert unmarked == []


def test_every_field_is_described() -> None:
    undescribed = [
        f"{name}.{field}"
        for name, schema in DOCUMENT["components"]["schemas"].items()
        for field, part in schema.get("properties", {}).items()
        if not part.get("description") and field != "data"
    ]

    assert undescribed == []


def test_every_component_is_used() -> None:
    text = json.dumps(DOCUMENT)
    names = DOCUMENT["components"]["schemas"]

    assert [name for name in names if f'"#/components/schemas/{name}"' not in text] == []


def test_sections_without_calls_are_left_out() -> None:
    used = {tag for call in CALLS for tag in operation(call)["tags"]}

    assert [tag["name"] for tag in DOCUMENT["tags"]] == [one.name for one in SECTIONS if one.name in used]


def test_the_introduction_names_the_limits() -> None:
    introduction = DOCUMENT["info"]["description"]

    for endpoint, limit in throttling.OWN_LIMITS.items():
        assert f"| `{endpoint.strip('/')}` | {limit.calls} calls a minute" in introduction
    assert f"| {throttling.OTHER_CALLS.calls} a minute" in introduction
    assert f"the key's own, up to {MAX_LIMIT:,} recipients" in introduction
    assert f"{infra_api.CALLS_PER_SECOND} calls a second and bursts of {infra_api.CALL_BURST}" in introduction


def test_the_answer_of_an_example_is_whole() -> None:
    assert example_of(CALLS[0]).answer.keys() == {"request_id", "data"}
    assert example_of(CALLS[0]).answer["request_id"] == REQUEST_ID
