"""A file is gone on with behind any of its records, without reading again what stands before it."""

import pytest

from webapp.customers.importing.table_file import Record
from webapp.imports import looking
from webapp.imports.looking import Table

ROWS = (
    'phone,name', '1,"of', 'two lines"', "", "2,plain", '3,"of', "", 'three"',
    '4,"quote" out of place', "5,x", ",", "6,last",
)  # fmt: skip


def table_of(path, end: str, encoding: str, titled: bool, behind: int = 0) -> Table:
    path.write_bytes(end.join(ROWS).encode(encoding))
    found = looking.opened(path, encoding, ",", titled)
    return Table(**vars(found) | {"behind": behind})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("titled", [True, False])
def test_what_is_left_is_the_same_from_anywhere(tmp_path, end, encoding, titled):
    path = tmp_path / "list.csv"
    whole = list(table_of(path, end, encoding, titled).records())
    assert len(whole) == 6 + (not titled)
    for place, record in enumerate(whole):
        left = table_of(path, end, encoding, titled, behind=record.line)
        assert list(left.records()) == whole[place + 1 :], record


def test_it_knows_how_far_it_was_read(tmp_path):
    table = table_of(tmp_path / "list.csv", "\n", "utf-8", True)
    records = table.records()
    assert [next(records).line for _ in range(2)] == [2, 5]
    assert table.reached == [5]


def test_what_stands_before_is_not_split_into_cells_again(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        "webapp.customers.importing.table_file.Record", lambda *its: made.append(its) or Record(*its)
    )
    list(table_of(tmp_path / "list.csv", "\n", "utf-8", True, behind=10).records())
    assert [line for line, *_ in made] == [10, 11, 12]
