"""Two neighbouring signs of a Chinese, Japanese or Korean name are found by the index: the searched text
names each pair as a word of its own, since the index knows nothing shorter than three signs.

Revision ID: 0021
Revises: 0020
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd"
RUNS = re.compile(f"[{SIGNS}]{{2,}}")
MEANT = {"sqlite": ("GLOB", f"*[{SIGNS}]*"), "postgresql": ("~", f"[{SIGNS}]")}
CUSTOMERS = sa.table("customers", sa.column("id", sa.BigInteger), sa.column("search", sa.Text))
AT_ONCE = 5_000


def upgrade() -> None:
    connection = op.get_bind()
    holds, pattern = MEANT[connection.dialect.name]
    meant = CUSTOMERS.c.search.op(holds)(pattern)
    found = sa.select(CUSTOMERS).where(meant).order_by(CUSTOMERS.c.id).limit(AT_ONCE)
    write = sa.text("UPDATE customers SET search = :search WHERE id = :id")
    after = 0
    while rows := connection.execute(found.where(CUSTOMERS.c.id > after)).all():
        after = rows[-1].id
        changed = [{"id": id, "search": with_pairs(search)} for id, search in rows]
        connection.execute(write, changed)


def with_pairs(search: str) -> str:
    pairs = [run[at : at + 2] for run in RUNS.findall(search) for at in range(len(run) - 1)]
    return " ".join([search, *dict.fromkeys(pairs)])
