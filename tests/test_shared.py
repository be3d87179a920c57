"""What tests share is alike: an application with other routes or another server has tables of its own."""

from typing import Any

import pytest
from flask import Flask
from jinja2 import Environment
from sqlalchemy import create_engine, text
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule
from werkzeug.routing.converters import IntegerConverter

from tests.shared import CodeOnce, RoutesOnce, share_statements


class Even(IntegerConverter):
    regex = r"\d*[02468]"


def routes(*paths: str, **options: Any) -> RoutesOnce:
    made = RoutesOnce()
    for path in paths:
        made.add(Rule(path, endpoint=path, **options))
    return made


def finds(made: RoutesOnce, path: str) -> str:
    return made.bind("localhost").match(path)[0]


def test_the_same_routes_are_compiled_once():
    first, second = routes("/a", "/b/<int:n>"), routes("/a", "/b/<int:n>")
    assert finds(first, "/a") == finds(second, "/a") == "/a"
    assert first._matcher is second._matcher


def test_a_route_that_one_application_adds_is_unknown_to_the_others():
    first, second = routes("/a"), routes("/a")
    assert finds(first, "/a") == finds(second, "/a") == "/a"
    first.add(Rule("/late", endpoint="late"))
    assert finds(first, "/late") == "late"
    with pytest.raises(NotFound):
        finds(second, "/late")
    assert [rule.rule for rule in second.iter_rules()] == ["/a"]


def test_methods_defaults_and_converters_are_part_of_a_table():
    assert len({id(routes("/c", methods=[method]).compiled_once()) for method in ("GET", "POST")}) == 2
    assert len({id(routes("/c", defaults={"n": n}).compiled_once()) for n in (1, 2)}) == 2
    plain, even = routes("/d/<int:n>"), routes("/d/<int:n>")
    even.converters["int"] = Even
    assert finds(plain, "/d/3") == "/d/<int:n>"
    with pytest.raises(NotFound):
        finds(even, "/d/3")


def test_flask_answers_options_by_itself_with_shared_routes():
    for _ in range(2):
        app = Flask("shared")
        assert isinstance(app.url_map, RoutesOnce)
        app.add_url_rule("/e", "e", lambda: "e")
        assert app.test_client().options("/e").allow == {"GET", "HEAD", "OPTIONS"}


def test_the_code_of_a_template_is_read_once_and_another_source_is_another_code(tmp_path):
    def code(source: str, known: CodeOnce) -> Any:
        environment = Environment(autoescape=True, bytecode_cache=known)
        bucket = known.get_bucket(environment, "a.html", None, source)
        if bucket.code is None:
            bucket.code = environment.compile(source, "a.html")
            known.set_bucket(bucket)
        return bucket.code

    first, second = CodeOnce(str(tmp_path)), CodeOnce(str(tmp_path))
    made = code("one", first)
    read = code("one", second)
    assert read == made
    assert code("one", second) is read
    assert code("two", second) != read


def test_only_engines_of_the_same_options_share_their_statements():
    known, options = {}, {"url": "sqlite://", "hide_parameters": True}
    first, second, other = (create_engine("sqlite://") for _ in range(3))
    share_statements(first, options, known)
    with first.connect() as connection:
        assert connection.scalar(text("SELECT :n"), {"n": 1}) == 1
    share_statements(second, {**options, "url": "sqlite:///another"}, known)
    share_statements(other, {**options, "hide_parameters": False}, known)
    assert second.dialect is first.dialect
    assert other.dialect is not first.dialect
    with second.connect() as connection:
        assert connection.scalar(text("SELECT :n"), {"n": 2}) == 2
    for engine in (first, second, other):
        engine.dispose()


def test_an_engine_that_never_met_its_server_is_no_model():
    known, options = {}, {"url": "sqlite://"}
    first, second = create_engine("sqlite://"), create_engine("sqlite://")
    share_statements(first, options, known)
    share_statements(second, options, known)
    assert second.dialect is not first.dialect
