"""A manager reverts an import and reads in the log what became of it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from e2e.desk import Desk
from webapp import clock
from webapp.consent import batches, ledger
from webapp.consent.batches import BatchKind
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


def test_an_import_is_reverted_from_its_page(desk: Desk, browse: Callable[..., Page]) -> None:
    with desk.app.app_context(), writing():
        batch = batches.open_batch(BatchKind.IMPORT, "wrong list.csv", actor="user:1", now=clock.now())
        person = db.session.scalars(
            db.select(Customer).where(Customer.status == Status.OPTED_IN, Customer.held_at.is_(None)).limit(1)
        ).one()
        proof = Proof(words="From a list")
        said = Statement(
            Status.OPTED_OUT, Source.IMPORT, "user:1", clock.now(), proof=proof, batch_id=batch.id
        )
        ledger.record(person, said)
        path, customer_id = f"/events/batches/{batch.id}", person.id
        db.session.commit()
    page = browse("manager")
    page.goto(path)
    page.get_by_role("link", name="Revert").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 change of consent will be taken back")
    dialog.get_by_role("button", name="Revert").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Reverted", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Revert", exact=True)).to_have_count(0)
    page.goto(f"/events?customer={customer_id}")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Reverted: back to Opted In")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Opted Out → Opted In")


def test_a_person_is_found_by_number_without_a_number_in_the_address(browse: Callable[..., Page]) -> None:
    page = browse("agent")
    page.goto("/events?kind=consent")
    page.get_by_label("Customer").fill("+55 81 99061-7284")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("link", name="Show all customers")).to_be_visible()
    assert "99061" not in page.url
    assert "kind=consent" in page.url
