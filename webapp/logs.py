"""Logs as JSON lines, with a request id. No number, text or query string enters them."""

import json
import logging
import os
import secrets
import sys
import threading
import time
import traceback
from typing import Any, TextIO

from flask import Flask, Response, g, has_request_context, request

access = logging.getLogger("heed.access")
crashes = logging.getLogger("heed.crashes")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
ASKED_ALL_THE_TIME = {"operations.health", "operations.readiness", "customers.live", "static", "assets.show"}
"""Polls and files: logged for debugging only."""
REFUSED = {401, 403, 429}
"""Who asks for what is not theirs, or too often, is told of whatever else is logged."""


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        if has_request_context():
            line |= {"request_id": g.get("request_id", ""), "actor": g.get("actor", "")}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)

    def formatException(self, exc_info: Any) -> str:
        return "\n\n".join(_told(problem) for problem in reversed(_chain(exc_info[1])))


def _message(record: logging.LogRecord) -> str:
    """Ours is one line. What others add to their first line is the content of objects."""
    return record.getMessage().partition("\n")[0]


def _chain(problem: BaseException | None) -> list[BaseException]:
    """An exception and those that led to it, as Python would show them."""
    found: list[BaseException] = []
    while problem is not None and problem not in found:
        found.append(problem)
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return found


def _told(problem: BaseException) -> str:
    """Where it happened and its kind. What an exception says is left out: databases name the row, parsers the
    text that they could not read."""
    kind = type(problem)
    return (
        "".join(traceback.format_tb(problem.__traceback__))
        + f"{kind.__module__}.{kind.__qualname__}{_code(problem)}"
    )


def _code(problem: BaseException) -> str:
    """What the system or the database calls it, which holds no content."""
    if isinstance(problem, OSError) and problem.errno:
        return f": {os.strerror(problem.errno)}"
    code = getattr(problem, "sqlstate", None)
    return f": {code}" if code else ""


class WithoutRequests(logging.Filter):
    """gunicorn writes down a request that it cannot read, or that failed in its hands, with its URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.getMessage().startswith("Invalid request from ip="):
            record.msg, record.args = record.getMessage().partition(": ")[0], ()
        elif str(record.msg).startswith("Error handling request"):
            record.msg, record.args = "Error handling request", ()
        return True


def of_server(level: str) -> dict[str, Any]:
    """gunicorn's `logconfig_dict`: its own lines in the same form."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"requests": {"()": WithoutRequests}},
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["requests"]},
        },
        "root": {"level": "WARNING", "handlers": []},
        "loggers": {"gunicorn.error": {"level": level, "handlers": ["stderr"], "propagate": False}},
    }


def configure(level: str, output: TextIO) -> None:
    """Send everything to `output`, once per process."""
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(known.formatter, JsonLines) for known in root.handlers):
        stream = logging.StreamHandler(output)
        stream.setFormatter(JsonLines())
        root.addHandler(stream)


def tell_crashes() -> None:
    """What nothing caught is logged like the rest; Python would print what the exception says."""
    sys.excepthook = _crash
    threading.excepthook = lambda args: _crash(args.exc_type, args.exc_value, args.exc_traceback)


def _crash(*exc_info: Any) -> None:
    crashes.critical("stopped by a fault", exc_info=exc_info)


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
    access.log(_level(response), "%s %s %s %sms", _method(), rule, response.status_code, milliseconds)
    return response


def _level(response: Response) -> int:
    if response.status_code in REFUSED:
        return logging.WARNING
    return logging.DEBUG if request.endpoint in ASKED_ALL_THE_TIME else logging.INFO


def crashed(exc_info: Any) -> None:
    """Instead of Flask's line, which holds the path: tokens stand there."""
    rule = request.url_rule.rule if request.url_rule else "-"
    access.error("%s %s crashed", _method(), rule, exc_info=exc_info)


def _method() -> str:
    """A client may send any word as a method."""
    return request.method if request.method in METHODS else "-"
