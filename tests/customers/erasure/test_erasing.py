"""Erasing a person: nothing personal is left, the ledger stays whole, and it is done once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.customers.erasure.erasures import (
    NAME,
    NUMBER,
    WAMID,
    erased,
    found_in_tables,
    found_on_disk,
    somebody,
    wish,
)
from tests.exhibits import a_png
from tests.factories import NOON, a_customer, at
from tests.whatsapp.deliveries import a_body, a_change
from tests.whatsapp.posting import (
    apart,
    decisions,
    deliver,
    everybody,
    fails,
    kept,
    moves,
    post,
    says,
    state,
    the_ledger_is_whole,
)
from webapp.campaigns import erased_people
from webapp.campaigns.models import Delivery, IdempotencyKey
from webapp.campaigns.sending import statuses
from webapp.campaigns.sending.statuses import News
from webapp.consent import ledger, ledger_check
from webapp.consent.file_kinds import read_upload
from webapp.consent.ledger import Proof
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import Kind, Status
from webapp.customers import consenting, identities, merging
from webapp.customers.erasure import erasing
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure.erasing import AlreadyErased, Erasure, OthersChanged, TellingReason
from webapp.customers.models import Customer, Identity, Tag
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage


def test_nothing_personal_is_left_in_any_table_or_file(app, tmp_path):
    customer_id = somebody(app)
    (tmp_path / "imports").mkdir()
    left = tmp_path / "imports" / "old.rejected.csv"
    left.write_text(f"phone,name,line,reason\n(11) 98765-4321,{NAME},2,why\n+4915123456789,Ute,3,why\n")
    (tmp_path / "odd.rejected.csv").write_bytes(b"\xff\x00\n")
    places = {table for table, _ in found_in_tables(app)}
    assert places >= {"customers", "identities", "evidence", "holds", "inbound_messages", "deliveries",
                      "customer_attrs"}, "the test stages what it looks for"  # fmt: skip
    erased(app, customer_id)
    assert found_in_tables(app) == []
    assert found_on_disk(tmp_path) == []
    assert "Ute" in left.read_text()
    assert (tmp_path / "odd.rejected.csv").read_bytes() == b"\xff\x00\n"
    with app.app_context():
        assert ledger_check.first_fault() is None


def test_the_record_stays_empty_with_its_history_and_an_event_of_the_erasure(app):
    customer_id = somebody(app)
    with app.app_context():
        before = [event.id for event in ledger.history(customer_id)]
    erased(app, customer_id)
    with app.app_context():
        gone = db.session.get_one(Customer, customer_id)
        assert (gone.label, gone.erased_at, gone.status) == (f"Customer {customer_id}", at(1000), "opted_in")
        *earlier, last = ledger.history(customer_id)
        assert [event.id for event in earlier] == before
        assert (last.kind, last.source, last.actor, last.reason, last.effect) == (
            Kind.ERASURE, "agent", "user:1", "request", "changed",
        )  # fmt: skip
        row = db.session.scalars(select(Erasure)).one()
        assert (row.customer_id, row.event_id, row.why) == (customer_id, last.id, "Asked by letter")
        assert db.session.scalar(select(Tag.n).where(Tag.name == "VIP")) == 0
        assert db.session.scalars(select(Hold)).all() == []


def test_a_second_erasure_finds_nobody(app):
    with app.app_context(), writing():
        customer = a_customer()
        erasing.erase(customer, wish())
        db.session.commit()
        with pytest.raises(AlreadyErased):
            erasing.erase(customer, wish())


def test_two_admins_at_once_erase_once(app):
    with app.app_context():
        customer_id = a_customer().id

    def attempt(_: int) -> str:
        with app.app_context(), writing():
            try:
                erasing.erase(db.session.get_one(Customer, customer_id), wish())
                db.session.commit()
                return "erased"
            except AlreadyErased:
                return "late"
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(lambda n: apart(attempt, n), range(2))) == ["erased", "late"]


@pytest.mark.parametrize(
    "why",
    [
        "Zenaide asked", f"{NAME} asked", "ZENAIDE QUIXADA wrote", "see 5511987654321",
        "from +55 (11) 98765-4321", "US.77 asked",
    ],
)  # fmt: skip
def test_a_reason_that_tells_who_it_was_is_refused(app, why):
    with app.app_context(), writing():
        customer = a_customer("Zenaide Quixadá", phone="+" + NUMBER)
        identities.attach(customer, "user_id", "US.77", "whatsapp", NOON)
        db.session.commit()
        if why == "Zenaide asked":
            erasing.erase(customer, wish(why=why))  # a first name alone is many people's
            return
        with pytest.raises(TellingReason):
            erasing.erase(customer, wish(why=why))
        db.session.rollback()
        assert customer.name == NAME


def test_a_hostile_reason_is_kept_as_text(app, desk):
    with app.app_context(), writing():
        erasing.erase(a_customer(), wish(why="'); DROP TABLE customers; --<script>"))
        db.session.commit()
        assert db.session.scalar(select(Erasure.why)) == "'); DROP TABLE customers; --<script>"


def test_records_that_were_merged_go_too(app):
    with app.app_context(), writing():
        kept, gone = a_customer("Ana"), a_customer("Ana S.", Status.OPTED_IN)
        merging.merge(kept, gone, actor="user:1", now=NOON, why="The same")
        db.session.commit()
        ids = kept.id, gone.id
        assert erasing.erase(kept, wish()) == 2
        db.session.commit()
        for id in ids:
            one = db.session.get_one(Customer, id)
            assert (one.name, one.search, one.erased_at) == ("", "", at(1000))
        assert db.session.scalars(select(Evidence)).all() == []
        db.session.remove()
        assert ledger_check.first_fault() is None


def test_who_may_be_the_same_person_is_left_unless_chosen(app):
    with app.app_context(), writing():
        one = a_customer("Ana", phone="+55 11 98765-4321")
        twin = identities.create(name="Ana twin", wa_id="551187654321", source="whatsapp", now=NOON)
        stranger = a_customer("Bo")
        db.session.commit()
        assert erasing.others(one) == [twin]
        with pytest.raises(OthersChanged):
            erasing.erase(one, wish(), also=[stranger.id])
        db.session.rollback()
        erasing.erase(one, wish(), also=[twin.id])
        db.session.commit()
        assert [c.erased_at is not None for c in (one, twin, stranger)] == [True, True, False]


def test_others_keep_their_messages_and_evidence(app):
    deliver(app, says("STOP", **{"from": "12025550107"}))
    customer_id = somebody(app)
    erased(app, customer_id)
    with app.app_context():
        [joe] = identities.all_by_any_phone("+1 202 555 0107")
        assert [proof.words for proof in db.session.scalars(select(Evidence))] == ["STOP"]
        kept = db.session.scalars(select(InboundMessage).where(InboundMessage.customer_id == joe.id)).one()
        assert (b"STOP" in kept.raw, kept.key) == (True, "message:wamid.STOP0")


def test_a_message_of_another_person_that_holds_the_number_is_emptied_and_still_known(app):
    customer_id = somebody(app)
    card = says(f"Call +{NUMBER}", message_id="wamid.card", **{"from": "12025550107"})
    deliver(app, card)
    erased(app, customer_id)
    deliver(app, card)
    with app.app_context():
        rows = db.session.scalars(select(InboundMessage).where(InboundMessage.key == "message:wamid.card"))
        assert [row.raw for row in rows] == [b""]


def test_a_repeated_delivery_brings_nobody_back(app):
    change = says("Hello", message_id=WAMID, **{"from": NUMBER})
    deliver(app, change)
    with app.app_context():
        [customer] = everybody()
        customer_id = customer.id
    erased(app, customer_id)
    deliver(app, change)
    with app.app_context():
        assert db.session.scalars(select(Identity)).all() == []
        assert len(everybody()) == 1


def test_nor_does_a_repeated_notice_that_they_moved(app):
    moved = moves(NUMBER, "12025550188")
    deliver(app, moved)
    with app.app_context():
        [customer] = everybody()
        customer_id = customer.id
    erased(app, customer_id)
    deliver(app, moved)
    with app.app_context():
        assert [one.erased_at is not None for one in everybody()] == [True]


def test_a_stop_of_whose_number_came_back_to_the_empty_record_is_applied(app):
    """A message on the wire brought it; the sweep takes it away again."""
    with app.app_context():
        customer_id = a_customer().id
    erased(app, customer_id)
    with app.app_context():
        late = Identity(customer_id=customer_id, kind="wa_id", value=NUMBER, match_key=NUMBER,
                        source="whatsapp", created_at=NOON)  # fmt: skip
        db.session.add(late)
        db.session.commit()
    deliver(app, says("STOP", **{"from": NUMBER}))
    with app.app_context():
        assert decisions() == ["opt_out"]
        assert the_ledger_is_whole()


def test_whatsapps_word_that_who_is_back_stopped_our_marketing_counts_for_the_new_record(app):
    """It came for a message of before the erasure, which the old record had got."""
    with app.app_context(), writing():
        customer = a_customer(status=Status.OPTED_IN, phone="+" + NUMBER)
        [row] = claimed(a_running_campaign(a_template(), customer), 10).rows
        db.session.commit()
        customer_id, callback = customer.id, row.message.callback
    erased(app, customer_id)
    told = fails(131050, 60, recipient_id=NUMBER, biz_opaque_callback_data=callback)
    deliver(app, told)
    deliver(app, says("START", 50, **{"from": NUMBER}), told)
    deliver(app, fails(131050, 70, status="read", recipient_id=NUMBER, biz_opaque_callback_data=callback))
    with app.app_context():
        assert decisions() == ["opt_in", "platform_stop"]
        assert state(everybody()[-1]) == ("opted_in", "stopped")
        assert the_ledger_is_whole()


def test_an_answer_under_an_idempotency_key_goes_too(app):
    with app.app_context(), writing():
        one, other = a_customer(), a_customer("Bo")
        for customer in (one, other):
            db.session.add(IdempotencyKey(actor="token:1", key=str(customer.id), fingerprint="f", status=201,
                                          answer={"customer_id": customer.id, "evidence": "words"},
                                          created_at=NOON))  # fmt: skip
        db.session.commit()
        erasing.erase(one, wish())
        db.session.commit()
        assert list(db.session.scalars(select(IdempotencyKey.key))) == [str(other.id)]


class TestAMessageOnTheWire:
    @pytest.fixture
    def delivery(self, app) -> int:
        somebody(app)
        with app.app_context():
            return db.session.scalars(select(Delivery.id)).one()

    def test_its_receipt_settles_the_row_and_is_not_kept(self, app, delivery):
        with app.app_context():
            row = db.session.get_one(Delivery, delivery)
            customer_id, campaign_id = row.customer_id, row.campaign_id
        erased(app, customer_id)
        for word in ("delivered", "read", "read"):
            callback = f"heed:{campaign_id}:{delivery}"
            receipt = {"id": WAMID + "O", "status": word, "timestamp": "1795165200", "recipient_id": NUMBER,
                       "biz_opaque_callback_data": callback}  # fmt: skip
            assert post(app.test_client(), a_body(a_change(statuses=[receipt]))).status_code == 200
        with app.app_context():
            assert db.session.get_one(Delivery, delivery).state == "read"
        assert found_in_tables(app) == []

    def test_its_receipt_is_not_kept_when_it_took_two_attempts(self, app, delivery):
        with app.app_context():
            customer_id = db.session.get_one(Delivery, delivery).customer_id
        erased(app, customer_id)
        receipt = {"id": WAMID + "O", "status": "read", "timestamp": "1795165200", "recipient_id": NUMBER}
        attempts = []

        def fails_first(*_: object) -> None:
            attempts.append(1)
            if len(attempts) == 1:
                raise ValueError

        event.listen(Delivery, "before_update", fails_first)
        try:
            assert post(app.test_client(), a_body(a_change(statuses=[receipt]))).status_code == 200
        finally:
            event.remove(Delivery, "before_update", fails_first)
        with app.app_context():
            assert db.session.get_one(Delivery, delivery).state == "read"
        assert found_in_tables(app) == []

    def test_many_receipts_in_one_delivery_leave_nothing_either(self, app, delivery):
        with app.app_context():
            customer_id = db.session.get_one(Delivery, delivery).customer_id
        erased(app, customer_id)
        receipts = [
            {"id": WAMID + "O", "status": word, "timestamp": "1795165200", "recipient_id": NUMBER}
            for word in ("delivered", "read")
        ]
        assert post(app.test_client(), a_body(a_change(statuses=receipts))).status_code == 200
        assert found_in_tables(app) == []

    @pytest.mark.parametrize("recipient", [NUMBER, None])
    def test_a_late_stop_by_receipt_creates_nobody_and_is_not_kept(self, app, delivery, recipient):
        with app.app_context():
            customer_id, before = db.session.get_one(Delivery, delivery).customer_id, len(everybody())
        erased(app, customer_id)
        self.stops(app, recipient)
        with app.app_context():
            assert len(everybody()) == before
        assert found_in_tables(app) == []

    def test_nor_is_one_while_the_number_is_back_at_the_empty_record(self, app, delivery):
        with app.app_context():
            customer_id = db.session.get_one(Delivery, delivery).customer_id
        erased(app, customer_id)
        with app.app_context(), writing():
            before = len(kept())
            late = Identity(customer_id=customer_id, kind="wa_id", value=NUMBER, match_key=NUMBER,
                            source="whatsapp", created_at=NOON)  # fmt: skip
            db.session.add(late)
            db.session.commit()
        self.stops(app, NUMBER)
        with app.app_context():
            assert len(kept()) == before

    def stops(self, app, recipient):
        receipt = {"id": WAMID + "O", "status": "failed", "timestamp": "1795165200",
                   "recipient_id": recipient, "errors": [{"code": 131050, "title": "stopped"}]}  # fmt: skip
        assert post(app.test_client(), a_body(a_change(statuses=[receipt]))).status_code == 200

    def test_an_answer_that_comes_after_the_erasure_is_veiled_by_the_sweep(self, app, delivery):
        with app.app_context():
            customer_id = db.session.get_one(Delivery, delivery).customer_id
        erased(app, customer_id)
        with app.app_context(), writing():
            db.session.get_one(Delivery, delivery).wamid = WAMID
            late = Identity(customer_id=customer_id, kind="wa_id", value=NUMBER, match_key=NUMBER,
                            source="whatsapp", created_at=NOON)  # fmt: skip
            db.session.add(late)
            db.session.commit()
        assert found_in_tables(app) != []
        erased_people.sweep_message_ids(app)
        with app.app_context(), writing():
            assert erasing.sweep(at(2000)) == 1
            db.session.commit()
        assert found_in_tables(app) == []

    def test_a_first_receipt_after_the_erasure_leaves_no_id(self, app):
        customer_id = somebody(app)
        with app.app_context(), writing():
            row = db.session.scalars(select(Delivery)).one()
            row.wamid, row.state = None, "sending"
            callback = f"heed:{row.campaign_id}:{row.id}"
            db.session.commit()
        erased(app, customer_id)
        with app.app_context(), writing():
            statuses.apply([News(callback, WAMID, "sent", None, at(1100))], at(1100))
            db.session.commit()
        assert found_in_tables(app) == []


def test_the_list_of_erasures_names_no_number(app, tmp_path):
    customer_id = somebody(app)
    erased(app, customer_id)
    [line] = (tmp_path / erasure_log.FILE).read_text().splitlines()
    entry = json.loads(line)
    assert [record["id"] for record in entry["records"]] == [customer_id]
    assert len(entry["hashes"]) == 1, "the number and its WhatsApp id have one key"
    assert (tmp_path / erasure_log.FILE).stat().st_mode & 0o777 == 0o600


def test_tags_of_others_stay(app):
    with app.app_context(), writing():
        one, other = a_customer(), a_customer("Bo")
        for customer in (one, other):
            tags.set_tags(customer, ["vip"])
        erasing.erase(one, wish())
        db.session.commit()
        assert db.session.scalar(select(Tag.n)) == 1
        assert other.tags_json == ["vip"]


def test_the_files_that_proved_a_consent_go_from_the_disk_unless_they_prove_another(app, tmp_path):
    def opts_in(customer, content):
        proof = Proof("paper_form", "Signed")
        consenting.opt_in(customer, proof, upload=read_upload(content, "form.png"), version=customer.version,
                          stated_at=None, actor="user:1", now=at(1))  # fmt: skip

    with app.app_context(), writing():
        one, other = a_customer("Zenaide"), a_customer("Ute")
        opts_in(one, a_png(b"shared"))
        opts_in(other, a_png(b"shared"))
        db.session.commit()
        consenting.opt_out(one, actor="user:1", now=at(2))
        opts_in(one, a_png(b"her own"))
        db.session.commit()
        one_id = one.id
    assert len(list((tmp_path / "evidence").glob("*/*"))) == 2
    erased(app, one_id)
    [left] = (tmp_path / "evidence").glob("*/*")
    assert b"shared" in left.read_bytes()
    with app.app_context():
        assert ledger_check.first_fault(read_files=True) is None


def test_the_ledger_is_whole_after_all(app):
    erased(app, somebody(app))
    with app.app_context():
        assert the_ledger_is_whole()
