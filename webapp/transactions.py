"""Requests that write take SQLite's write lock at the start of their transactions; reading ones never do."""

from contextlib import ExitStack

from flask import Flask, g, request

from webapp.database import writing

SAFE = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    if request.method not in SAFE:
        g.writing = ExitStack()
        g.writing.enter_context(writing())


def _leave(_error: BaseException | None) -> None:
    if stack := g.pop("writing", None):
        stack.close()
