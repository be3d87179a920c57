"""A desk that was copied, and starts where the original is not, sends nothing until somebody confirms it."""

import os
import shutil

import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import a_customer
from webapp import clock, create_app
from webapp.backups.commands import sending_group
from webapp.campaigns import place, switch
from webapp.campaigns.models import Campaign
from webapp.config import Settings
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db
from webapp.transactions import committed
from webapp.whatsapp import launch


@pytest.fixture
def postgresql_url(new_postgresql_url: str) -> str:
    """A database that can be copied or replaced."""
    return new_postgresql_url


@pytest.fixture
def started(database_url, tmp_path):
    """The application as a process that starts now sees it, on the desk or on a copy of it."""
    apps = []

    def start(url: str = database_url, **settings: str):
        apps.append(create_app({"DATABASE_URL": url, "HEED_DATA_DIR": str(tmp_path), **settings}, web=False))
        return apps[-1]

    yield start
    for app in apps:
        put_away(app)


def put_away(app) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def work(app) -> None:
    """What a worker does first."""
    app.extensions["heed-tasks"] = {"sync templates": lambda: None, "pump": lambda _id: None}
    launch.begin(app)


def off(app) -> str:
    with app.app_context():
        return switch.off(app.config["HEED"])


@pytest.fixture
def campaign_id(app) -> int:
    """Of a campaign under way, at a desk that has a worker."""
    work(app)
    with app.app_context(), writing():
        id = a_running_campaign(a_template(), a_customer("Ana", Status.OPTED_IN)).id
    put_away(app)
    return id


@pytest.fixture
def copied(app, campaign_id, database_url, tmp_path, request):
    """The URL of a copy of the desk, as a file or as a database."""
    name = make_url(database_url).database
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{shutil.copy2(name, tmp_path / 'copy.db')}"
        return
    server, copy = request.getfixturevalue("postgresql_server"), f"{name}_copy"
    server.execute(sql.SQL(f"CREATE DATABASE {{}} TEMPLATE {name}"), copy)
    yield server.url(copy)
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), copy)


def test_a_copy_does_not_send_until_somebody_confirms_and_the_original_goes_on(started, campaign_id, copied):
    copy = started(copied)
    committed(copy, switch.settle_in)  # as its worker does
    assert "is a copy, or was moved" in off(copy)
    with copy.app_context(), writing():
        assert claimed(db.session.get_one(Campaign, campaign_id)).rows == []
    assert copy.test_cli_runner().invoke(sending_group, ["confirm", "--yes"]).exit_code == 0
    again = started(copied)
    assert off(again) == ""
    with again.app_context(), writing():
        assert len(claimed(db.session.get_one(Campaign, campaign_id), 3).rows) == 1
    original = started()
    assert off(original) == ""
    with original.app_context(), writing():
        assert len(claimed(db.session.get_one(Campaign, campaign_id)).rows) == 1


def test_a_new_version_a_new_container_or_another_host_of_the_same_desk_is_no_copy(
    started, campaign_id, tmp_path
):
    """Nothing that a deployment changes counts: the process, the host's name, the data folder's name."""
    assert [off(started()), off(started(HEED_DATA_DIR=str(tmp_path / "mounted" / "elsewhere")))] == ["", ""]


def test_a_name_goes_before_everything_that_is_found_out(app, started, copied):
    """Who clones disks names each place; who starts each version on a new machine names it, too."""
    named = started(HEED_DESK_PLACE="production")
    assert "is a copy" in off(named)
    with named.app_context(), writing():
        assert switch.confirm(actor="user:1", now=clock.now())
        db.session.commit()
    put_away(named)
    assert off(started(HEED_DESK_PLACE="production")) == ""
    assert "is a copy" in off(started(HEED_DESK_PLACE="staging"))
    assert "is a copy" in off(started())


def test_a_desk_that_nobody_worked_at_lives_wherever_it_is(app, started):
    assert off(app) == ""
    with app.app_context():
        assert not switch.confirm(actor="user:1", now=clock.now()), "nobody has to"
    work(app)
    work(started())
    assert off(started()) == ""


def test_another_machine_is_another_place_for_files(tmp_path, monkeypatch):
    settings = Settings.from_environ({"HEED_DATA_DIR": str(tmp_path)})
    (tmp_path / "heed.db").touch()
    monkeypatch.setattr(place, "MACHINE", tmp_path / "machine-id")
    nowhere = place._parts(settings)
    (tmp_path / "machine-id").write_text("4c4c4544\n")
    assert place._parts(settings) == [*nowhere[:-1], "4c4c4544"]
    os.rename(tmp_path / "heed.db", tmp_path / "another.db")
    shutil.copy2(tmp_path / "another.db", tmp_path / "heed.db")
    assert place._parts(settings)[1] != nowhere[1], "the same file by name"
