"""How the database would find the rows of each statement: by a key, or by reading a table from end to end."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

LARGE = frozenset({
    "customers", "identities", "customer_tags", "customer_attrs", "consent_events", "evidence",
    "inbound_messages", "deliveries", "suppressions",
})  # fmt: skip
"""These grow with the customers and what they say."""
PLANNED = ("SELECT", "WITH", "UPDATE", "DELETE")
_THROUGH = re.compile(r"SCAN (\w+)|SEARCH (\w+) .*\(kind=\?\)$")
"""Half of all identities are of one kind."""


@contextmanager
def walked(engine: Engine) -> Iterator[list[str]]:
    """The statements that run inside and read a large table, or all of one kind in it, from end to end."""
    found: list[str] = []
    through = _through_sqlite if engine.dialect.name == "sqlite" else _through_postgresql

    def explain(
        connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if statement.startswith(PLANNED):
            driver = connection.connection.driver_connection
            tables = through(driver, statement, parameters[0] if many else parameters)
            found.extend(f"{table}: {statement}" for table in tables & LARGE)

    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _through_sqlite(driver: Any, statement: str, parameters: Any) -> set[str]:
    steps = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    return {found[1] or found[2] for step in steps if (found := _THROUGH.match(step))}


def _through_postgresql(driver: Any, statement: str, parameters: Any) -> set[str]:
    """An index is taken wherever one serves, though the tables of a test are small."""
    driver.execute("SET LOCAL enable_seqscan = off")
    plan = driver.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters).fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return {
        node["Relation Name"]
        for node in _nodes(plan[0]["Plan"])
        if "Relation Name" in node and node["Node Type"].endswith("Scan") and _whole(node)
    }


def _whole(node: dict[str, Any]) -> bool:
    return not any(name in node for name in ("Index Cond", "Recheck Cond", "TID Cond"))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
