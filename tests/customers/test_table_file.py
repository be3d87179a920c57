from pathlib import Path

import pytest

from webapp.customers.importing.table_file import Record, TableFile, UnusableFile, open_table


@pytest.fixture
def table(tmp_path: Path):
    def table(content: str | bytes) -> TableFile:
        file = tmp_path / "customers.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return open_table(file)

    return table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(table, encoding: str) -> None:
    found = table("phone,name\n1,José\n".encode(encoding))
    assert found.encoding == encoding
    assert found.columns == ["phone", "name"]
    assert [record.cells for record in found.records()] == [["1", "José"]]


def test_a_byte_that_is_not_utf8_far_behind_makes_the_file_windows_1252(table) -> None:
    found = table(b"phone,name\n" + b"1,Ana\n" * 300_000 + b"2,Jos\xe9\n")
    assert found.encoding == "cp1252"
    assert [*found.records()][-1].cells == ["2", "José"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_ends_of_lines(table, separator: str, end: str) -> None:
    rows = [["phone", "name", "tags"], ["1", '"a, b; c"', "vip"], ["2", '"d\n""e"""', ""]]
    found = table(end.join(separator.join(row) for row in rows))
    assert [record.cells for record in found.records()] == [["1", "a, b; c", "vip"], ["2", 'd\n"e"', ""]]


def test_a_single_column_is_a_table(table) -> None:
    assert [record.cells for record in table("wa_id\n55\n").records()] == [["55"]]


def test_empty_lines_are_no_rows_and_each_row_knows_its_line(table) -> None:
    found = table('phone,name\n\n1,"a\nb"\n,\n  ,\n\n2,c\n')
    assert [*found.records()] == [Record(3, ["1", "a\nb"]), Record(8, ["2", "c"])]


def test_column_names_are_known_in_any_case_and_others_are_kept_aside(table) -> None:
    found = table(" Phone ,NAME,attr:Shoe  size,Consent status,\n")
    assert found.columns == ["phone", "name", "attr:Shoe size", "", ""]
    assert found.ignored == ["Consent status"]


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ('1,"a"b\n2,c\n', ["A quotation mark in line 2 is out of place.", ""]),
        ('1,"a\n2,"b"\n3,c\n', ["A quotation mark in lines 2 to 3 is out of place.", ""]),
        ('1,a\n2,"b\n', ["", "A quotation mark in line 3 is out of place."]),
        (f'1,"{"x" * 140_000}"\n2,c\n', ["A quotation mark in line 2 is out of place.", ""]),
    ],
)
def test_a_stray_quotation_mark_costs_the_rows_that_it_joins_and_no_others(table, rows, faults) -> None:
    found = [*table(f"phone,name\n{rows}").records()]
    assert [record.fault for record in found] == faults


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("name,consent\nAna,opted_out\n", "phone, wa_id or user_id"),
        ("phone,name,Name\n", "“name” stands twice"),
        ("phone,attr:City,attr: cíty\n", "stands twice"),
        ("phone,other,other\n", "stands twice"),
        ("phone,attr:\n", "names no attribute"),
        ("phone,attr:a:b\n", "names no attribute"),
        (b"PK\x03\x04\x14\x00", "is a workbook"),
        (b"\x00\x01\x02\xff", "phone, wa_id or user_id"),
        ('"phone\n', "quotation mark in the first line"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(table, content: str | bytes, sentence: str) -> None:
    with pytest.raises(UnusableFile, match=sentence):
        table(content)


@pytest.mark.parametrize("name", ["nothing.csv", "."])
def test_a_file_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnusableFile, match="cannot be read"):
        open_table(tmp_path / name)


def test_rows_are_read_one_at_a_time(table, monkeypatch: pytest.MonkeyPatch) -> None:
    records = table("phone\n" + "1\n" * 100_000).records()
    assert next(records) == Record(2, ["1"])
    records.close()
