"""Bringing a file: what is refused, how it lies in the data folder, who may bring one."""

import io
import re
import stat

import pytest

from tests.rows import every
from webapp import security
from webapp.extensions import db
from webapp.imports import uploads
from webapp.imports.models import Import


def stored_files(app) -> list[str]:
    folder = app.config["HEED"].data_dir / "imports"
    return sorted(file.name for file in folder.glob("*")) if folder.exists() else []


def imports_on_record(app) -> int:
    with app.app_context():
        return db.session.query(Import).count()


@every(
    ("content", "words"),
    [
        (b"", "This file is empty."),
        (b"PK\x03\x04 a workbook", "This file is a workbook."),
        (b"\xd0\xcf\x11\xe0 an old workbook", "This file is a workbook."),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "This file is no text."),
        (b"%PDF-1.7", "This file is no text."),
        (bytes(range(256)), "This file is no text."),
        (b"\n\n+5511961234567\n", "its first line must name the columns"),
        (b'"phone,name\n', "A quotation mark in the first line is out of place."),
        (",".join(f"c{n}" for n in range(101)).encode(), "101 columns"),
    ],
)
def test_what_is_no_list_is_refused_and_does_not_stay(imports, content, words):
    answer = imports.upload(content)
    assert answer.status_code == 422
    assert words in answer.text
    assert stored_files(imports.app) == []
    assert imports_on_record(imports.app) == 0


@pytest.mark.parametrize(
    "content", [b'[{"phone": "+5511961234567"},' * 100, b"phone,name\n+5511961234567," + b"x" * 3000]
)
def test_a_line_that_would_take_all_memory_is_refused(imports, monkeypatch, content):
    """JSON of 200 MB stands in one line, which took 2 GB to look at."""
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 1000)
    answer = imports.upload(content)
    assert answer.status_code == 422
    assert "a line of a megabyte" in answer.text
    assert stored_files(imports.app) == []


def test_no_file_at_all_is_told(imports):
    assert "Choose a file first." in imports.client.send("/imports").text


def test_a_file_lies_under_a_random_name_for_this_user_of_the_machine_only(imports):
    import_id = imports.bring(name="../..\\etc/pass wd <b>.csv")
    path = imports.upload_path(import_id)
    assert re.fullmatch(r"[0-9a-f]{32}\.csv", path.name)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert imports.row(import_id).name == "pass wd <b>.csv"
    assert "<b>" not in imports.soup(import_id).find("h1").decode_contents()


def test_a_file_that_is_too_large_is_refused_wherever_it_is_noticed(imports, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_FILE", 100)
    assert "This file is larger than" in imports.upload("phone\n" + "1" * 200).text
    assert stored_files(imports.app) == []


def test_only_who_may_import_may_send_much(imports, desk, monkeypatch):
    monkeypatch.setattr(security, "MAX_BODY_BYTES", 1000)
    imports.app.config["MAX_CONTENT_LENGTH"] = 1000
    assert imports.upload("phone\n" + "+5511961234567\n" * 200).status_code == 303
    agent = desk("agent")
    fields = {"file": (io.BytesIO(b"phone\n" * 400), "list.csv"), "csrf_token": agent.csrf_token()}
    assert agent.post("/imports", data=fields).status_code == 413


def test_nothing_is_left_in_the_folder_where_large_files_come_in(imports):
    imports.bring("phone\n" + "+5511961234567\n" * 20_000)
    assert list((imports.app.config["HEED"].data_dir / "uploads").iterdir()) == []


def test_a_script_is_told_where_to_go_on_and_gets_the_form_with_a_fault(imports):
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    answer = imports.upload("phone\n+5511961234567\n", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/imports/1")
    answer = imports.upload("", headers=headers)
    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<form class="form card" id="upload"')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_encoding_and_separator_are_recognised(imports, encoding, separator):
    lines = ["Telefone,Nome", "+55 11 96123-4567,João Müller", "+55 11 96123-4568,Zoë"]
    import_id = imports.bring("\n".join(lines).replace(",", separator).encode(encoding))
    said = imports.fields(import_id)
    assert (said["column-0"], said["column-1"], said["separator"]) == ("phone", "name", separator)
    assert "João Müller · Zoë" in " · ".join(
        span.get_text() for span in imports.soup(import_id).select(".match-seen span")
    )
    assert imports.row(import_id).total == 2


def test_the_sample_comes_in_as_it_is(imports):
    sample = imports.client.get("/imports/sample").data
    import_id = imports.bring_in(sample)
    counts = imports.row(import_id).counts
    assert (counts["created"], counts["opted_in"], counts["opted_out"], counts["refused"]) == (4, 2, 1, 0)


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_who_may_not_import_sees_the_list_and_nothing_of_the_files(imports, desk, role):
    import_id = imports.bring()
    other = desk(role)
    assert "list.csv" in other.get("/imports").text
    assert other.soup("/imports").find(id="upload") is None
    page = other.get(f"/imports/{import_id}")
    assert page.status_code == 200
    assert "Ana Souza" not in page.text
    imports.check(import_id)
    page = other.get(f"/imports/{import_id}")
    assert "was shortened by a spreadsheet" in page.text
    assert "5,51196E+12" not in page.text
    assert "<form" not in page.text.partition("<main")[2].partition("</main>")[0]
    for step in ("columns", "back", "start", "cancel", "discard"):
        assert other.send(f"/imports/{import_id}/{step}").status_code == 403
    assert other.get(f"/imports/{import_id}/refused").status_code == 403
    assert other.send("/imports").status_code == 403


def test_an_empty_list_says_what_to_do(imports):
    page = imports.client.get("/imports").text
    assert "No import yet" in page
    assert "/imports/sample" in page


def test_the_same_file_again_is_told(imports):
    imports.bring_in()
    import_id = imports.bring(name="copy.csv")
    assert "The same file came in before: list.csv" in imports.text(import_id)
