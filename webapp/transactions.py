"""Requests that write take SQLite's write lock at the start of their transactions; reading ones never do."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from webapp.database import reading, writing
from webapp.extensions import db

SAFE = {"GET", "HEAD", "OPTIONS"}
View = TypeVar("View", bound=Callable[..., Any])
Found = TypeVar("Found")


def only_reads(view: View) -> View:
    """Mark a view that is asked by POST, because its form is long or private, and writes nothing.

    A slow count must not keep a webhook from being stored.
    """
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def read_first(read: Callable[[], Found]) -> Found:
    """What `read` finds, in a transaction of its own that keeps nobody from writing; for what a request that
    writes has to look at for long. What the session holds is read afresh afterwards."""
    db.session.rollback()
    with reading():
        found = read()
        db.session.rollback()
    return found


def init_app(app: Flask) -> None:
    app.before_request(_enter)
    app.teardown_request(_leave)


def _enter() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method not in SAFE and not getattr(view, "only_reads", False):
        g.writing = ExitStack()
        g.writing.enter_context(writing())


def _leave(_error: BaseException | None) -> None:
    if stack := g.pop("writing", None):
        stack.close()
