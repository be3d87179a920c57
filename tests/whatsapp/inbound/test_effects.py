"""What each kind of item does, at the edges: by when, for whom, and what is said of it."""

import json
from datetime import UTC, datetime

import pytest

from tests.factories import a_customer
from tests.whatsapp.deliveries import NUMBER, a_body, a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
    decisions,
    deliver,
    everybody,
    fails,
    kept,
    moves,
    only_customer,
    prefers,
    says,
    state,
)
from webapp import clock
from webapp.consent import ledger, policy, undoing
from webapp.consent.ledger import Statement
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import Source, Status
from webapp.consent.undoing import NotUndoable
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.inbound import inbound, runs
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.inbound.moves import MOVED
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook import payloads
from webapp.whatsapp.webhook.payloads import Item

pytestmark = pytest.mark.usefixtures("in_whole_ledger")

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.fixture
def database_url(sqlite_url):
    """What an item means is decided in Python; that it is kept is tested on both in `test_inbound`."""
    return sqlite_url


def hidden_edit(at: int):
    return says("", at, f"wamid.e{at}", type="unsupported", unsupported={"type": "edit"})


@pytest.mark.parametrize(
    ("seconds", "made"), [(-1, "none"), (0, "review"), (16 * 60, "review"), (16 * 60 + 1, "none")]
)
def test_an_opt_in_can_be_edited_for_a_quarter_of_an_hour_and_a_minute(app, seconds, made):
    deliver(app, says("START", -2000))
    deliver(app, hidden_edit(seconds - 2000))
    assert decisions() == ["opt_in", made]


def test_who_opted_in_by_an_agent_edits_no_opt_in(app):
    a_customer(phone="+1 202 555 0107", status=IN)
    deliver(app, hidden_edit(0))
    assert (decisions(), state(only_customer())) == (["none"], (IN,))


def test_a_hidden_edit_says_why_somebody_has_to_look(app):
    deliver(app, says("START"), hidden_edit(60))
    review = db.session.query(Hold).one()
    assert review.why == "changes one that opted in, and WhatsApp does not pass on the new words"
    assert review.words == "[the new words of an edit]"


@pytest.mark.parametrize(
    ("category", "made", "after"),
    [
        (None, "lift_platform_stop", (UNKNOWN,)),
        ("marketing_messages", "lift_platform_stop", (UNKNOWN,)),
        ("news", "review", (UNKNOWN, "stopped", "held")),
    ],
)
def test_a_resume_lifts_the_stop_of_offers_alone(app, category, made, after):
    deliver(app, prefers("stop"), prefers("resume", 60, category=category))
    assert (decisions(), state(only_customer())) == (["platform_stop", made], after)


def proof_of(event) -> tuple[str, ...]:
    evidence = db.session.get_one(Evidence, event.id)
    return evidence.channel, evidence.words, evidence.matched, evidence.message_id


@pytest.mark.parametrize(
    ("change", "source", "actor", "proof"),
    [
        (
            says("Stop!", message_id="wamid.S"),
            "keyword",
            "customer",
            ("whatsapp", "Stop!", "STOP", "wamid.S"),
        ),
        (
            prefers("stop"),
            "whatsapp",
            "whatsapp",
            ("whatsapp", "WhatsApp's setting for offers: stop", "", ""),
        ),
        (fails(131050), "delivery_failure", "whatsapp", ("whatsapp", "WhatsApp reports 131050", "", "")),
    ],
)
def test_the_ledger_says_who_spoke_and_by_which_words(app, change, source, actor, proof):
    deliver(app, change)
    [event] = ledger.history(only_customer().id)
    assert (event.source, event.actor, proof_of(event)) == (source, actor, proof)
    assert event.occurred_at.timestamp() == TODAY
    assert event.external_id == ledger.external_id(kept()[0].key)
    assert event.identity_id == only_customer().identities[0].id
    assert event.rule_version == kept()[0].rule_version != ""


def test_a_button_without_a_label_is_known_by_its_payload(app):
    deliver(app, says("", type="button", button={"payload": "OPT_OUT"}))
    [event] = ledger.history(only_customer().id)
    assert proof_of(event)[1:3] == ("OPT_OUT", "OPT_OUT")


