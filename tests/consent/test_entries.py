"""What an entry of the ledger says, column by column, and what its digest is over."""

from dataclasses import fields, replace
from hashlib import sha256

import pytest
from sqlalchemy import update

from tests.factories import a_customer, at
from webapp import many_rows
from webapp.consent import batches, in_bulk, ledger, undoing, written
from webapp.consent.batches import BatchKind
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import EvidenceMissing, Kind, OptedOutStands, Source, Status, Turn, Verdict
from webapp.consent.together import together
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
FULL = Proof("web_form", "Yes", "YES", "wamid.A", "https://shop.example/form", "ab" * 32, "form.pdf", 3, 2)
KEPT = replace(FULL, file_sha256=None, wording_id=None)
"""Without what refers to other tables."""
SAID = Proof("whatsapp", "STOP")
SIGNAL = Signal(Source.WHATSAPP, "whatsapp", at(9), stated_at=at(5), message_id="wamid.A", proof=SAID,
                rule_version="7")  # fmt: skip


COLUMNS = [column.name for column in ConsentEvent.__table__.columns]


@pytest.fixture
def database_url(sqlite_url):
    """What an entry says is put together in Python; that it is kept is tested on both in `test_ledger`."""
    return sqlite_url


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


@pytest.fixture
def ana():
    return a_customer("Ana", IN)


@pytest.fixture
def batch():
    opened = batches.open_batch(BatchKind.IMPORT, "list.csv", actor="user:1", now=at(1))
    db.session.commit()
    return opened.id


def told(event, *names):
    """These columns as the database has them."""
    db.session.flush()
    db.session.refresh(event)
    return tuple(getattr(event, name) for name in names)


class TestTheDigest:
    @pytest.mark.parametrize("name", [field.name for field in fields(Proof)])
    def test_each_part_of_the_proof_counts(self, name):
        other = 9 if name.startswith("wording") else "something else"
        assert ledger.digest(b"n", FULL) != ledger.digest(b"n", replace(FULL, **{name: other}))

    def test_the_nonce_counts(self):
        assert ledger.digest(b"n", FULL) != ledger.digest(b"m", FULL)

    def test_proof_from_before_there_were_links_and_files_has_the_digest_that_it_had(self):
        assert Proof("a", "b", "c", "d").content == ["a", "b", "c", "d"]
        assert Proof("a", "b", "c", "d", wording_version=2).content[4:] == [["", None, "", None, 2]]

    def test_a_message_id_is_kept_as_its_digest_whatever_signs_it_has(self):
        assert ledger.external_id("wamid.A") == sha256(b"wamid.A").hexdigest()
        assert len(ledger.external_id("\ud800")) == 64
        assert ledger.external_id("") is ledger.external_id(None) is None


class TestProofOfConsent:
    @pytest.mark.parametrize(
        "proof", [Proof(words="Yes"), Proof(link="https://a.example"), Proof(file_sha256="a")]
    )
    def test_words_a_link_or_a_file_is_enough(self, ana, proof):
        assert Statement(IN, Source.AGENT, "user:1", at(5), proof=proof).change.has_evidence

    @pytest.mark.parametrize(
        "proof", [Proof(), Proof(words=" \n"), Proof("web_form", matched="YES", file_name="a.pdf")]
    )
    def test_blank_words_and_names_prove_nothing(self, proof):
        customer = a_customer()
        with pytest.raises(EvidenceMissing):
            ledger.record(customer, Statement(IN, Source.AGENT, "user:1", at(5), proof=proof))


