"""What is kept of files: they go when they are not needed, and nobody who was erased stays in them."""

import os
from datetime import timedelta

import pytest

from tests.customers.erasure.erasures import erased
from tests.factories import NOON, a_customer
from webapp import clock
from webapp.customers.erasure import suppression_key
from webapp.customers.importing import run
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.imports import worker
from webapp.imports.models import Import

PHONE = "+55 11 96123-4567"
DAY = timedelta(days=1)


@pytest.fixture
def ana(app) -> int:
    with app.app_context(), writing():
        return a_customer("Ana Souza", phone=PHONE).id


def moved(app, import_id: int, **times: timedelta) -> None:
    """So much earlier than it was."""
    with app.app_context(), writing():
        row = db.session.get_one(Import, import_id)
        for name, back in times.items():
            setattr(row, name, getattr(row, name) - back)
        db.session.commit()


def test_a_file_that_is_discarded_is_gone(imports):
    for check in (False, True):
        import_id = imports.bring()
        path = imports.upload_path(import_id)
        if check:
            imports.check(import_id)
        imports.client.send(f"/imports/{import_id}/discard")
        assert not path.exists()
        assert imports.client.get(f"/imports/{import_id}").status_code == 404


def test_an_import_that_began_is_not_discarded(imports):
    import_id = imports.bring()
    imports.check(import_id)
    imports.start(import_id)
    imports.client.send(f"/imports/{import_id}/discard")
    assert imports.row(import_id).state == "running"
    assert imports.upload_path(import_id).exists()


def test_files_that_nobody_went_on_with_go_after_a_week(imports):
    left, fresh = imports.bring(), imports.bring(name="other.csv")
    paths = imports.upload_path(left), imports.upload_path(fresh)
    moved(imports.app, left, created_at=7 * DAY)
    moved(imports.app, fresh, created_at=6 * DAY)
    worker.forget_files(imports.app)
    assert [path.exists() for path in paths] == [False, True]
    assert imports.client.get(f"/imports/{left}").status_code == 404


def test_refused_rows_go_after_a_month_and_the_counts_stay(imports):
    import_id = imports.bring_in()
    path = imports.refused_path(import_id)
    worker.forget_files(imports.app)
    assert path.exists()
    moved(imports.app, import_id, ended_at=31 * DAY)
    worker.forget_files(imports.app)
    assert not path.exists()
    assert imports.client.get(f"/imports/{import_id}/refused").status_code == 404
    assert "New customers 3" in imports.text(import_id)


def test_what_no_import_knows_goes_after_a_day(imports):
    path = imports.upload_path(imports.bring())
    done = imports.bring_in()
    upload, refused = imports.upload_path(done), imports.refused_path(done)
    stray = [path.with_name(name) for name in ("a.csv", "b.rejected.csv.part", "c.csv")]
    for file in (upload, *stray):
        file.write_text("left by a crash")
    long_ago = clock.now().timestamp() - 2 * 86400
    for file in (path, refused, upload, *stray[:2]):
        os.utime(file, (long_ago, long_ago))
    worker.forget_files(imports.app)
    assert [file.exists() for file in (path, refused)] == [True, True]
    assert [file.exists() for file in (upload, *stray)] == [False, False, False, True]


def test_what_a_dry_run_told_of_people_is_forgotten_at_an_erasure(imports, ana):
    import_id = imports.bring("phone,name\n+55 11 9612,Ana\n+55 11 96123-9999,Bo\n")
    imports.check(import_id)
    assert "+55 11 9612" in imports.text(import_id)
    erased(imports.app, ana)
    text = imports.text(import_id)
    assert "+55 11 9612" not in text
    assert "Phone: “…” is not a possible number" in text


def test_nothing_told_of_people_outlives_the_dry_run(imports):
    import_id = imports.bring_in("phone,name\n+55 11 9612,Ana\n+55 11 96123-4567,Bo\n")
    assert imports.row(import_id).counts["refused"] == 1
    assert "9612" not in str(imports.row(import_id).counts)
    assert "9612" not in imports.text(import_id)


def test_a_file_that_waits_brings_nobody_back(imports, ana):
    import_id = imports.bring(f"phone,name\n{PHONE},Ana Souza\n")
    imports.check(import_id)
    erased(imports.app, ana)
    imports.start(import_id)
    imports.work()
    assert imports.row(import_id).counts["refused"] == 1
    with imports.app.app_context():
        assert [each.name for each in db.session.query(Customer)] == [""]


def test_an_erasure_takes_people_off_the_refused_rows(imports, ana):
    import_id = imports.bring_in(f"phone,name,consent\n{PHONE},Ana,maybe\n+55 11 96123-9999,Bo,maybe\n")
    path = imports.refused_path(import_id)
    assert "Ana" in path.read_text()
    erased(imports.app, ana)
    assert "Ana" not in path.read_text()
    assert "Bo" in path.read_text()


def test_who_is_erased_while_the_import_runs_is_taken_off_at_its_end(imports, ana, monkeypatch):
    """Their row stands in a list that is still being written."""
    import_id = imports.bring(f"phone,name,consent\n{PHONE},Ana,maybe\n+55 11 96123-9999,Bo,maybe\n")
    imports.check(import_id)
    imports.start(import_id)
    whole = run.Run._finish

    def erase_first(self):
        erased(imports.app, ana, (clock.now() - NOON).total_seconds())
        whole(self)

    monkeypatch.setattr(run.Run, "_finish", erase_first)
    imports.work()
    text = imports.refused_path(import_id).read_text()
    assert "Ana" not in text
    assert "Bo" in text


def test_without_the_key_of_the_erasures_nobody_is_put_on_record(imports, ana):
    import_id = imports.bring("phone,name\n+55 11 96123-9999,Bo\n")
    imports.check(import_id)
    erased(imports.app, ana)
    imports.start(import_id)
    (imports.app.config["HEED"].data_dir / suppression_key.FILE).unlink()
    imports.work()
    assert imports.row(import_id).state == "failed"
    assert "Heed cannot tell who was erased" in imports.text(import_id)