def test_what_tipped_it_and_whom_it_is_about_is_kept_with_the_message(app):
    deliver(app, says("Stop!"), prefers("paused", 1), says("hello", 2), prefers("stop", 3),
            prefers("signup", 4))  # fmt: skip
    customer = only_customer()
    assert [(message.matched, message.customer_id) for message in kept()] == [
        (matched, customer.id) for matched in ("STOP", "paused", "", "", "")
    ]
    whys = [hold.why for hold in db.session.query(Hold).order_by(Hold.id)]
    assert whys == ["is a setting of WhatsApp's that is new to this desk: paused", "is a signup in WhatsApp"]


def test_a_message_that_comes_again_after_it_was_forgotten_here_is_recorded_once_all_the_same(app):
    said = says("STOP"), says("STOP", 1, **{"from": "12025550188"}), says("pls stop", 2)
    deliver(app, *said)
    entries = db.session.query(ledger.ConsentEvent).count()
    db.session.query(InboundMessage).delete()
    db.session.commit()
    deliver(app, *said)
    assert decisions() == ["opt_out", "opt_out", "review"]
    assert db.session.query(ledger.ConsentEvent).count() == entries == 3


def test_what_somebody_known_says_in_a_group_is_kept_with_them(app):
    a_customer(phone="+1 202 555 0107")
    deliver(app, says("hello", group_id="G1"))
    assert kept()[0].customer_id == only_customer().id


def test_the_words_of_a_stop_in_a_group_are_what_a_person_reads(app):
    deliver(app, says("STOP it", group_id="G1"))
    assert db.session.query(Hold).one().words == "STOP it"


def test_a_voice_note_is_kept_with_its_writer(app):
    deliver(app, says("", type="audio", audio={"id": "1"}))
    assert kept()[0].customer_id == only_customer().id


@pytest.mark.parametrize("code", [131026, 130472])
def test_a_failure_that_says_nothing_about_the_person_changes_nothing(app, code):
    a_customer(phone="+1 202 555 0107", status=IN)
    deliver(app, fails(code))
    assert (decisions(), state(only_customer())) == (["none"], (IN,))


def test_that_code_in_what_was_delivered_stops_nobody(app):
    a_customer(phone="+1 202 555 0107", status=IN)
    deliver(app, fails(131050, status="delivered"))
    assert (decisions(), state(only_customer())) == (["none"], (IN,))


def test_a_stop_in_whatsapp_of_whom_nobody_can_tell_is_put_before_people(app):
    deliver(app, fails(131050, recipient_id=None))
    assert decisions() == ["dead"]


class TestTheWay:
    @pytest.mark.parametrize(
        "kind", [payloads.Words, payloads.Button, payloads.Reaction, payloads.Passive, payloads.Wordless,
                 payloads.Preference],
    )  # fmt: skip
    def test_of_what_people_say_is_one(self, kind):
        assert runs.way_of(kind.__new__(kind)) is Item

    @pytest.mark.parametrize("kind", [payloads.NumberChange, payloads.Notice, payloads.Unread])
    def test_of_everything_else_is_its_own(self, kind):
        assert runs.way_of(kind.__new__(kind)) is None
        assert runs.way_of(payloads.Status.__new__(payloads.Status)) is payloads.Status


ANY = Business()


def taken(*changes, business=ANY):
    received = inbound.receive([json_of(*changes)], business, clock.now())
    db.session.commit()
    return received


def json_of(*changes) -> bytes:
    return json.dumps(a_body(*changes)).encode()