class TestAStatement:
    def test_its_entry_says_who_what_when_by_which_rule_and_for_which_batch(self, ana, batch):
        mine = ana.identities[0].id
        event = ledger.record(ana, Statement(
            OUT, Source.KEYWORD, "customer", at(9), stated_at=at(5), identity_id=mine, message_id="wamid.A",
            proof=SAID, batch_id=batch, rule_version="7", reason="asked_twice",
        ))  # fmt: skip
        assert told(event, "customer_id", "kind", "status", "source", "actor", "identity_id") == (
            ana.id, Kind.CONSENT, OUT, Source.KEYWORD, "customer", mine,
        )  # fmt: skip
        assert told(event, "external_id", "rule_version", "effect", "reason", "batch_id", "compensates") == (
            ledger.external_id("wamid.A"), "7", "changed", "asked_twice", batch, None,
        )  # fmt: skip
        assert told(event, "occurred_at", "recorded_at") == (at(5), at(9))

    def test_why_it_changed_nothing_goes_before_why_it_was_recorded(self, ana):
        ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5)))
        again = Statement(OUT, Source.KEYWORD, "customer", at(6), reason="asked_twice")
        assert told(ledger.record(ana, again), "effect", "reason") == ("none", "same_status")

    def test_without_anything_to_prove_it_no_evidence_is_kept(self, ana):
        event = ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5)))
        assert told(event, "evidence_digest") == ("",)
        assert db.session.get(Evidence, event.id) is None

    def test_its_evidence_is_kept_whole_under_a_nonce_of_its_own(self, ana):
        first = ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5), proof=KEPT))
        second = ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(6), proof=SAID))
        kept, other = (db.session.get_one(Evidence, event.id) for event in (first, second))
        assert Proof.of(kept) == KEPT
        assert first.evidence_digest == ledger.digest(kept.nonce, Proof.of(kept))
        assert len(kept.nonce) == 16
        assert kept.nonce != other.nonce

    def test_one_message_is_recorded_for_everybody_whom_it_concerns_and_for_each_kind(self, ana):
        ben = a_customer("Ben", IN)
        said = Statement(OUT, Source.KEYWORD, "customer", at(5), message_id="wamid.A")
        events = [
            ledger.record(ana, said),
            ledger.record(ben, said),
            ledger.record_platform(ana, Turn.STOPPED, SIGNAL),
        ]
        assert [event.effect for event in events] == ["changed"] * 3
        assert ledger.record_platform(ana, Turn.STOPPED, SIGNAL) is events[2]
        assert len({event.id for event in events}) == 3

    def test_two_statements_without_a_message_are_two(self, ana):
        first, second = (
            ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5), message_id=nothing))
            for nothing in (None, "")
        )
        assert first is not second

    def test_forms_and_polls_see_each_entry(self, ana):
        before = ana.version, ana.events_count
        ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5)))
        ledger.record_platform(ana, Turn.STOPPED, SIGNAL)
        assert (ana.version, ana.events_count) == (before[0] + 2, before[1] + 2)

    def test_what_was_changed_before_the_lock_is_not_lost(self, ana):
        ana.name = "Ana Maria"
        ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5)))
        db.session.refresh(ana)
        assert ana.name == "Ana Maria"


class TestWhoReturns:
    @pytest.fixture
    def returned(self, monkeypatch):
        seen = []
        monkeypatch.setattr(ledger, "_returns", [])
        follow = ledger.on_return(lambda customer, now: seen.append((customer.id, now)))
        assert ledger._returns == [follow]
        return seen

    def opts(self, customer, status, second):
        ledger.record(customer, Statement(status, Source.KEYWORD, "customer", at(second)))

    def test_is_noticed_once(self, returned):
        ana = a_customer("Ana", OUT)
        for second in (5, 6):
            self.opts(ana, IN, second)
        assert returned == [(ana.id, at(5))]

    def test_is_nobody_who_was_not_opted_out_or_stays_so(self, returned, ana):
        self.opts(a_customer("Ben"), IN, 5)
        self.opts(ana, OUT, 5)
        self.opts(a_customer("Cleo", OUT), IN, -5)
        assert returned == []

    def test_is_nobody_whom_an_import_wants_back(self, returned):
        with pytest.raises(OptedOutStands):
            ledger.record(a_customer("Ben", OUT), Statement(IN, Source.IMPORT, "system", at(5), proof=FULL))
        assert returned == []


