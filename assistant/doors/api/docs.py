"""The OpenAPI description as a page for people: plain HTML, which runs no script and loads nothing."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font: 600 1rem ui-monospace, monospace; margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1rem; }
pre { overflow: auto; padding: .75rem; background: #8881; }
:root { color-scheme: light dark; }
"""


def page(described: Mapping[str, Any]) -> str:
    """Every path and method with its description, parameters and examples."""
    operations = "".join(_operations(described))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    info = described["info"]
    lead = f"<p>{_text(info['summary'])} For programs: <a href='/api/openapi.json'>/api/openapi.json</a>.</p>"
    return (
        f"<!doctype html><html lang='en'><head>{head}<title>{_text(info['title'])}</title></head>"
        f"<body><h1>{_text(info['title'])} {_text(info['version'])}</h1>{lead}{operations}</body></html>"
    )


def _operations(described: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield f"<h2>{method.upper()} {_text(path)}</h2>"
            yield "".join(f"<p>{_text(part)}</p>" for part in operation["description"].split("\n\n"))
            parameters = "".join(_parameter(parameter) for parameter in operation.get("parameters", ()))
            yield f"<ul>{parameters}</ul>" if parameters else ""
            for example in _examples(operation, described["components"]["schemas"]):
                yield f"<pre>{_text(json.dumps(example, ensure_ascii=False, indent=2))}</pre>"


def _parameter(parameter: Mapping[str, Any]) -> str:
    default = parameter["schema"].get("default", "")
    text = ". ".join(
        part.rstrip(".") for part in (parameter.get("description", ""), default and f"Default: {default}") if part
    )
    return f"<li><code>{_text(parameter['name'])}</code> {_text(text)}</li>"


def _examples(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
    examples: list[Any] = schemas.get(name, {}).get("examples", [])
    return examples


def _text(text: str) -> str:
    return html.escape(text)