class TestWhetherAnythingIsNew:
    STOP, HELLO = says("STOP"), says("hello", 1)
    NOBODY = says("STOP", message_id="wamid.nobody", **{"from": "not a number"})

    def test_a_repeat_is_not_and_one_new_item_among_repeats_is(self):
        assert taken(self.STOP).new is True
        assert taken(self.STOP).new is False
        assert taken(self.STOP, self.HELLO).new is True
        assert taken(self.HELLO, self.STOP).new is False

    @pytest.mark.parametrize("order", [1, -1])
    def test_also_when_the_run_was_halved_down_to_one_that_cannot_be_applied(self, order):
        for new in (True, False):
            assert taken(*[self.NOBODY, self.STOP, self.HELLO][::order]).new is new

    @pytest.mark.parametrize("order", [1, -1])
    def test_one_half_of_such_a_run_is_enough(self, order):
        assert taken(self.STOP).new is True
        assert taken(*[self.NOBODY, self.STOP][::order]).new is True

    def test_what_goes_alone_is_new_once_too_and_one_of_several_counts(self):
        moved, other = moves("12025550101", "12025550102"), moves("12025550103", "12025550104")
        for new in (True, False):
            assert taken(moved).new is new
        assert taken(moved, other).new is True
        assert taken(other, moved).new is False

    def test_deliveries_of_one_moment_need_not_be_of_one_length(self):
        longer = [json_of(self.HELLO, fails(131026), says("bye", 2)), json_of(self.STOP), json_of()]
        assert inbound.receive(longer, ANY, clock.now()).new is True
        db.session.commit()
        assert sorted(decisions()) == ["none", "none", "none", "opt_out"]

    def test_one_that_is_new_counts_whatever_repeats_came_beside_it_in_another_run(self):
        repeated = fails(131026)
        assert taken(repeated).new
        assert taken(self.STOP, repeated).new is True
        assert taken(TestOurs.MOVED).new is True
        assert inbound.receive([b"{", json_of(self.STOP)], ANY, clock.now()).new is True

    def test_a_body_that_cannot_be_read_is_new_once(self):
        for new in (True, False):
            assert inbound.receive([b"{", b"{"], Business(), clock.now()).new is new
            db.session.commit()
        [message] = kept()
        assert (message.kind, message.raw, bool(message.failure)) == ("body", b"{", True)
        assert message.key.startswith("body:")

    def test_only_what_is_new_is_confirmed_and_only_if_the_desk_does_so(self):
        assert not taken(self.STOP).confirmed
        policy.current().confirm_since = clock.now()
        db.session.commit()
        assert not taken(self.STOP).confirmed
        assert taken(self.HELLO).confirmed


class TestOurs:
    MINE, OTHERS = Business(phone_number_id=NUMBER), Business(phone_number_id="999")
    MOVED = a_change(messages=[a_message(
        id="wamid.m", type="system", text=None,
        system={"type": "user_changed_number", "wa_id": "12025550188", "body": ""})])  # fmt: skip

    @pytest.mark.parametrize("change", [says("STOP"), MOVED, fails(131050)])
    def test_what_came_for_another_number_is_kept_and_not_applied(self, change):
        taken(change, business=self.OTHERS)
        assert decisions() == ["not_ours"]
        assert kept()[0].customer_id is None
        assert (everybody(), db.session.query(ledger.ConsentEvent).count()) == ([], 0)

    def test_what_came_for_ours_is_applied(self):
        taken(says("STOP"), business=self.MINE)
        assert state(only_customer()) == (OUT,)


def test_whatsapps_own_stop_reaches_all_who_may_be_the_person_and_a_resume_only_who_resumed(app):
    for wa_id in ("5565990000001", "556590000001"):
        identities.create(wa_id=wa_id, source="import", now=clock.now())
    db.session.commit()
    deliver(app, prefers("stop", wa_id="556590000001"))
    assert [state(each) for each in everybody()] == [(UNKNOWN, "stopped")] * 2
    db.session.rollback()
    deliver(app, prefers("resume", 60, wa_id="556590000001"))
    assert [state(each) for each in everybody()] == [(UNKNOWN, "stopped"), (UNKNOWN,)]


