"""Who was erased is kept off every list by a keyed hash, until they opt in again themselves."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.campaigns.factories import a_campaign, a_template
from tests.customers.erasure.erasures import NUMBER, WRITINGS, erased, wish
from tests.factories import NOON, a_customer, at
from tests.whatsapp.posting import apart, deliver, everybody, fails, says, state, the_ledger_is_whole
from webapp.campaigns import audience, named_people
from webapp.campaigns.segments import numbers as segment_numbers
from webapp.campaigns.sending import learning
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.sender import Accepted, Message, Recipient
from webapp.consent import ledger
from webapp.consent.gate import Category
from webapp.consent.ledger import Statement
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Source, Status
from webapp.customers import identities
from webapp.customers.addresses import addresses
from webapp.customers.commands import import_command
from webapp.customers.erasure import erasing, suppression_key, suppressions
from webapp.customers.erasure.suppressions import PersonErased, Suppression, SuppressionKey, WrongKey
from webapp.customers.importing import import_file
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db


@pytest.fixture
def tombstone(app) -> int:
    """The empty record of somebody with NUMBER who was erased on the day on which the tests play."""
    with app.app_context():
        customer_id = a_customer("Zenaide", Status.OPTED_IN, "+" + NUMBER).id
    erased(app, customer_id)
    return customer_id


def another_key(app) -> None:
    (app.config["HEED"].data_dir / suppression_key.FILE).write_text("ab" * 32)


def imported(app, file, content: str, **options):
    file.write_text(content, encoding="utf-8")
    with app.app_context():
        return import_file(file, actor="system", now=at(2000), **options)


def test_the_hash_cannot_be_found_by_trying_numbers(app, tombstone):
    with app.app_context():
        row = db.session.scalars(select(Suppression)).one()
        [identity] = addresses(phone="+" + NUMBER)
        for tried in {identity.match_key, NUMBER, "+" + NUMBER}:
            assert row.hash != hashlib.sha256(tried.encode()).hexdigest()
        assert row.hash == suppression_key.hashed(suppression_key.read(), identity.match_key)
        assert row.hash != suppression_key.hashed(bytes(32), identity.match_key)


def test_the_key_is_a_file_that_only_we_read_and_not_in_the_database(app, tombstone, tmp_path):
    file = tmp_path / suppression_key.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    key = file.read_text().strip()
    with app.app_context():
        kept = db.session.scalars(select(SuppressionKey.fingerprint)).one()
    assert kept not in key
    assert key not in kept
    assert not list(tmp_path.glob("*.part"))


def test_two_processes_that_make_the_key_at_once_have_one(app, tmp_path):
    def made(_: int) -> bytes:
        with app.app_context():
            return suppression_key.read_or_create()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda n: apart(made, n), range(4)))) == 1


def test_a_signing_key_makes_a_file_unnecessary(app, tmp_path):
    app.config["HEED"] = replace(app.config["HEED"], signing_key=b"s" * 32)
    with app.app_context():
        one = suppression_key.read_or_create()
        assert len(one) == 32
        assert one == suppression_key.read()
    assert not (tmp_path / suppression_key.FILE).exists()


def test_a_signing_key_may_be_set_after_the_first_erasure(app, tombstone):
    app.config["HEED"] = replace(app.config["HEED"], signing_key=b"s" * 32)
    with app.app_context():
        assert list(suppressions.standing(addresses(phone="+" + NUMBER)).values()) == [tombstone]


@pytest.mark.parametrize("content", ["", "00ff", "not a key", "é"])
def test_a_damaged_key_is_told_and_not_replaced(app, tombstone, tmp_path, content):
    (tmp_path / suppression_key.FILE).write_text(content, encoding="utf-8")
    with app.app_context(), writing(), pytest.raises(WrongKey):
        suppressions.standing(addresses(phone="+" + NUMBER))
    assert (tmp_path / suppression_key.FILE).read_text(encoding="utf-8") == content


@pytest.mark.parametrize("raw", WRITINGS)
def test_every_writing_of_the_number_is_known(app, tombstone, raw):
    with app.app_context():
        assert list(suppressions.standing(addresses(phone=raw)).values()) == [tombstone]
        with pytest.raises(PersonErased):
            suppressions.demand_nobody_erased(addresses(phone=raw))


def test_the_whatsapp_id_and_the_user_id_are_known_too(app):
    with app.app_context(), writing():
        customer = a_customer(phone="+" + NUMBER)
        identities.attach(customer, "user_id", "US.77", "whatsapp", NOON)
        erasing.erase(customer, wish())
        db.session.commit()
        for given in ({"wa_id": "551187654321"}, {"user_id": "US.77"}):
            assert suppressions.standing(addresses(**given))
        assert not suppressions.standing(addresses(phone="+5511987654322", user_id="US.78"))


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("raw", WRITINGS)
def test_an_import_refuses_the_row_as_erased(app, tombstone, tmp_path, raw, dry):
    rows = f"phone,name,consent,evidence\n{raw},Zenaide,opted_in,Form\n+4915123456789,Ute,,\n"
    report = imported(app, tmp_path / "list.csv", rows, dry_run=dry)
    assert (report.refused, report.created) == (1, 1)
    assert report.examples[0].startswith("line 2: erased:")
    with app.app_context():
        assert [one.name for one in everybody()] == (["", "Ute"] if not dry else [""])


def test_an_import_refuses_a_row_of_somebody_else_that_brings_the_number_along(app, tombstone, tmp_path):
    with app.app_context():
        identities.create(user_id="US.1", source="whatsapp", now=NOON)
        db.session.commit()
    report = imported(app, tmp_path / "list.csv", f"user_id,phone\nUS.1,+{NUMBER}\n")
    assert report.refused == 1
    with app.app_context():
        assert list(db.session.scalars(select(Identity.value))) == ["US.1"]


def test_a_dry_run_says_so_at_the_command_line(app, tombstone, tmp_path):
    (tmp_path / "list.csv").write_text(f"phone\n+{NUMBER}\n")
    ran = app.test_cli_runner().invoke(import_command, [str(tmp_path / "list.csv"), "--dry-run"])
    assert ran.exit_code == 0
    assert "1 refused" in ran.output


def test_an_opt_out_in_a_list_reaches_who_wrote_in_again_and_fills_nothing(app, tombstone, tmp_path):
    deliver(app, says("START", **{"from": NUMBER}))
    with app.app_context(), writing():
        db.session.scalars(select(Suppression)).one().lifted_at = None
        db.session.commit()
    rows = f"phone,name,consent,tags\n+{NUMBER},Old Name,opted_out,old\n"
    imported(app, tmp_path / "list.csv", rows)
    with app.app_context():
        fresh = everybody()[-1]
        assert (fresh.status, fresh.name, fresh.tags_json) == (Status.OPTED_OUT, "", [])


def test_an_import_under_another_key_is_refused_as_a_whole(app, tombstone, tmp_path):
    another_key(app)
    (tmp_path / "list.csv").write_text("phone\n+4915123456789\n")
    for dry in ([], ["--dry-run"]):
        ran = app.test_cli_runner().invoke(import_command, [str(tmp_path / "list.csv"), *dry])
        assert ran.exit_code == 1
        assert "cannot tell who was erased" in ran.output
    with app.app_context():
        assert len(everybody()) == 1


def test_a_lost_key_is_another_key(app, tombstone, tmp_path):
    os.rename(tmp_path / suppression_key.FILE, tmp_path / "away")
    with app.app_context(), writing():
        with pytest.raises(WrongKey):
            suppressions.standing(addresses(phone="+4915123456789"))
        db.session.rollback()
        customer = a_customer("Bo")
        with pytest.raises(WrongKey):
            erasing.erase(customer, wish())


def test_the_status_page_tells_of_the_key(app, desk, tombstone):
    assert "1 address is kept off every list" in desk("viewer").get("/status").text
    another_key(app)
    page = desk("viewer").get("/status").text
    assert "cannot tell who was erased" in page


def test_before_the_first_erasure_no_key_is_needed_and_none_is_made(app, tmp_path):
    imported(app, tmp_path / "list.csv", "phone\n+4915123456789\n")
    assert not (tmp_path / suppression_key.FILE).exists()


def hi(*others):
    return says("Hi", 9, **{"from": NUMBER, "from_user_id": "BR.1"}), *others


def somebody_else_says(number):
    return says("Hi", number, **{"from": f"1202555{number:04}"})


def by_answer(_app, customer) -> None:
    message = Message(Recipient("+1"), "news", "en", "heed:1:1", marketing=True)
    learning.learn([(Claimed(1, customer.id, message), Accepted("w", wa_id=NUMBER))], at(3000))
    db.session.commit()


SHOWN = {
    "alone": lambda app, _: deliver(app, *hi()),
    "among others": lambda app, _: deliver(app, *hi(*map(somebody_else_says, range(5)))),
    "as an answer": by_answer,
}


class TestWhoWritesIn:
    def test_is_a_fresh_customer_opted_out_since_the_erasure(self, app, tombstone):
        deliver(app, says("Hello?", **{"from": NUMBER}))
        with app.app_context():
            old, fresh = everybody()
            assert (old.id, old.erased_at, list(old.identities)) == (tombstone, at(1000), [])
            assert state(fresh) == ("opted_out",)
            [event] = ledger.history(fresh.id)
            assert (event.source, event.reason, event.occurred_at) == ("system", "erased", at(1000))
            assert the_ledger_is_whole()

    def test_is_opted_out_once_however_often_they_are_heard_of(self, app, tombstone):
        deliver(app, says("Hello?", **{"from": NUMBER}), fails(131050, recipient_id=NUMBER))
        with app.app_context():
            assert [event.kind for event in ledger.history(everybody()[1].id)] == ["consent", "platform_stop"]

    def test_may_get_service_messages_and_no_marketing(self, app, tombstone):
        deliver(app, says("Hello?", **{"from": NUMBER}))
        with app.app_context():
            fresh = everybody()[1]
            for category, reason in ((Category.UTILITY, {}), (Category.MARKETING, {"opted_out": 1})):
                campaign = a_campaign(a_template(category.lower(), category), fresh)
                assert audience.preview(campaign, category, at(2000)).suppressed == reason

    def test_opts_in_with_own_words_at_once_and_the_suppression_ends(self, app, tombstone, tmp_path):
        deliver(app, says("START", **{"from": NUMBER}))
        with app.app_context():
            assert state(everybody()[1]) == ("opted_in",)
            assert db.session.scalars(select(Suppression.lifted_at)).one() is not None
            assert the_ledger_is_whole()
        report = imported(app, tmp_path / "list.csv", f"phone,name\n+{NUMBER},Zenaide\n")
        assert (report.refused, report.updated) == (0, 1)

    def test_an_own_word_from_before_the_erasure_opens_nothing(self, app, tombstone):
        before = int((at(1000) - at(0)).total_seconds()) - 10
        late = says("START", **{"from": NUMBER, "timestamp": str(int(NOON.timestamp()) + before)})
        deliver(app, late)
        with app.app_context():
            assert state(everybody()[1]) == ("opted_out",)
            assert db.session.scalars(select(Suppression.lifted_at)).one() is None

    def test_among_hundreds_in_one_delivery_only_they_start_opted_out(self, app, tombstone):
        others = [says("Hello", message_id=f"w{n}", **{"from": str(447_946_000_000 + n)}) for n in range(20)]
        deliver(app, *others[:10], says("Hello", message_id="hers", **{"from": NUMBER}), *others[10:])
        with app.app_context():
            out = [one for one in everybody() if one.status == Status.OPTED_OUT]
            assert [[i.value for i in one.identities] for one in out] == [[NUMBER]]
            assert len(everybody()) == 22

    @pytest.mark.parametrize("way", ["alone", "among others", "as an answer"])
    def test_under_an_id_that_is_on_record_is_opted_out_too(self, app, tombstone, way):
        """The number, or the id, of the erased person comes to a customer who had opted in before."""
        with app.app_context():
            customer = identities.create(user_id="BR.1", source="whatsapp", now=NOON)
            ledger.record(customer, Statement(Status.OPTED_IN, Source.KEYWORD, "customer", NOON))
            db.session.commit()
            SHOWN[way](app, customer)
            db.session.rollback()
            assert (customer.status, the_ledger_is_whole()) == (Status.OPTED_OUT, True)

    def test_so_is_to_whom_a_receipt_shows_the_id_of_somebody_erased(self, app):
        with app.app_context():
            customer_id = identities.create(user_id="BR.1", source="whatsapp", now=NOON).id
            db.session.commit()
        erased(app, customer_id)
        with app.app_context():
            bo = a_customer("Bo", Status.OPTED_IN)
            learning.learn_user_ids({"BR.1": bo}, at(3000))
            db.session.commit()
            assert bo.status == Status.OPTED_OUT

    def test_but_not_who_opted_in_since(self, app, tombstone):
        with app.app_context():
            customer = identities.create(user_id="BR.1", source="whatsapp", now=NOON)
            ledger.record(customer, Statement(Status.OPTED_IN, Source.KEYWORD, "customer", at(2000)))
            db.session.commit()
            SHOWN["alone"](app, customer)
            db.session.rollback()
            assert customer.status == Status.OPTED_IN

    def test_is_opted_in_by_an_agent_with_evidence_as_usual(self, app, desk, tombstone):
        deliver(app, says("Hello?", **{"from": NUMBER}))
        with app.app_context():
            fresh = everybody()[1]
            fields = {"status": "opted_in", "channel": "in_store", "given_at": "",
                      "evidence": "Yes, again", "version": fresh.version}  # fmt: skip
            fresh_id = fresh.id
        page = f"/customers/{fresh_id}"
        client = desk("agent")
        assert "this person was erased before" in client.get(page).text
        assert client.htmx(f"{page}/consent", method="POST", page=page, **fields).status_code == 200
        with app.app_context():
            assert db.session.get_one(Customer, fresh_id).status == Status.OPTED_IN
            assert db.session.scalars(select(Suppression.lifted_at)).one() is not None

    def test_can_be_erased_again_and_is_suppressed_again(self, app, tombstone):
        deliver(app, says("START", **{"from": NUMBER}))
        with app.app_context():
            fresh_id = everybody()[1].id
        erased(app, fresh_id, 90_000_000)
        with app.app_context():
            row = db.session.scalars(select(Suppression)).one()
            assert (row.customer_id, row.lifted_at) == (fresh_id, None)

    def test_opts_in_with_own_words_when_the_key_is_damaged_too(self, app, tombstone, tmp_path):
        deliver(app, says("Hello?", **{"from": NUMBER}))
        (tmp_path / suppression_key.FILE).write_text("damaged")
        deliver(app, says("START", 5, **{"from": NUMBER}))
        with app.app_context():
            assert state(everybody()[1]) == ("opted_in",)

    def test_is_taken_in_without_the_key_too(self, app, tombstone):
        another_key(app)
        deliver(app, says("STOP", **{"from": NUMBER}), says("Hello", **{"from": "12025550107"}))
        with app.app_context():
            assert [one.status for one in everybody()[1:]] == ["opted_out", "unknown"]


def test_add_customer_refuses_with_a_sentence_and_keeps_what_was_typed(app, desk, tombstone):
    for raw in WRITINGS[:2]:
        answer = desk("agent").htmx("/customers/new", method="POST", phone=raw, name="Zenaide")
        assert answer.status_code == 409
        assert "This person was erased" in answer.text
        assert "Zenaide" in answer.text
    with app.app_context():
        assert len(everybody()) == 1


def test_add_customer_is_refused_under_another_key(app, desk, tombstone):
    another_key(app)
    answer = desk("agent").htmx("/customers/new", method="POST", phone="+4915123456789", name="Ute")
    assert answer.status_code == 409
    assert "cannot tell who was erased" in answer.text


def test_numbers_typed_for_an_audience_are_left_out_as_erased(app, tombstone):
    with app.app_context(), writing():
        numbers = named_people.look_up(named_people.typed(f"+{NUMBER}\n+4915123456789"))
        created = named_people.create(numbers, "agent", NOON)
        people = [db.session.get_one(Customer, id) for id in (*numbers.customers, *numbers.erased, *created)]
        campaign = a_campaign(a_template(), *people)
        found = audience.preview(campaign, Category.MARKETING, NOON).suppressed
        assert found == {"erased": 1, "no_consent": 1}
        assert len(everybody()) == 2


def test_numbers_typed_for_an_audience_are_refused_under_another_key(app, tombstone):
    another_key(app)
    with app.app_context():
        numbers = named_people.look_up(named_people.typed("+4915123456789"))
        assert numbers.fresh == {}
        assert "cannot tell who was erased" in numbers.sentence


def test_a_static_segment_does_not_take_who_was_erased(app, tombstone):
    with app.app_context(), writing():
        taken = segment_numbers.take(named_people.typed(f"+{NUMBER}"), add_unknown=True, now=NOON)
        assert (taken.customers, [left.why for left in taken.left]) == ([], ["This person was erased."])


def test_a_test_message_creates_nobody_who_was_erased(app, desk, tombstone):
    with app.app_context():
        campaign_id = a_campaign(a_template()).id
    answer = desk("manager").htmx(f"/campaigns/{campaign_id}/test", method="POST", phone="+" + NUMBER)
    assert "This person was erased" in answer.text
    with app.app_context():
        assert len(everybody()) == 1


def test_an_import_and_an_erasure_at_once_leave_nobody_behind(app, tmp_path):
    """Whichever comes first: in the end the person is erased, and not on record again."""
    with app.app_context():
        customer_id = a_customer("Zenaide", phone="+" + NUMBER).id
    rows = "".join(f"+4915123{n:06d},N{n}\n" for n in range(300))
    file = tmp_path / "list.csv"
    file.write_text(f"phone,name\n{rows}+{NUMBER},Zenaide\n", encoding="utf-8")

    def load() -> None:
        with app.app_context():
            import_file(file, actor="system", now=at(2000))
            db.session.remove()

    def erase() -> None:
        with app.app_context(), writing():
            erasing.erase(db.session.get_one(Customer, customer_id), wish())
            db.session.commit()
            db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(apart, load), pool.submit(apart, erase)]:
            done.result()
    with app.app_context():
        keys = {place.match_key for place in addresses(phone="+" + NUMBER)}
        assert db.session.scalars(select(Identity).where(Identity.match_key.in_(keys))).all() == []
        assert len(everybody()) == 301
        assert db.session.scalars(select(ConsentEvent.kind)).all() == ["erasure"]
