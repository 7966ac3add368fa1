"""The calls that the API's handler serves, as their functions describe themselves."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from functions.api.access import VERSION_PREFIX
from functions.api.handler import app


@dataclass(frozen=True, slots=True)
class Call:
    """One call: a method and a path, and the function that answers it.

    `extensions` are the function's `openapi_extensions`.
    """

    method: str
    endpoint: str
    function: Callable[..., object]
    extensions: Mapping[str, Any]

    @property
    def path(self) -> str:
        """The path as callers write it."""
        return VERSION_PREFIX + self.endpoint

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self._documentation[0].removesuffix(".")

    @property
    def description(self) -> str:
        """The docstring's other paragraphs, each on one line unless it is a table or a list."""
        paragraphs = "\n".join(self._documentation[1:]).strip().split("\n\n")
        return "\n\n".join(
            text if text.startswith(("|", "*", "-", "`" * 3)) else text.replace("\n", " ")
            for text in paragraphs
        )

    @property
    def request(self) -> TypeAdapter[Any] | None:
        """What is read from the body; None if nothing is."""
        models = [hint for name, hint in self._hints.items() if name != "return"]
        return TypeAdapter(models[0]) if models else None

    @property
    def answer(self) -> TypeAdapter[Any]:
        """What is answered if all is well."""
        return TypeAdapter(self._hints["return"])

    @property
    def _documentation(self) -> list[str]:
        return (inspect.getdoc(self.function) or "").splitlines() or [""]

    @property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)


def calls() -> list[Call]:
    """All calls, in the order of their modules' lines."""
    # Powertools itself shows its routes as a schema only, which knows no functions.
    routes = [*app._static_routes, *app._dynamic_routes]  # noqa: SLF001
    return [
        Call(route.method.lower(), route.path, route.func, route.openapi_extensions or {}) for route in routes
    ]
