"""The worker runs what every room asks of it."""

import ast
from pathlib import Path

from huey import MemoryHuey

from webapp import rooms, tasks

WEBAPP = Path(__file__).resolve().parent.parent / "webapp"


def decorated(name: str) -> int:
    """How many functions of the rooms stand under `@tasks.NAME`."""
    found = 0
    for file in WEBAPP.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            marks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            found += sum(ast.unparse(mark).startswith(f"tasks.{name}") for mark in marks)
    return found


def test_functions_of_one_name_in_several_rooms_all_run(app):
    assert rooms.WITH_TASKS
    queue = MemoryHuey("heed", results=False)
    tasks.register(queue, app)
    assert len(queue._startup) == decorated("at_start") + len([tasks._first_beat])
    assert len(queue._registry.periodic_tasks) == decorated("each") + len(tasks._HOUSEKEEPING)
