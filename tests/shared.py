"""What is alike in all applications of one process of tests, and is therefore made once: the table of routes,
the code of the templates and the SQL of each statement. Each test keeps an application, an engine and a
database of its own."""

from operator import attrgetter
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Map, Rule

told = attrgetter(
    "rule",
    "endpoint",
    "subdomain",
    "host",
    "build_only",
    "alias",
    "websocket",
    "strict_slashes",
    "merge_slashes",
    "redirect_to",
)
OPTIONS = "provide_automatic_options"
"""What Flask writes on a rule."""
STATEMENTS = 5000


class RoutesOnce(Map):
    """Compiles its rules when it is first asked, unless another map was given the very same rules: making
    the table again for each application was a fifth of all time."""

    compiled: ClassVar[dict[Any, Map]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        self.given: list[Any] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: Any) -> None:
        self.given.append(rulefactory)
        self._remap = True

    def update(self) -> None:
        with self._remap_lock:
            if self._remap:
                made = self.compiled_once()
                self._matcher, self._rules_by_endpoint = made._matcher, made._rules_by_endpoint
                self._remap = False

    def compiled_once(self) -> Map:
        how = {"host_matching": self.host_matching, "converters": self.converters}
        key = repr(how), *map(identity, self.given)
        if key not in self.compiled:
            self.compiled[key] = Map([unbound(rule) for rule in self.given], **how)
            self.compiled[key].update()
        return self.compiled[key]


def identity(rule: Any) -> Any:
    """All that was told of a rule."""
    return told(rule), frozenset(rule.methods or ()), repr(rule.defaults), vars(rule).get(OPTIONS)


def unbound(rule: Any) -> Rule:
    copy = rule.empty()
    vars(copy).update({name: value for name, value in vars(rule).items() if name == OPTIONS})
    return copy


class CodeOnce(FileSystemBytecodeCache):
    """The code of templates: compiled by one process of a run, read once by each of the others."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self.known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        which = bucket.key, bucket.checksum
        bucket.code = self.known.get(which)
        if bucket.code is None:
            super().load_bytecode(bucket)
        if bucket.code is not None:
            self.known[which] = bucket.code


def share_statements(engine: Engine, options: dict[str, Any], known: dict[Any, Engine]) -> Engine:
    """SQLAlchemy keeps the SQL of a statement per dialect and engine: let engines of the same options have
    those of the first one that has seen its server."""
    key = engine.dialect.name, repr({name: value for name, value in options.items() if name != "url"})
    first = known.get(key)
    if first is None or first.dialect.server_version_info is None:
        engine._compiled_cache = LRUCache(STATEMENTS)
        known[key] = engine
    else:
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


def share(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the applications made from now on share what is alike in them; `folder` is of all processes."""
    make_engine, known = SQLAlchemy._make_engine, {}

    def make_once(self: SQLAlchemy, bind: Any, options: dict[str, Any], app: Flask) -> Engine:
        told = dict(options)
        return share_statements(make_engine(self, bind, options, app), told, known)

    patch.setattr(SQLAlchemy, "_make_engine", make_once)
    patch.setattr(Flask, "url_map_class", RoutesOnce)
    patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": CodeOnce(str(folder))})
