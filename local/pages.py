"""HTML pages out of templates, for the local system's own applications."""

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def text(template: str, **values: object) -> str:
    """Fill in a template of `local/templates`; every value is escaped."""
    return _ENVIRONMENT.get_template(template).render(values)


def page(template: str, **values: object) -> web.Response:
    """Answer with a filled-in template."""
    return web.Response(text=text(template, **values), content_type="text/html")
