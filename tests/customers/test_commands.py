import csv
from pathlib import Path

import pytest
from click.testing import Result

from tests.factories import a_customer
from webapp.customers import identities
from webapp.customers.commands import export_command, import_command

ANA = "+55 11 98765-4321"


@pytest.fixture
def run(app):
    return lambda command, *arguments: app.test_cli_runner().invoke(command, list(map(str, arguments)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.csv"


def test_an_import_ends_with_one_line_of_counts_and_0_even_when_rows_were_refused(run, file: Path) -> None:
    file.write_text(f"phone,name,other\n{ANA},Ana,\nx,Ben,\n")
    result: Result = run(import_command, file)
    assert result.exit_code == 0
    assert result.stdout == (
        "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused; 0 opted in, 0 opted out, "
        "1 listed in customers.rejected.csv.\n"
    )
    assert result.stderr == "Columns that mean nothing here: other.\n"


def test_the_options_reach_the_rows(run, app, file: Path) -> None:
    file.write_text("phone\n(11) 98765-4321\n")
    options = ("--default-country", "BR", "--consent", "opted_in", "--evidence", "Web form of May")
    assert run(import_command, file, *options, "--dry-run").stdout.startswith(
        "Dry run, nothing was written. 1 rows"
    )
    with app.app_context():
        assert identities.find_by_any_phone(ANA) is None
    assert "1 opted in" in run(import_command, file, *options).stdout
    with app.app_context():
        assert identities.find_by_any_phone(ANA).status == "opted_in"


def test_a_dry_run_names_the_rows_that_would_be_listed(run, file: Path) -> None:
    file.write_text("phone\nx\n")
    result = run(import_command, file, "--dry-run")
    assert result.stderr.startswith("line 2: phone: ")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        (None, (), "cannot be read"),
        ("", (), "is empty"),
        ("name\nAna\n", (), "phone, wa_id or user_id"),
        ("phone\n1\n", ("--default-country", "XX"), "no country"),
        ("phone\n1\n", ("--consent", "yes"), "Invalid value"),
    ],
)
def test_input_that_cannot_be_used_ends_with_2_and_a_sentence(
    run, file: Path, content, options, sentence
) -> None:
    if content is not None:
        file.write_text(content)
    result = run(import_command, file, *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr


def test_numbers_in_doubt_are_counted(run, file: Path) -> None:
    file.write_text("phone\n+15550100001\n")
    assert "in doubt: 1 rows" in run(import_command, file).stderr


def test_an_export_says_how_many_customers_it_wrote(run, app, file: Path) -> None:
    with app.app_context():
        a_customer("Ana", phone=ANA)
    result = run(export_command, file)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"1 customers written to {file}.\n"
    with file.open(encoding="utf-8", newline="") as lines:
        assert next(csv.DictReader(lines))["phone"] == "+5511987654321"


def test_an_export_that_cannot_be_written_ends_with_2(run, tmp_path: Path) -> None:
    result = run(export_command, tmp_path / "nowhere" / "all.csv")
    assert result.exit_code == 2
    assert "cannot be written: No such file" in result.stderr
