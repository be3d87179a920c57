"""A manager downloads a proof pack, or a command writes it; who took it is on record."""

import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from flask.cli import ScriptInfo
from sqlalchemy import select, text

from tests.consent.sealing.sealed import seal
from tests.customers.proof.packs import a_story
from tests.factories import a_customer
from webapp import clock
from webapp.cli import ledger_group
from webapp.consent.models import Disclosure
from webapp.consent.rules import Status
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.demo import clearing
from webapp.extensions import db


@pytest.fixture
def ana(app) -> int:
    with app.app_context():
        customer_id = a_customer("Ana Souza", Status.OPTED_IN).id
        seal()
    return customer_id


def disclosures(app) -> list[tuple]:
    with app.app_context():
        query = select(Disclosure.kind, Disclosure.customer_id, Disclosure.rows, Disclosure.actor)
        return [tuple(row) for row in db.session.execute(query.order_by(Disclosure.id))]


def consent_in(pack: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return json.loads(archive.read("consent.json"))


def test_a_manager_downloads_it_from_the_customers_page(app, desk, ana):
    manager = desk("manager")
    button = manager.soup(f"/customers/{ana}").select_one("#proof-pack")
    form = button.find_parent("form")
    assert (form["method"], form["action"]) == ("post", f"/customers/{ana}/proof")
    answer = manager.send(f"/customers/{ana}/proof")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    name = f"proof-{ana}-{clock.now():%Y-%m-%d}.zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_length == len(answer.data)
    assert consent_in(answer.data)["customer"]["name"] == "Ana Souza"


def test_each_download_is_on_record(app, desk, ana):
    manager = desk("manager")
    for _ in range(2):
        manager.send(f"/customers/{ana}/proof")
    assert disclosures(app) == [("proof pack", ana, 1, "user:1")] * 2


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_others_get_none_and_see_no_button(app, desk, ana, role):
    somebody = desk(role)
    assert somebody.soup(f"/customers/{ana}").select_one("#proof-pack") is None
    assert somebody.send(f"/customers/{ana}/proof").status_code == 403
    assert disclosures(app) == []


def test_a_link_or_a_foreign_page_starts_no_download(app, desk, ana):
    manager = desk("manager")
    assert manager.get(f"/customers/{ana}/proof").status_code == 405
    assert manager.post(f"/customers/{ana}/proof").status_code == 400
    assert disclosures(app) == []


def test_whom_nobody_knows_and_who_is_erased_have_none(app, desk, ana):
    manager = desk("manager")
    assert manager.send("/customers/999/proof").status_code == 404
    with app.app_context():
        db.session.execute(text("UPDATE customers SET erased_at = '2026-11-20 12:00:00'"))
        db.session.commit()
    assert manager.send(f"/customers/{ana}/proof").status_code == 404


def test_a_merged_record_gives_the_pack_of_the_person(app, desk, ana):
    with app.app_context():
        other = a_customer("Ana S.")
        gone = other.id
        merging.merge(
            db.session.get_one(Customer, ana), other, actor="system", now=clock.now(), why="One number."
        )
        db.session.commit()
    pack = desk("manager").send(f"/customers/{gone}/proof").data
    assert consent_in(pack)["customer"]["merged"] == [gone]
    assert disclosures(app)[0][1] == ana


def test_demo_customers_can_be_cleared_after_it(app, desk, ana):
    desk("manager").send(f"/customers/{ana}/proof")
    with app.app_context():
        db.session.execute(text("UPDATE customers SET demo = TRUE"))
        db.session.commit()
        clearing.clear(clock.now())
        db.session.commit()
        assert db.session.get(Customer, ana) is None
    assert disclosures(app) == []


class TestCommand:
    def prove(self, app, *arguments):
        return CliRunner().invoke(
            ledger_group, ["prove", *map(str, arguments)], obj=ScriptInfo(create_app=lambda: app)
        )

    def test_it_writes_the_file_and_says_so(self, app, ana, tmp_path):
        file = tmp_path / "pack.zip"
        ended = self.prove(app, ana, file)
        said = f"The proof pack of customer {ana} is written to {file}.\n"
        assert (ended.exit_code, ended.stdout, ended.stderr) == (0, "", said)
        assert consent_in(file.read_bytes())["customer"]["id"] == ana
        assert disclosures(app) == [("proof pack", ana, 1, "system")]
        assert not list(tmp_path.glob("*.part"))

    def test_whom_nobody_knows_is_refused(self, app, ana, tmp_path):
        ended = self.prove(app, 999, tmp_path / "pack.zip")
        assert (ended.exit_code, ended.stderr) == (1, "Error: There is no customer 999.\n")
        assert not (tmp_path / "pack.zip").exists()

    @pytest.mark.parametrize("id", ["0", "Ana", "-1"])
    def test_what_is_no_number_is_unusable(self, app, ana, tmp_path, id):
        assert self.prove(app, "--", id, tmp_path / "pack.zip").exit_code == 2

    def test_a_file_that_cannot_be_written_is_unusable_and_no_disclosure(self, app, ana, tmp_path):
        ended = self.prove(app, ana, tmp_path / "none" / "pack.zip")
        assert (ended.exit_code, "cannot be written" in ended.stderr) == (2, True)
        assert disclosures(app) == []

    def test_it_replaces_a_file_only_when_all_is_written(self, app, ana, tmp_path):
        file = tmp_path / "pack.zip"
        file.write_bytes(b"older")
        assert self.prove(app, 999, file).exit_code == 1
        assert file.read_bytes() == b"older"
        assert self.prove(app, ana, file).exit_code == 0
        assert file.read_bytes().startswith(b"PK")


def test_one_person_of_a_whole_story_by_command_and_by_page_is_the_same(app, desk, tmp_path):
    with app.app_context():
        story = a_story()
    file = tmp_path / "pack.zip"
    TestCommand().prove(app, story.ana, file)
    by_page = consent_in(desk("manager").send(f"/customers/{story.ana}/proof").data)
    assert {**consent_in(file.read_bytes()), "made_at": ""} == {**by_page, "made_at": ""}
