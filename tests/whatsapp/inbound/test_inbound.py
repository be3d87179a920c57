"""What messages do: who is concerned, what is recorded with which proof, what is left alone."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import a_customer
from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
    apart,
    decisions,
    deliver,
    everybody,
    fails,
    kept,
    moves,
    only_customer,
    post,
    prefers,
    says,
    state,
)
from webapp import clock
from webapp.consent import disputes, ledger, policy
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.policy import Wishes
from webapp.consent.rules import Kind, Source, Status
from webapp.customers import identities
from webapp.extensions import db

pytestmark = pytest.mark.usefixtures("in_whole_ledger")

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
TAP = {"type": "button", "button": {"payload": "OPT_OUT:7", "text": "Não quero"}}


def events(customer) -> list[tuple[str, str | None, str, str]]:
    return [(e.kind, e.status, e.source, e.actor) for e in ledger.history(customer.id)]


def switch_keywords_off() -> None:
    words = policy.configured_words(policy.current())
    wishes = Wishes(keywords_enabled=False, words=words, unknown_may_receive=False)
    policy.change(wishes, version=None, actor="system", now=clock.now())
    db.session.commit()


class TestAStop:
    def test_it_is_recorded_with_words_keyword_message_id_and_both_times(self, app):
        deliver(app, says("stop!", at=5, message_id="wamid.S"))
        customer = only_customer()
        [event] = ledger.history(customer.id)
        evidence = db.session.get(Evidence, event.id)
        assert (event.kind, event.status, event.source, event.actor) == (
            Kind.CONSENT, OUT, Source.KEYWORD, "customer",
        )  # fmt: skip
        assert (evidence.words, evidence.matched, evidence.message_id) == ("stop!", "STOP", "wamid.S")
        assert event.occurred_at == datetime.fromtimestamp(TODAY + 5, UTC)
        assert clock.now() - event.recorded_at < timedelta(minutes=1)
        assert event.identity_id in [identity.id for identity in customer.identities]
        assert event.rule_version

    def test_a_button_is_recorded_with_its_label(self, app):
        deliver(app, says("", message_id="wamid.B", **TAP))
        [event] = ledger.history(only_customer().id)
        evidence = db.session.get(Evidence, event.id)
        assert (event.source, evidence.words, evidence.matched) == (Source.BUTTON, "Não quero", "Não quero")

    def test_a_repeat_changes_nothing(self, app):
        for _ in range(3):
            deliver(app, says("STOP"), prefers("stop"), fails(131050), says("pls stop"))
        assert len(events(only_customer())) == 4
        assert len(kept()) == 4

    def test_so_is_each_edit_of_several_and_a_repeat_of_one_is_none(self, app):
        def edited(text, at):
            new = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": text}}}
            return says("", at=at, message_id="wamid.1", type="edit", edit=new)

        deliver(app, edited("Hello", 5))
        deliver(app, edited("STOP", 9), edited("Hello", 5))
        deliver(app, edited("START", 12))
        deliver(app, edited("STOP", 9))
        assert decisions() == ["none", "opt_out", "opt_in"]
        assert state(only_customer()) == ("opted_in",)

    def test_an_edit_is_a_new_statement_even_under_the_id_of_the_old_one(self, app):
        new = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "START"}}}
        edited = says("", at=9, message_id="wamid.1", type="edit", edit=new)
        deliver(app, says("STOP", message_id="wamid.1"), edited)
        assert only_customer().status == IN

    def test_it_opts_out_all_who_share_a_variant_of_the_number(self, app):
        for phone in ("+55 65 9 9000-0001", "+52 55 1234 5678"):
            a_customer(phone=phone, status=IN)
        identities.create(wa_id="556590000001", source="import", now=clock.now())
        db.session.commit()
        deliver(app, says("STOP", **{"from": "556590000001"}))
        assert [customer.status for customer in everybody()] == [OUT, IN, OUT]

    def test_a_person_known_by_user_id_alone_is_stopped_by_number_too(self, app):
        joe = {"wa_id": "12025550107", "user_id": "US.7", "profile": {"name": "Joe"}}
        deliver(app, a_change(messages=[a_message(text={"body": "Hi"}, from_user_id="US.7")], contacts=[joe]))
        deliver(app, says("STOP", **{"from": None, "from_user_id": "US.7"}))
        assert only_customer().status == OUT
        assert identities.find("wa_id", "12025550107").status == OUT


class TestAnOptIn:
    def test_it_is_only_for_the_one_who_spoke(self, app):
        a_customer(phone="+55 65 9 9000-0001", status=OUT)
        identities.create(wa_id="556590000001", source="import", now=clock.now())
        db.session.commit()
        deliver(app, says("START", **{"from": "556590000001"}))
        assert [customer.status for customer in everybody()] == [OUT, IN]

    def test_it_follows_an_opt_out_by_an_agent(self, app):
        customer = a_customer(phone="+1 202 555 0107", status=IN)
        an_hour_before = clock.now() - timedelta(hours=2)
        ledger.record(customer, Statement(OUT, Source.AGENT, "user:1", an_hour_before))
        db.session.commit()
        deliver(app, says("START"))
        db.session.refresh(customer)
        assert customer.status == IN

    def test_a_resume_in_whatsapp_is_none(self, app):
        deliver(app, says("STOP"), prefers("stop", at=1), prefers("resume", at=2))
        assert state(only_customer()) == (OUT,)


NOTHING = [
    ("ordinary words", says("Hello")),
    ("no words", says("", type="sticker", sticker={"id": "1"})),
    ("a forwarded STOP is somebody else's", says("STOP", context={"forwarded": True})),
    ("also when it is forwarded often", says("STOP", context={"frequently_forwarded": True})),
    ("a forwarded START", says("START", context={"forwarded": True})),
    ("a thumb", says("", type="reaction", reaction={"emoji": "👍", "message_id": "x"})),
]


@pytest.mark.parametrize(("sentence", "change"), NOTHING, ids=[row[0] for row in NOTHING])
def test_a_customer_without_a_record_comes_of(app, sentence, change):
    deliver(app, change)
    assert decisions() == ["none"]
    assert (state(only_customer()), events(only_customer())) == ((UNKNOWN,), []), sentence


STOP_SIGN = says("", type="reaction", reaction={"emoji": "🛑", "message_id": "x"})
HELD = [
    ("a stop within a sentence", says("Stop. Thank you")),
    ("a stop sign as a reaction", STOP_SIGN),
    ("a stop in a group", says("STOP", group_id="G1")),
    ("a stop in the history", a_change("history", messages=[a_message()])),
    ("a setting of WhatsApp's that is new", prefers("paused")),
    ("a resume of something else than marketing", prefers("resume", category="news")),
]


@pytest.mark.parametrize(("sentence", "change"), HELD, ids=[row[0] for row in HELD])
def test_marketing_waits_for_a_person_after(app, sentence, change):
    a_customer(phone="+1 202 555 0107", status=IN)
    deliver(app, change)
    assert decisions() == ["review"]
    assert state(only_customer()) == (IN, "held"), sentence
    assert db.session.query(Hold).one().why


def test_a_start_in_a_group_or_in_the_history_opts_nobody_in(app):
    deliver(
        app, says("START", group_id="G1"), a_change("history", messages=[a_message(text={"body": "START"})])
    )
    assert (decisions(), everybody()) == (["none", "none"], [])


class TestKeywordsSwitchedOff:
    @pytest.mark.parametrize("word", ["STOP", "START", "please stop", "🛑"])
    def test_words_are_kept_and_not_read(self, app, word):
        switch_keywords_off()
        deliver(app, says(word), says(word, at=1, group_id="G1"))
        assert decisions() == ["none", "none"]
        assert state(only_customer()) == (UNKNOWN,)

    @pytest.mark.parametrize(("change", "expected"), [
        (says("", **TAP), (OUT,)),
        (prefers("stop"), (UNKNOWN, "stopped")),
        (fails(131050), (UNKNOWN, "stopped")),
        (STOP_SIGN, (UNKNOWN, "held")),
    ])  # fmt: skip
    def test_buttons_and_whatsapps_own_stop_still_act(self, app, change, expected):
        switch_keywords_off()
        deliver(app, change)
        assert state(only_customer()) == expected


class TestPeople:
    def test_an_unknown_sender_becomes_a_customer(self, app):
        joe = {"wa_id": "12025550107", "user_id": "US.7", "profile": {"name": "Joe Sample"}}
        deliver(app, a_change(messages=[a_message(text={"body": "Hi"})], contacts=[joe]))
        customer = only_customer()
        assert (customer.name, customer.phone_display) == ("Joe Sample", "+1 202-555-0107")
        assert [(i.kind, i.value, i.source) for i in customer.identities] == [
            ("wa_id", "12025550107", "whatsapp"), ("user_id", "US.7", "whatsapp"),
        ]  # fmt: skip
        assert kept()[0].customer_id == customer.id

    def test_a_known_sender_is_found_by_the_number_and_keeps_the_name(self, app):
        customer = a_customer("Joe from the shop", phone="+1 202 555 0107")
        deliver(app, a_change(messages=[a_message(from_user_id="US.7")],
                              contacts=[{"wa_id": "12025550107", "profile": {"name": "J."}}]))  # fmt: skip
        db.session.refresh(customer)
        assert (only_customer().name, customer.status) == ("Joe from the shop", OUT)
        assert [i.kind for i in customer.identities] == ["phone", "wa_id", "user_id"]

    def test_an_empty_name_is_filled(self, app):
        a_customer("", phone="+1 202 555 0107")
        deliver(app, a_change(messages=[a_message()],
                              contacts=[{"wa_id": "12025550107", "profile": {"name": "Joe"}}]))  # fmt: skip
        assert only_customer().name == "Joe"

    def test_the_customer_with_exactly_these_ids_is_the_one_who_spoke(self, app):
        a_customer("Variant", phone="+55 65 9 9000-0001")
        identities.create(name="Exact", user_id="BR.1", source="import", now=clock.now())
        db.session.commit()
        identities.attach(everybody()[1], "phone", "+5511912345678", "import", clock.now())
        db.session.commit()
        deliver(app, says("START", **{"from": "556590000001", "from_user_id": "BR.1"}))
        assert {customer.name: customer.status for customer in everybody()} == {
            "Variant": UNKNOWN,
            "Exact": IN,
        }

    @pytest.mark.parametrize("sender", ["no digits", "1" * 25, "<b>1</b>"])
    def test_a_sender_whose_id_cannot_be_kept_is_a_dead_letter(self, app, sender):
        deliver(app, says("STOP", **{"from": sender}), says("STOP", message_id="wamid.good"))
        assert decisions() == ["dead", "opt_out"]
        assert sender not in kept()[0].failure


class TestAChangeOfNumber:
    OLD, NEW = "12025550107", "12025550188"

    def test_the_customer_is_known_by_both_and_the_opt_out_stays(self, app):
        deliver(app, says("STOP"), moves(self.OLD, self.NEW, at=1), says("Hi", at=2, **{"from": self.NEW}))
        customer = only_customer()
        assert [kind for kind, *_ in events(customer)] == ["consent"]
        assert customer.status == OUT
        assert [i.value for i in customer.identities] == [self.OLD, self.NEW]

    def test_a_stop_from_the_new_number_counts_for_the_old_one(self, app):
        deliver(app, says("START"), moves(self.OLD, self.NEW, at=1), says("STOP", at=2, **{"from": self.NEW}))
        assert identities.find("wa_id", self.OLD).status == OUT

    def test_the_old_ids_are_added_when_only_the_new_one_is_known(self, app):
        deliver(app, says("STOP", **{"from": self.NEW}), moves(self.OLD, self.NEW, at=1))
        assert [i.value for i in only_customer().identities] == [self.NEW, self.OLD]

    @pytest.mark.parametrize("stopped", [OLD, NEW])
    @pytest.mark.parametrize(("change", "expected"), [
        (lambda number: says("STOP", at=1, **{"from": number}), (OUT,)),
        (lambda number: prefers("stop", at=1, wa_id=number), (IN, "stopped")),
        (lambda number: says("pls stop", at=1, **{"from": number}), (IN, "held")),
    ])  # fmt: skip
    def test_two_customers_become_one_and_the_stricter_state_counts(self, app, stopped, change, expected):
        for number in (self.OLD, self.NEW):
            a_customer(phone=f"+{number}", status=IN)
        deliver(app, change(stopped), moves(self.OLD, self.NEW, at=2))
        kept, gone = everybody()
        assert (state(kept), gone.merged_into_id, gone.identities) == (expected, kept.id, [])
        assert [i.value for i in kept.identities][:2] == [self.OLD, self.NEW]

    def test_who_differs_from_the_ledger_takes_that_along_to_all_who_may_be_the_same(self, app):
        joe = a_customer("Joe", phone=f"+{self.OLD}", status=IN)
        for number in ("5511987654321", "551187654321"):
            a_customer("Joe in Brazil", phone=f"+{number}", status=IN)
        disputes.mark([joe.id], clock.now())
        db.session.commit()
        deliver(app, moves(self.OLD, "5511987654321", at=2))
        assert [customer.gate_facts.on_hold for customer in everybody()] == [True, False, True]
        assert everybody()[1].merged_into_id == joe.id


class TestTimes:
    @pytest.mark.parametrize("timestamp", ["", "soon", None, "-5", "0", "9" * 19, [], "1e9", "NaN"])
    def test_an_unusable_one_counts_as_the_time_of_receipt(self, app, timestamp):
        deliver(app, says("STOP", timestamp=timestamp))
        assert clock.now() - only_customer().status_at < timedelta(minutes=1)

    def test_one_in_the_future_counts_as_now(self, app):
        deliver(app, says("STOP", at=10**6))
        assert only_customer().status_at <= clock.now()


HOSTILE = [
    "<script>alert(1)</script>", "\u202eevil\u202c", "{{ 7 * 7 }}", "=1+1", "x" * 10_000, "a\0b", "\ud83d",
    "' OR 1=1 --", "%s%n", "../../etc", "\r\nSet-Cookie: a=b",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_names_and_words_are_stored_and_shown_as_text(app, desk, text):
    browser = apart(desk)
    joe = {"wa_id": "12025550107", "profile": {"name": f"Joe {text}"}}
    change = a_change(messages=[a_message(text={"body": f"{text} please stop"})], contacts=[joe])
    assert post(app.test_client(), {"entry": [{"changes": [change]}]}).status_code == 200
    assert decisions() == ["review"]
    customer = only_customer()
    assert customer.name.startswith("Joe")
    assert len(customer.name) <= identities.LONGEST_NAME
    for path in ("/reviews", "/opt-in", f"/customers/{customer.id}"):
        page = apart(browser.get, path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
    words = db.session.scalars(db.select(Evidence.words)).one()
    assert words == f"{text} please stop".replace("\0", "").replace("\ud83d", "\ufffd")


def test_a_chatter_of_many_people_in_one_delivery_is_applied_in_its_order(app):
    people = [
        says("STOP" if n % 2 else "START", **{"from": f"1202555{n:04}"}, message_id=f"m{n}")
        for n in range(20)
    ]
    deliver(app, *people)
    assert [customer.status for customer in everybody()] == [IN, OUT] * 10
    assert db.session.query(ConsentEvent).count() == 20


def test_an_import_or_an_agent_does_not_decide_over_the_words_that_come_later(app):
    customer = a_customer(phone="+1 202 555 0107")
    proof = Proof("web_form", "yes")
    ledger.record(customer, Statement(IN, Source.IMPORT, "system", clock.now(), proof=proof))
    db.session.commit()
    deliver(app, says("STOP"))
    db.session.refresh(customer)
    assert customer.status == OUT
