"""Whether a desk holds invented customers is asked for every page, so it never costs a walk over all."""

import pytest
from sqlalchemy import select, text

from tests.factories import a_customer
from tests.statements import counted
from webapp.customers import queries
from webapp.extensions import db


@pytest.mark.parametrize("demo", [True, False])
def test_one_invented_customer_is_enough(app, demo):
    with app.app_context():
        a_customer("Ana")
        a_customer("Kofi").demo = demo
        db.session.flush()
        assert db.session.scalar(select(queries.demo_data())) is demo
        db.session.rollback()


def test_the_index_of_the_invented_answers(app):
    with app.app_context():
        with counted(db.engine) as asked:
            db.session.scalar(select(queries.demo_data()))
        if db.engine.dialect.name == "sqlite":
            plan = db.session.execute(text(f"EXPLAIN QUERY PLAN {asked[-1]}"))
        else:  # of a table without rows it would read all of them
            db.session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = db.session.execute(text(f"EXPLAIN {asked[-1]}"))
        assert "ix_customers_demo" in str(plan.all())
