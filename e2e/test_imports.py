"""A manager brings a mixed list of 2,000 rows in: upload, columns, dry run, import, refused rows, revert."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from e2e.desk import Desk, worker
from e2e.guard import Guard
from webapp import clock
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.imports import running

ROWS = 2_000
WORKER_STARTS = 30_000


def a_list(seed: int) -> bytes:
    """As a spreadsheet in Brazil saves it; every hundredth number is shortened."""
    chance = random.Random(seed)
    lines = ["Celular;Nome;Etiquetas;Aceita marketing;Cidade"]
    for n in range(ROWS):
        phone = "5,51196E+12" if n % 100 == 7 else f"+55 {seed} 9{60_000_000 + n}"
        agreed = chance.choice(("sim", "não", ""))
        lines.append(f"{phone};Lista {seed} {n};vip;{agreed};{chance.choice(('Recife', 'São Paulo'))}")
    return "\n".join(lines).encode("cp1252")


def a_file(content: bytes, name: str = "clientes março.csv") -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": content}


def test_a_mixed_list_comes_in(browse: Callable[..., Page], desk: Desk) -> None:
    page = browse("manager")
    page.goto("/customers")
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("CSV file").set_input_files(a_file(a_list(21)))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("clientes março.csv")
    expect(page.get_by_label("What Celular is")).to_have_value("phone")
    expect(page.get_by_label("Country of numbers without a code")).to_have_value("BR")
    expect(page.get_by_text("20 cells are shortened by a spreadsheet")).to_be_visible()
    expect(page.get_by_label("“sim”")).to_have_value("opted_in")
    page.get_by_label("What Cidade is").select_option("New attribute…")
    expect(page.get_by_label("Name of the new attribute").filter(visible=True)).to_have_value("Cidade")
    page.get_by_label("Evidence of opt-ins").fill("Ficha da feira, maio de 2026")
    page.get_by_label("Tags", exact=True).fill("feira")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("20", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Import 1,980 customers").click()
    expect(page.get_by_text("You can leave this page")).to_be_visible()
    with worker(desk):
        expect(page.get_by_text("All 2,000 rows were gone through.")).to_be_visible(timeout=WORKER_STARTS)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 20 rows to mend").click()
    assert len(Path(download.value.path()).read_text(encoding="utf-8").splitlines()) == 21
    page.get_by_role("link", name="Revert").click()
    expect(page.get_by_role("dialog")).to_contain_text("will be removed for good")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Show batch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Import")
    assert all("96" not in frame.url.replace(desk.url, "") for frame in page.frames)
    page.goto("/customers?q=Lista+21+1999")
    expect(page.locator("tr.customer")).to_contain_text("feira")


def test_another_separator_shows_other_columns_at_once(browse: Callable[..., Page]) -> None:
    page = browse("manager")
    page.goto("/imports")
    page.get_by_label("CSV file").set_input_files(a_file(b"phone,a|name\n+5511961234567,x|y\n"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_label("What a|name is")).to_be_visible()
    page.get_by_label("Separator").focus()
    page.get_by_label("Separator").select_option("Vertical bar")
    expect(page.get_by_label("What phone,a is")).to_be_visible()
    expect(page.get_by_label("Separator")).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_what_is_no_list_is_told_beside_the_field(
    browse: Callable[..., Page], guard: Guard, scripts: bool
) -> None:
    guard.expect("status of 422")
    page = browse("manager", java_script_enabled=scripts)
    page.goto("/imports")
    page.get_by_label("CSV file").set_input_files(a_file(b"PK\x03\x04", "list.xlsx.csv"))
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text("This file is a workbook.")).to_be_visible()


def test_without_scripts(browse: Callable[..., Page], desk: Desk) -> None:
    page = browse("manager", java_script_enabled=False)
    page.goto("/imports")
    page.get_by_label("CSV file").set_input_files(a_file(b"phone;x\n+55 11 96999-0001;Lea Semscript\n"))
    page.get_by_role("button", name="Upload").click()
    page.get_by_label("What x is").select_option("Name")
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 1 customer").click()
    expect(page).to_have_url(re.compile(r"/imports/\d+$"))
    with desk.app.app_context():
        running.go_on(int(page.url.rpartition("/")[2]), clock.now)  # the worker has its journey above
    page.reload()
    expect(page.get_by_text("The one row was gone through.")).to_be_visible()
    with desk.app.app_context():
        assert db.session.scalar(db.select(Customer).where(Customer.name == "Lea Semscript")) is not None
