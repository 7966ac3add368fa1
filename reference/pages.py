"""`docs/api.md`, rendered from the OpenAPI document: what a person reads."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from reference import samples
from reference.openapi import EXTENSION_OF_CALL

MANY: Final = 12
"""A vocabulary of more words than this is not listed in a table."""

FEW: Final = 3
"""So many fields that are ignored are named at each call."""

_MADE: Final = "<!-- `make reference` makes this page from functions/api and reference/: change it there. -->"
_JSON: Final = "application/json"

_KINDS: Final = {"boolean": "true or false"}
_PLURALS: Final = {"text": "texts", "integer": "integers", "number": "numbers", "object": "objects"}

type Schema = dict[str, Any]


def page(document: dict[str, Any]) -> str:
    """The page, as Markdown."""
    return _Page(document).text()


class _Page:
    """One rendering. It remembers in which call and field an object was described, to do so once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._described: dict[str, tuple[str, str]] = {}
        self._ignored_at: dict[tuple[str, ...], str] = {}

    def text(self) -> str:
        info = self._document["info"]
        parts = [f"# {info['title']}", _MADE, info["description"]]
        for tag in self._document["tags"]:
            parts += [f"## {tag['name']}", tag["description"]]
            for path, operations in self._document["paths"].items():
                for method, operation in operations.items():
                    if tag["name"] in operation["tags"]:
                        parts += self._call(method.upper(), path, operation)
        return "\n\n".join(part for part in parts if part) + "\n"

    def _call(self, method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
        call = f"{method} {path}"
        yield f"### `{call}`"
        yield f"{'**Extension.** ' if operation.get('x-extension') else ''}{operation['summary']}."
        yield operation["description"].removeprefix(EXTENSION_OF_CALL).strip()
        request = operation.get("requestBody", {}).get("content", {}).get(_JSON, {})
        yield from self._tables(request.get("schema", {}), call)
        yield self._ignored(call, tuple(operation.get("x-ignored", [])))
        yield f"```sh\n{samples.curl(method, path, request.get('example', {}))}\n```"
        answer = operation["responses"]["200"]["content"][_JSON]
        if "example" in answer:
            shown = self._abridged(answer["example"], answer["schema"])
            yield f"```json\n{samples.compact({**shown, 'request_id': '...'})}\n```"
        data = self._resolved(answer["schema"])["properties"]["data"]
        yield from self._tables(data, call, "data", is_answer=True)

    def _abridged(self, value: Any, schema: Schema) -> Any:  # noqa: ANN401 -- any part of an answer
        """An answer without the fields that are always the same."""
        schema = self._resolved(schema)
        if isinstance(value, list) and "items" in schema:
            return [self._abridged(item, schema["items"]) for item in value]
        if not isinstance(value, dict) or "properties" not in schema:
            return value
        fields = schema["properties"]
        return {
            name: self._abridged(item, fields[name])
            for name, item in value.items()
            if not _is_constant(fields[name])
        }

    def _ignored(self, call: str, names: tuple[str, ...]) -> str:
        if len(names) <= FEW:
            return f"Accepted and ignored: {_quoted(names)}." if names else ""
        if names in self._ignored_at:
            return f"Accepted and ignored: the same as in {_link(self._ignored_at[names])}."
        self._ignored_at[names] = call
        return f"Accepted and ignored: {_quoted(names)}."

    def _tables(
        self, schema: Schema, call: str, within: str = "", *, is_answer: bool = False
    ) -> Iterator[str]:
        """A table of an object's fields, and of those of the objects in it; a link where they stand already.

        Args:
            schema: Of the object, a list of such, or one of several.
            call: Where this is.
            within: The field that holds the object; empty for a request itself.
            is_answer: Whether it is answered, so that a field may be null and none is required.
        """
        objects = [name for name in _references(schema) if "properties" in self._component(name)]
        for name in objects:
            if name in self._described:
                yield _as_described(within, call, *self._described[name])
                continue
            self._described[name] = call, within
            described = self._component(name)
            if len(objects) > 1:
                yield f"`{within}`: {described.get('description', '')}"
            head = f"in {'each of ' if _is_list(schema) else ''}`{within}`" if within else "field"
            yield from self._fields(described, head, is_answer=is_answer)
            for field, part in described["properties"].items():
                yield from self._tables(part, call, field, is_answer=is_answer)

    def _fields(self, described: Schema, head: str, *, is_answer: bool) -> Iterator[str]:
        required = set() if is_answer else set(described.get("required", []))
        rows, constant = [], []
        for name, field in sorted(described["properties"].items(), key=lambda row: row[0] not in required):
            if is_answer and _is_constant(field):
                constant.append(name)
                continue
            words = self._words(field if is_answer else _without_null(field))
            rows.append(
                f"| `{name}` | {words}{', required' if name in required else ''} | {self._meaning(field)} |"
            )
        if rows:
            yield "\n".join([f"| {head} | type | meaning |", "|---|---|---|", *rows])
        if constant:
            yield f"Always the same, and left out above: {_quoted(constant)}."

    def _meaning(self, field: Schema) -> str:
        meaning: str = field.get("description", "")
        words = self._vocabulary(field)
        if len(words) > MANY or all(f"`{word}`" in meaning for word in words):
            return meaning
        of = "Any" if _is_list(field) else "One"
        return f"{meaning}{'. ' if meaning else ''}{of} of {_quoted(words)}"

    def _vocabulary(self, field: Schema) -> list[str]:
        words = [*field.get("enum", [])]
        for name in _references(field):
            words += self._component(name).get("enum", [])
        return [str(word) for word in words if word]

    def _words(self, schema: Schema) -> str:
        """What kind of value it is."""
        schema = self._resolved(schema)
        options = [self._words(option) for option in _options(schema)]
        if options:
            kinds = dict.fromkeys(option.partition(",")[0] for option in options)
            limits = dict.fromkeys(limit for option in options if (limit := option.partition(",")[2]))
            return ",".join([" or ".join(kinds), *limits])
        kind = str(schema.get("type", "anything"))
        describe = {"array": self._list, "string": _text, "integer": _number, "number": _number}
        if kind == "object":
            return self._object(schema)
        return describe[kind](schema) if kind in describe else _KINDS.get(kind, kind)

    def _list(self, schema: Schema) -> str:
        most = schema.get("maxItems")
        return (
            "empty list" if most == 0 else f"list of {_at_most(most)}{self._plural(schema.get('items', {}))}"
        )

    def _object(self, schema: Schema) -> str:
        values = schema.get("additionalProperties")
        if "properties" in schema or not isinstance(values, dict):
            return "object"
        return f"object of {_at_most(schema.get('maxProperties'))}{self._plural(values)}"

    def _plural(self, schema: Schema) -> str:
        kind = self._words(schema).partition(",")[0]
        return _PLURALS.get(kind, kind)

    def _resolved(self, schema: Schema) -> Schema:
        return self._component(_name(schema["$ref"])) if "$ref" in schema else schema

    def _component(self, name: str) -> Schema:
        found: Schema = self._document["components"]["schemas"][name]
        return found


def _references(schema: Schema) -> Iterator[str]:
    """The components that a value may be, or be a list of."""
    if "$ref" in schema:
        yield _name(schema["$ref"])
    inner = [*_options(schema), schema.get("items"), schema.get("additionalProperties")]
    for part in inner:
        if isinstance(part, dict):
            yield from _references(part)


def _without_null(schema: Schema) -> Schema:
    """A field of a request: that null is taken for absence is said once for all of them."""
    options = [option for option in _options(schema) if option != {"type": "null"}]
    return {**schema, "anyOf": options} if options else schema


def _as_described(within: str, call: str, at: str, field: str) -> str:
    fields = f"The fields of `{within}`" if within else "The fields"
    if at == call and field:
        return f"{fields} are those of `{field}`."
    return f"{fields} are those of {f'`{field}` in ' if field and field != within else ''}{_link(at)}."


def _is_constant(field: Schema) -> bool:
    """Whether a field has one value, whatever is asked."""
    return "const" in field or field.get("type") == "null" or field.get("maxItems") == 0


def _is_list(schema: Schema) -> bool:
    return "items" in schema or any("items" in option for option in _options(schema))


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _options(schema: Schema) -> list[Schema]:
    """What a value may be, where there are several."""
    return [*schema.get("anyOf", []), *schema.get("oneOf", [])]


def _name(reference: str) -> str:
    return reference.rpartition("/")[2]


def _link(call: str) -> str:
    anchor = re.sub(r"[^\w -]", "", call.lower()).replace(" ", "-")
    return f"[`{call}`](#{anchor})"


def _at_most(count: int | None) -> str:
    return "" if count is None else f"up to {count:,} "


def _text(schema: Schema) -> str:
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is None:
        return "text"
    return f"text, {least} to {most:,} characters" if least > 1 else f"text, up to {most:,} characters"


def _number(schema: Schema) -> str:
    kind, least, most = schema["type"], schema.get("minimum"), schema.get("maximum")
    if least is None:
        return f"{kind}" if most is None else f"{kind}, up to {most:,.10g}"
    return f"{kind}, {least:,.10g} or more" if most is None else f"{kind}, {least:,.10g} to {most:,.10g}"
