"""Who takes SQLite's write lock: whoever writes, from the start, and nobody who only asks."""

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer
from tests.statements import counted
from webapp.extensions import db

ASKING = {
    "bulk.ask", "campaigns.count_audience", "campaigns.edit_attributes", "events.find",
    "segments.build", "segments.lines", "segments.lines_file", "segments.preview", "settings.try_message",
}  # fmt: skip


def test_these_only_ask(app):
    marked = {name for name, view in app.view_functions.items() if getattr(view, "only_reads", False)}
    assert marked == ASKING


@pytest.mark.parametrize(
    ("path", "begins"), [("edit/audience/count", "BEGIN"), ("duplicate", "BEGIN IMMEDIATE")]
)
def test_a_count_by_post_takes_no_write_lock_and_a_change_does(desk, app, path, begins):
    with app.app_context():
        campaign_id, engine = a_campaign(a_template(), a_customer("Ana")).id, db.engine
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL locks rows, not the database
    client = desk("manager")
    token = client.csrf_token()
    with counted(engine) as statements:
        assert client.post(f"/campaigns/{campaign_id}/{path}", data={"csrf_token": token}).status_code < 400
    assert {each for each in statements if each.startswith("BEGIN")} == {begins}
