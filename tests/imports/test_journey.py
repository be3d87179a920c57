"""From a file to customers on record: upload, columns, dry run, import."""

from sqlalchemy import select

from tests.factories import a_customer
from webapp.consent.models import Batch, ConsentEvent
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.extensions import db


def people(app) -> dict[str, tuple]:
    with app.app_context():
        found = db.session.scalars(select(Customer).order_by(Customer.id))
        return {each.name: (each.status, tuple(each.tags_json), each.attrs_json) for each in found}


def test_a_list_comes_in_with_what_its_titles_mean(imports):
    import_id = imports.bring()
    said = imports.fields(import_id)
    assert [said[f"column-{n}"] for n in range(6)] == ["phone", "name", "tags", "consent", "", ""]
    page = imports.check(import_id, column_4="evidence", column_5="new", name_5="City", tags="spring, fair")
    assert page.find(id="import-start").get_text() == "Import 3 customers"
    assert people(imports.app) == {}
    imports.start(import_id)
    assert imports.row(import_id).state == "running"
    imports.work()
    assert people(imports.app) == {
        "Ana Souza": (Status.OPTED_IN, ("fair", "spring", "vip"), {"City": "São Paulo"}),
        "Bo Lima": (Status.OPTED_OUT, ("fair", "spring"), {"City": "Rio"}),
        "Cy Reis": (Status.UNKNOWN, ("fair", "new", "spring", "vip"), {"City": "Recife"}),
    }
    row = imports.row(import_id)
    assert (row.state, row.done, row.total, row.runner) == ("finished", 4, 4, None)
    with imports.app.app_context():
        batch = db.session.get_one(Batch, row.batch_id)
        assert (batch.title, batch.total, batch.done, batch.finished_at is not None) == (
            "list.csv",
            4,
            4,
            True,
        )
        assert {event.batch_id for event in db.session.scalars(select(ConsentEvent))} == {batch.id}


def test_a_dry_run_tells_what_would_happen_and_why_rows_are_refused(imports):
    with imports.app.app_context():
        a_customer("Bo", Status.OPTED_IN, phone="+55 11 96123-4568")
        a_customer("Cy Reis", Status.OPTED_OUT, phone="+55 11 96123-4569")
    import_id = imports.bring(
        "phone,name,consent,evidence\n+5511961234567,Ana,opted_in,\n+5511961234568,,opted_out,\n"
        "+5511961234569,,opted_in,Form 7\n+5511961234570,Di,maybe,\n"
    )
    imports.check(import_id)
    text = imports.text(import_id)
    assert "New customers 1" in text
    assert "Will change 1" in text
    assert "Stay as they are 1" in text
    assert "Rows refused 1" in text
    assert "1 opt-in without evidence: comes in without consent" in text
    assert "1 opted out before and stays so: an import never lifts an opt-out" in text
    assert "Consent: “maybe” is neither opted in nor opted out" in text
    assert "opted out on 2026-11-20 12:00 UTC by an import; an import never lifts an opt-out." in text


def test_words_of_consent_mean_what_a_person_says(imports):
    import_id = imports.bring(
        "phone,name,subscribed\n+5511961234567,Ana,Yes\n+5511961234568,Bo,NO\n+5511961234569,Cy,talvez\n"
        "+5511961234570,Di,-\n"
    )
    said = imports.fields(import_id)
    meant = {said[f"word-{n}"]: said[f"meaning-{n}"] for n in range(4)}
    assert meant == {"yes": "opted_in", "no": "opted_out", "talvez": "", "-": "none"}
    imports.check(import_id, evidence="Form at the fair", consent="opted_in")
    imports.start(import_id)
    imports.work()
    states = {name: status for name, (status, *_) in people(imports.app).items()}
    assert states == {"Ana": "opted_in", "Bo": "opted_out", "Di": "unknown"}
    assert imports.row(import_id).counts["refused"] == 1


def test_an_opt_out_stays_one_whatever_somebody_says_of_its_word(imports):
    import_id = imports.bring(
        "phone,name,consent\n+5511961234567,Ana,opted_out\n+5511961234568,Bo,OPTED_OUT\n"
    )
    before = imports.fields(import_id)
    assert "word-0" not in before
    said = {"word_0": "opted_out", "meaning_0": "opted_in", "evidence": "Form"}
    imports.check(import_id, **said)
    imports.start(import_id)
    imports.work()
    assert {status for status, *_ in people(imports.app).values()} == {Status.OPTED_OUT}


def test_an_opt_in_for_all_needs_its_evidence(imports):
    import_id = imports.bring("phone,name\n+5511961234567,Ana\n")
    answer = imports.say(import_id, then="check", consent="opted_in")
    assert answer.status_code == 422
    assert "Say how they agreed" in answer.text
    assert imports.row(import_id).state == "uploaded"
    imports.check(import_id, consent="opted_in", evidence="Form at the fair")
    imports.start(import_id)
    imports.work()
    assert people(imports.app)["Ana"][0] == Status.OPTED_IN


def test_a_long_file_is_checked_by_the_worker(imports):
    rows = "".join(f"+5511961{n:06},Person {n}\n" for n in range(2_001))
    import_id = imports.bring("phone,name\n" + rows)
    imports.say(import_id, then="check")
    assert imports.row(import_id).state == "checking"
    assert imports.queue == [("import", import_id)]
    assert "of about 2,001 rows checked" in imports.text(import_id)
    imports.work()
    assert "Import 2,001 customers" in imports.text(import_id)


def test_the_columns_can_be_changed_after_the_check(imports):
    import_id = imports.bring()
    imports.check(import_id)
    imports.client.send(f"/imports/{import_id}/back")
    assert (imports.row(import_id).state, imports.row(import_id).counts) == ("uploaded", {})
    imports.check(import_id, column_5="new", name_5="Cidade")
    assert "Import 3 customers" in imports.text(import_id)


def test_what_was_refused_is_handed_back_and_that_is_on_record(imports):
    import_id = imports.bring_in()
    assert "Download 2 rows to mend" in imports.text(import_id)
    answer = imports.client.get(f"/imports/{import_id}/refused")
    assert (
        answer.headers["Content-Disposition"]
        == f'attachment; filename="refused-rows-of-import-{import_id}.csv"'
    )
    head, *lines = answer.text.splitlines()
    assert head == "Telefone,Nome,Etiquetas,Opt-in,Origem,Cidade,line,reason"
    assert [line.split(",")[1] for line in lines] == ["Ana Souza", '51196E+12"']
    answer.close()
    listed = imports.client.soup("/events/disclosures").get_text(" ", strip=True)
    assert "Refused rows of an import" in listed


def test_the_batch_is_reverted_from_the_page_of_the_import(imports):
    import_id = imports.bring_in()
    batch_id = imports.row(import_id).batch_id
    page = imports.soup(import_id)
    assert page.find(id="import-revert")["href"] == f"/events/batches/{batch_id}/revert"
    imports.client.send(f"/events/batches/{batch_id}/revert")
    left = people(imports.app)
    assert "Bo Lima" in left
    assert "Ana Souza" not in left
    assert "Reverted by batch" in imports.text(import_id)
    assert imports.soup(import_id).find(id="import-revert") is None
