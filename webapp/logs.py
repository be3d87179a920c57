"""Logs as JSON lines, with a request id. No number, text or query string enters them."""

import json
import logging
import secrets
import time
from typing import TextIO

from flask import Flask, Response, g, has_request_context, request

access = logging.getLogger("heed.access")
ASKED_ALL_THE_TIME = {"operations.health", "operations.readiness", "customers.live", "static", "assets.show"}
"""Polls and files: logged for debugging only."""


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if has_request_context():
            line["request_id"] = g.get("request_id", "")
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


def configure(level: str, output: TextIO) -> None:
    """Send everything to `output`, once per process."""
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(known.formatter, JsonLines) for known in root.handlers):
        stream = logging.StreamHandler(output)
        stream.setFormatter(JsonLines())
        root.addHandler(stream)


def init_app(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()


def _end(response: Response) -> Response:
    if "request_id" not in g:
        return response
    response.headers["X-Request-Id"] = g.request_id
    milliseconds = round((time.perf_counter() - g.started) * 1000, 1)
    rule = request.url_rule.rule if request.url_rule else "-"  # the rule, not the path: no ids in logs
    level = logging.DEBUG if request.endpoint in ASKED_ALL_THE_TIME else logging.INFO
    access.log(level, "%s %s %s %sms", request.method, rule, response.status_code, milliseconds)
    return response
