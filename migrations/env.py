"""Alembic's environment: the connection comes from `webapp.database.migrate`."""

from alembic import context

from webapp import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.METADATA,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
