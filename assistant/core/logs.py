"""A format in, log records on standard error out: plain lines, or one JSON object a line for other programs.

Nothing that the assistant logs has the text of a question. In JSON an error is its class and where it happened: its
message, which may quote what it met, is left out.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            entry["error"] = kind.__qualname__
            entry["stack"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        return json.dumps(entry, ensure_ascii=False)


def configure(style: Format) -> None:
    """Log warnings and errors of this process in this format; Python itself writes the messages as plain lines."""
    if style == "json":
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        logging.basicConfig(handlers=[handler], force=True)
