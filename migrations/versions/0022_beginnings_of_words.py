"""Two letters are looked for where words begin, also the first word of a text: SQLite's index reads each text
with a space before it, so that the space and the two letters are a trigram.

Revision ID: 0022
Revises: 0021
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TEXTS = "CREATE VIEW customer_texts AS SELECT id, ' ' || search AS search FROM customers"
INDEX = """CREATE VIRTUAL TABLE customer_search USING fts5(
    search, content='customer_texts', content_rowid='id', tokenize='trigram', detail='none'
)"""
TRIGGERS = {
    "customers_searched_insert": """AFTER INSERT ON customers BEGIN
        INSERT INTO customer_search (rowid, search) VALUES (new.id, ' ' || new.search);
    END""",
    "customers_searched_update": """AFTER UPDATE OF search ON customers
        WHEN old.search IS NOT new.search BEGIN
        INSERT INTO customer_search (customer_search, rowid, search)
            VALUES ('delete', old.id, ' ' || old.search);
        INSERT INTO customer_search (rowid, search) VALUES (new.id, ' ' || new.search);
    END""",
    "customers_searched_delete": """AFTER DELETE ON customers BEGIN
        INSERT INTO customer_search (customer_search, rowid, search)
            VALUES ('delete', old.id, ' ' || old.search);
    END""",
}
SECURE_DELETE_SINCE = (3, 42)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    for name in TRIGGERS:
        op.execute(f"DROP TRIGGER {name}")
    op.execute("DROP TABLE customer_search")
    op.execute(TEXTS)
    op.execute(INDEX)
    if connection.dialect.server_version_info >= SECURE_DELETE_SINCE:
        op.execute("INSERT INTO customer_search (customer_search, rank) VALUES ('secure-delete', 1)")
    op.execute("INSERT INTO customer_search (customer_search) VALUES ('rebuild')")
    for name, act in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {act}")
