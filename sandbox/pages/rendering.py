"""Rendering of the sandbox's pages."""

from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent
STATIC_FOLDER = _FOLDER / "static"
# Pages load nothing from other hosts; pages on other ports of this machine may frame them.
_POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"
)
_templates = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def fragment(template: str, **values: object) -> str:
    """The template's text with these values."""
    return _templates.get_template(template).render(**values)


def page(template: str, **values: object) -> HTMLResponse:
    """A whole page."""
    return HTMLResponse(
        fragment(template, **values),
        headers={
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
