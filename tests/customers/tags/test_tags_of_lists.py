"""A list brings a tag that somebody else defines in the same moment: both give one and the same."""

import pytest
from sqlalchemy import select

from tests.factories import a_customer, at
from tests.racing import overtaken
from webapp.customers.importing import import_file
from webapp.customers.models import Tag
from webapp.customers.tags import tags
from webapp.extensions import db


@pytest.fixture
def database_url(postgresql_url):
    """SQLite has one writer, so there is no such moment."""
    return postgresql_url


def test_a_tag_that_an_agent_gives_meanwhile_is_the_one_that_the_list_gives(app, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("phone,tags\n+55 11 98812-4410,VIP;new\n+55 11 98812-4411,vip\n")

    def by_a_list():
        with app.app_context():
            return import_file(file, actor="user:1", now=at(6))

    report = overtaken(app, lambda: tags.set_tags(a_customer("Ana"), ["vip"]), by_a_list)
    assert (report.created, report.refused) == (2, 0)
    with app.app_context():
        given = db.session.execute(select(Tag.name, Tag.n).order_by(Tag.name)).all()
    assert given == [("new", 1), ("vip", 3)]