class TestASignal:
    COLUMNS = ("kind", "status", "source", "actor", "effect", "reason", "occurred_at", "recorded_at")

    def test_whatsapps_own_stop_says_by_which_message_and_rule(self, ana):
        mine = ana.identities[0].id
        event = ledger.record_platform(ana, Turn.STOPPED, replace(SIGNAL, identity_id=mine))
        assert told(event, *self.COLUMNS) == (
            Kind.PLATFORM_STOP, Turn.STOPPED, Source.WHATSAPP, "whatsapp", "changed", "", at(5), at(9),
        )  # fmt: skip
        assert told(event, "identity_id", "external_id", "rule_version", "customer_id") == (
            mine, ledger.external_id("wamid.A"), "7", ana.id,
        )  # fmt: skip
        assert (ana.platform_stop_at, ana.status) == (at(5), IN)

    def test_one_from_the_future_counts_as_now(self, ana):
        event = ledger.record_platform(ana, Turn.STOPPED, replace(SIGNAL, stated_at=at(900)))
        assert told(event, "occurred_at") == (at(9),)

    @pytest.mark.parametrize(
        ("record", "kind", "occurred", "external"),
        [
            (ledger.record_identity, Kind.IDENTITY, at(5), ledger.external_id("wamid.A")),
            (ledger.record_erasure, Kind.ERASURE, at(9), None),
        ],
    )
    def test_about_who_it_is_leaves_the_consent_alone(self, ana, record, kind, occurred, external):
        before = ana.consent
        event = record(ana, "number_changed", SIGNAL)
        assert told(event, *self.COLUMNS) == (
            kind, None, Source.WHATSAPP, "whatsapp", "changed", "number_changed", occurred, at(9),
        )  # fmt: skip
        assert told(event, "external_id", "customer_id") == (external, ana.id)
        assert db.session.get_one(Evidence, event.id).words == "STOP"
        assert ana.consent == before


@pytest.mark.parametrize(
    "record",
    [
        lambda ana: ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5))),
        lambda ana: ledger.record_platform(ana, Turn.STOPPED, SIGNAL),
        lambda ana: ledger.record_identity(ana, "number_changed", SIGNAL),
        lambda ana: ledger.record_erasure(ana, "asked", SIGNAL),
    ],
)
def test_an_entry_follows_what_another_wrote_since_the_customer_was_read(ana, record):
    assert (ana.version, ana.events_count) == (2, 1)
    written = update(Customer).values(version=41, events_count=7)
    db.session.execute(written.execution_options(synchronize_session=False))
    record(ana)
    assert (ana.version, ana.events_count) == (42, 8)


def test_so_does_an_undo(ana):
    said = ledger.record(ana, Statement(OUT, Source.AGENT, "user:1", at(5)))
    written = update(Customer).values(version=41, events_count=7)
    db.session.execute(written.execution_options(synchronize_session=False))
    undoing.undo(ana, said.id, actor="user:1", now=at(6))
    assert (ana.version, ana.events_count) == (42, 8)


class TestManyTogether:
    """The ledger does not ask again what was asked for all of them at once."""

    @pytest.fixture
    def ben(self):
        return a_customer("Ben", IN)

    def test_a_message_is_recorded_once_for_each_customer_and_kind_as_it_is_one_by_one(self, ana, ben):
        said = Statement(OUT, Source.KEYWORD, "customer", at(5), message_id="wamid.A")
        before = ledger.record(ana, said)
        with together([ana, ben], [ledger.external_id(f"wamid.{letter}") for letter in "AB"]):
            first = [self.events(ana, ben, said) for _ in range(2)]
        assert first[0] == first[1]
        assert first[0][0] is before
        assert len({event.id for event in first[0]}) == 4

    def events(self, ana, ben, said):
        return [
            ledger.record(ana, said), ledger.record(ana, replace(said, message_id="wamid.B")),
            ledger.record(ben, said), ledger.record_platform(ana, Turn.STOPPED, SIGNAL),
        ]  # fmt: skip

    def test_of_who_is_not_among_them_it_asks_all_the_same(self, ana, ben):
        assert (ana.version, ben.version) == (2, 2)
        written = update(Customer).values(version=41)
        db.session.execute(written.execution_options(synchronize_session=False))
        with together([ana], events=2):
            for each in (ana, ben):
                ledger.record(each, Statement(OUT, Source.KEYWORD, "customer", at(5)))
        assert (ana.version, ben.version) == (3, 42)