class TestSomebodyMovedToANumberOfTwoCustomers:
    """One of the two becomes the one who moved; the other, with a variant of the number, stays."""

    OLD, NEW, VARIANT = "12025550107", "5511988124410", "551188124410"

    @pytest.fixture(autouse=True)
    def two(self, in_whole_ledger):
        a_customer("Written", phone=f"+{self.NEW}")
        other = identities.create(name="Variant", wa_id=self.VARIANT, source="whatsapp", now=clock.now())
        db.session.commit()
        return other

    def test_a_stop_said_after_the_move_counts_for_an_opt_in_from_before_it(self, app, two):
        deliver(app, says("START", 200, **{"from": self.VARIANT}))
        deliver(app, says("STOP", 300, **{"from": self.OLD}), moves(self.OLD, self.NEW, at=100))
        assert state(two) == (OUT,)

    def test_so_does_one_said_to_the_new_number_before_the_other_was_on_record(self, app, two):
        said = datetime.fromtimestamp(TODAY + 300, UTC)
        ledger.record(everybody()[0], Statement(OUT, Source.KEYWORD, "customer", said))
        db.session.commit()
        deliver(app, says("START", 200, **{"from": self.VARIANT}), moves(self.OLD, self.NEW, at=100))
        assert state(two) == (OUT,)

    def test_so_does_one_that_only_repeats_a_stop_of_before(self, app, two):
        deliver(app, says("STOP", 50, **{"from": self.OLD}), says("START", 200, **{"from": self.VARIANT}))
        deliver(app, says("STOP", 300, **{"from": self.OLD}), moves(self.OLD, self.NEW, at=100))
        assert state(two) == (OUT,)

    def test_one_that_an_opt_in_ended_before_the_move_counts_no_more(self, app, two):
        stop, start = (datetime.fromtimestamp(TODAY + seconds, UTC) for seconds in (150, 200))
        for said, status in ((stop, OUT), (start, IN)):
            ledger.record(everybody()[0], Statement(status, Source.KEYWORD, "customer", said))
        db.session.commit()
        deliver(app, says("START", 120, **{"from": self.VARIANT}))
        deliver(app, says("STOP", 50, **{"from": self.OLD}), moves(self.OLD, self.NEW, at=100))
        assert state(two) == (IN,)

    def test_the_entry_of_who_became_one_says_who_did_it_and_why(self, app, two):
        deliver(app, says("Hi", **{"from": self.OLD}), moves(self.OLD, self.NEW, at=100))
        [event] = ledger.history(everybody()[0].id)
        assert (event.kind, event.actor, proof_of(event)[1]) == ("identity", "system", MOVED)

    def test_an_opt_in_said_after_the_stop_and_the_move_stands(self, app, two):
        deliver(app, says("STOP", 50, **{"from": self.OLD}), says("START", 200, **{"from": self.VARIANT}))
        deliver(app, moves(self.OLD, self.NEW, at=100))
        assert state(two) == (IN,)

    def test_the_stop_outlasts_an_opt_out_that_an_agent_takes_back(self, app, two):
        now = clock.now()
        deliver(app, says("START", 10, **{"from": self.VARIANT}), says("STOP", 20, **{"from": self.OLD}))
        mistaken = ledger.record(two, Statement(OUT, Source.AGENT, "user:1", now))
        db.session.commit()
        deliver(app, moves(self.OLD, self.NEW, at=30))
        with pytest.raises(NotUndoable):
            undoing.undo(two, mistaken.id, actor="user:1", now=now)

    def test_whatsapps_own_stop_reaches_the_other_too_and_its_entry_says_why(self, app, two):
        deliver(app, prefers("stop", 50, wa_id=self.OLD), moves(self.OLD, self.NEW, at=100))
        assert state(two) == (UNKNOWN, "stopped")
        [event] = ledger.history(two.id)
        assert (event.source, event.actor, event.occurred_at.timestamp()) == ("system", "system", TODAY + 100)
        assert event.external_id == ledger.external_id(kept()[1].key)
        words = "The person moved here from another number"
        assert proof_of(event) == ("whatsapp", words, "", f"wamid.{self.OLD}{self.NEW}")

    def test_so_does_a_notice_that_is_no_message(self, app, two):
        identities.attach(everybody()[0], "user_id", "BR.2", "whatsapp", clock.now())
        db.session.commit()
        by_id = {"from": None, "from_user_id": "BR.1"}
        ids = {"user_id": {"previous": "BR.1", "current": "BR.2"}, "timestamp": TODAY + 100}
        deliver(app, says("STOP", 50, **by_id), a_change("user_id_update", user_id_update=[ids]))
        assert state(two) == (OUT,)
        assert proof_of(ledger.history(two.id)[-1])[3] == ""

    def test_a_message_that_waits_for_review_holds_the_other_too_with_its_words(self, app, two):
        deliver(app, says("pls stop", 50, **{"from": self.OLD}), says("pls stop", **{"from": "12025550199"}))
        deliver(app, moves(self.OLD, self.NEW, at=100))
        assert state(two) == (UNKNOWN, "held")
        [event] = ledger.history(two.id)
        assert proof_of(event)[:3] == ("whatsapp", "pls stop", "STOP")
        assert [hold.why for hold in db.session.query(Hold).filter_by(customer_id=two.id)] == [
            "contains the opt-out keyword STOP"
        ]

    def test_where_nobody_had_said_stop_the_move_says_nothing(self, app, two):
        deliver(app, says("Hi", **{"from": self.OLD}), moves(self.OLD, self.NEW, at=100))
        assert ledger.history(two.id) == []
        assert [state(one) for one in everybody()] == [(UNKNOWN,)] * 3

    def test_what_was_written_before_is_read_with_the_one_who_stays(self, app, two):
        deliver(app, says("Hi", **{"from": self.OLD}), says("Ho", **{"from": "12025550199"}))
        deliver(app, moves(self.OLD, self.NEW, at=100))
        written, _, gone, stranger = (one.id for one in everybody())
        assert [message.customer_id for message in kept()] == [written, stranger, written]
        assert db.session.get_one(Customer, gone).merged_into_id == written
