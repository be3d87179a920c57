"""The list of imports, and how each of them is told."""

from datetime import timedelta

import pytest

from webapp import clock
from webapp.database import writing
from webapp.extensions import db
from webapp.imports import lines
from webapp.imports.models import Import


def row_of(imports, name: str) -> str:
    page = imports.client.soup("/imports")
    row = page.find("a", string=name).find_parent("tr")
    return " ".join(row.get_text(" ", strip=True).split())


def test_each_import_stands_there_with_state_result_author_and_time(imports):
    import_id = imports.bring()
    assert row_of(imports, "list.csv") == "list.csv Columns to match 4 rows Dana Kim just now"
    imports.check(import_id)
    assert row_of(imports, "list.csv") == "list.csv Ready to import 4 rows Dana Kim just now"
    imports.start(import_id)
    assert row_of(imports, "list.csv") == "list.csv At work 0 of 4 rows Dana Kim just now"
    imports.work()
    assert row_of(imports, "list.csv") == "list.csv Done 3 new, 0 changed, 1 refused Dana Kim just now"


def test_the_newest_come_first_and_older_ones_on_further_pages(imports, monkeypatch):
    monkeypatch.setattr(lines, "PER_PAGE", 2)
    for name in ("one.csv", "two.csv", "three.csv"):
        imports.bring(name=name)
    page = imports.client.soup("/imports")
    assert [each.get_text() for each in page.select("td .name")] == ["three.csv", "two.csv"]
    further = imports.client.soup(page.find(id="imports-next")["href"])
    assert [each.get_text() for each in further.select("td .name")] == ["one.csv"]
    assert further.find(id="imports-next") is None


@pytest.mark.parametrize(
    ("done", "seconds", "told"),
    [
        (0, 10, ""),
        (500, 10, "50 rows a second · about 10 s left"),
        (100, 10, "10 rows a second · about 2 min left"),
        (20, 10, "2 rows a second · about 9 min left"),
        (1_200, 10, "120 rows a second · about 1 s left"),
    ],
)
def test_pace_and_the_time_that_is_left_are_told(imports, done, seconds, told):
    import_id, now = imports.bring(), clock.now()
    with imports.app.app_context(), writing():
        row = db.session.get_one(Import, import_id)
        row.state, row.total, row.done = "running", 1_000, done
        row.began_at = now - timedelta(seconds=seconds)
        db.session.commit()
        assert lines.pace(row, now) == told


def test_progress_is_told_and_asked_for_again_until_the_end(imports):
    import_id = imports.bring()
    imports.check(import_id)
    imports.start(import_id)
    page = imports.soup(import_id)
    assert page.find(id="import-page")["hx-trigger"] == "every 2s"
    assert page.find("progress")["max"] == "4"
    assert page.select_one("main [role=status]").get_text() == "0 %"
    imports.work()
    assert "every" not in imports.soup(import_id).find(id="import-page").get("hx-trigger", "")


def test_no_row_that_can_come_in_leaves_nothing_to_press(imports):
    import_id = imports.bring("phone,name\n12,Ana\n")
    page = imports.check(import_id)
    assert page.find(id="import-start") is None
    assert "No row of this file can come in like this." in page.get_text()