class TestInBulk:
    @pytest.fixture
    def bulk(self):
        return in_bulk.Ledger(many_rows.numbers(ConsentEvent.id, 2))

    def test_an_entry_says_what_it_says_one_by_one(self, ana, bulk):
        ben = a_customer("Ben", IN)
        said = Statement(OUT, Source.IMPORT, "user:1", at(9), stated_at=at(5), proof=KEPT, rule_version="7")
        one = ledger.record(ana, said)
        ledger.record(a_customer("Without evidence"), Statement(OUT, Source.KEYWORD, "customer", at(5)))
        effect, after = bulk.record(ben.id, ben.consent, said)
        bulk.write()
        assert written.events_of(db.session())[-1].customer_id == ben.id
        event = ledger.history(ben.id)[-1]
        same = [column for column in COLUMNS if column not in ("id", "customer_id", "evidence_digest")]
        assert told(event, *same) == told(one, *same)
        assert (effect, after) == ("changed", replace(ana.consent, status_event_id=event.id))
        kept = db.session.get_one(Evidence, event.id)
        assert (Proof.of(kept), len(kept.nonce)) == (KEPT, 16)
        assert event.evidence_digest == ledger.digest(kept.nonce, KEPT)

    def test_what_repeats_the_state_is_entered_where_it_is_wanted(self, bulk):
        ben = a_customer("Ben", OUT)
        said = Statement(OUT, Source.IMPORT, "user:1", at(9))
        assert bulk.record(ben.id, ben.consent, said) is None
        assert bulk.record(ben.id, ben.consent, said, seconds=True)[0] == "none"


class TestTheBatch:
    def test_is_that_of_all_that_is_recorded_of_customers_inside(self, ana, batch):
        with ledger.in_batch(batch):
            inside = [
                ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5))),
                ledger.record_platform(ana, Turn.STOPPED, SIGNAL),
                ledger.record_policy({"a": 1}, {"a": 2}, actor="user:1", now=at(6)),
            ]
        assert [event.batch_id for event in inside] == [batch, batch, None]
        outside = ledger.record(ana, Statement(IN, Source.KEYWORD, "customer", at(7)))
        assert told(outside, "batch_id") == (None,)

    def test_ends_with_whatever_went_wrong_inside(self, ana, batch):
        with pytest.raises(ZeroDivisionError), ledger.in_batch(batch):
            raise ZeroDivisionError
        assert told(ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(5))), "batch_id") == (
            None,
        )


def test_a_change_of_the_settings_is_about_nobody_and_keeps_both_values():
    event = ledger.record_policy({"words": ["STOP"]}, {"words": ["PARE"]}, actor="user:1", now=at(6))
    assert told(event, "customer_id", "kind", "source", "actor", "effect", "occurred_at", "recorded_at") == (
        None, Kind.POLICY, Source.AGENT, "user:1", "changed", at(6), at(6),
    )  # fmt: skip
    kept = db.session.get_one(Evidence, event.id)
    assert (kept.channel, kept.words) == (
        "settings",
        '{"before":{"words":["STOP"]},"after":{"words":["PARE"]}}',
    )


def test_a_compensation_is_entered_and_gives_the_state_that_it_leads_to(ana):
    before = ana.consent
    ledger.record(ana, Statement(OUT, Source.AGENT, "user:1", at(5)))
    counted = ana.events_count
    event = ledger.new_event(
        ana, Kind.CONSENT, Verdict("changed", at(6)), source=Source.AGENT, actor="user:1", now=at(6)
    )
    ledger.append_compensation(ana, event, before)
    assert (ana.consent, ana.events_count) == (before, counted + 1)
    assert ledger.history(ana.id)[-1].id == event.id


def test_a_history_holds_all_of_those_it_is_asked_for_in_its_order_and_of_nobody_else(ana):
    ben, cleo = a_customer("Ben", IN), a_customer("Cleo", IN)
    for second, who in enumerate((cleo, ben, ana), start=5):
        ledger.record(who, Statement(OUT, Source.KEYWORD, "customer", at(second)))
    found = ledger.history(ana.id, cleo.id)
    assert [event.customer_id for event in found] == [ana.id, cleo.id, cleo.id, ana.id]
    assert [event.id for event in found] == sorted(event.id for event in found)
