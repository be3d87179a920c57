"""A compliance officer's day: a consent with its proof, its history, the pack for a regulator, an erasure."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from e2e.desk import Desk
from e2e.guard import Guard
from e2e.people import a_customer
from e2e.table import TABLE, dialog, row
from tests.exhibits import a_pdf
from webapp.consent.rules import Status

NAME = "Benedita Prova"
FORM: FilePayload = {"name": "ficha.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}


@pytest.fixture
def admin(browse: Callable[..., Page]) -> Page:
    return browse("admin")


def test_from_an_opt_in_with_its_proof_to_the_erasure(
    admin: Page, desk: Desk, guard: Guard, tmp_path: Path
) -> None:
    guard.expect("status of 404")  # of whoever was erased there is no page
    benedita = a_customer(desk, NAME, Status.UNKNOWN)
    opts_in_with_a_signed_form(admin)
    admin.goto(f"/customers/{benedita}")
    entry = admin.locator(".timeline li").first
    expect(entry).to_contain_text("Sim, pode mandar")
    expect(entry.get_by_role("link", name="ficha.pdf")).to_be_visible()
    said = verified(pack_of(admin, tmp_path))
    assert NAME in (tmp_path / "pack" / "consent.json").read_text()
    assert "fault" not in said.lower()
    erase(admin, benedita)
    admin.goto(f"/customers/{benedita}", wait_until="commit")
    expect(admin.get_by_text(NAME)).to_have_count(0)
    admin.goto(f"/events?customer={benedita}")
    expect(admin.locator("main")).to_contain_text("Erased")
    expect(admin.get_by_text("Sim, pode mandar")).to_have_count(0)


def opts_in_with_a_signed_form(page: Page) -> None:
    page.goto(TABLE)
    page.get_by_role("button", name=f"Record consent: {NAME}").click()
    record = dialog(page, f"Record consent — {NAME}")
    record.get_by_label("How was it given?").select_option("Paper form")
    record.get_by_label("Their words").fill("Sim, pode mandar")
    record.get_by_text("More proof").click()
    record.get_by_label("File").set_input_files(FORM)
    record.get_by_role("button", name="Record").click()
    expect(record).to_be_hidden()


def pack_of(page: Page, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name="Proof pack").click()
    with zipfile.ZipFile(download.value.path()) as pack:
        pack.extractall(folder / "pack")
    return folder / "pack"


def verified(folder: Path) -> str:
    """What the verifier says, which must be content."""
    command = [sys.executable, "-I", "verify.py"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def erase(page: Page, customer_id: int) -> None:
    page.get_by_role("link", name="Erase…").click()
    ask = dialog(page, f"Erase {NAME}")
    ask.get_by_label("In your words").fill("Asked for by letter")
    ask.get_by_label("Type the customer’s ID").fill(str(customer_id))
    ask.get_by_role("button", name="Erase").click()
    page.wait_for_url("**/customers")
    expect(row(page, customer_id)).to_have_count(0)
