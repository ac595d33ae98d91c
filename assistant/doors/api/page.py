"""The OpenAPI description in, a page for people out: plain HTML, which runs and loads nothing."""

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
    """Every path and method with what it is for, its parameters and, where there is one, an example."""
    told = "".join(_operations(described))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    info = described["info"]
    lead = f"<p>{_text(info['summary'])} The same for programs: <a href='/api/openapi.json'>/api/openapi.json</a>.</p>"
    return (
        f"<!doctype html><html lang='en'><head>{head}<title>{_text(info['title'])}</title></head>"
        f"<body><h1>{_text(info['title'])} {_text(info['version'])}</h1>{lead}{told}</body></html>"
    )


def _operations(described: Mapping[str, Any]) -> Iterator[str]:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            yield f"<h2>{method.upper()} {_text(path)}</h2>"
            yield "".join(f"<p>{_text(part)}</p>" for part in operation["description"].split("\n\n"))
            parameters = "".join(_parameter(one) for one in operation.get("parameters", ()))
            yield f"<ul>{parameters}</ul>" if parameters else ""
            for example in _examples(operation, described["components"]["schemas"]):
                yield f"<pre>{_text(json.dumps(example, ensure_ascii=False, indent=2))}</pre>"


def _parameter(one: Mapping[str, Any]) -> str:
    default = one["schema"].get("default", "")
    told = ". ".join(
        part.rstrip(".") for part in (one.get("description", ""), default and f"Default: {default}") if part
    )
    return f"<li><code>{_text(one['name'])}</code> {_text(told)}</li>"


def _examples(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found: list[Any] = schemas.get(name, {}).get("examples", [])
    return found


def _text(text: str) -> str:
    return html.escape(text)
