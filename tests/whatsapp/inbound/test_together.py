"""Messages of one delivery are taken in a few statements for all, and mean what they mean one by one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from tests.factories import a_customer
from tests.statements import counted
from tests.whatsapp.deliveries import a_body, a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
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
from webapp.consent import ledger
from webapp.customers import identities
from webapp.extensions import db
from webapp.whatsapp.inbound import runs

UNKNOWN, OUT, IN = ("unknown",), ("opted_out",), ("opted_in",)
WORDS = ("STOP", "Where is my order?", "START", "Thank you")
MOST_FOR_ONE = 17
"""Of somebody new two are for the door of PostgreSQL (see `newcomers`), and one asks for stops that a restore
has kept (see `journal.unclaimed`)."""
MOST_FOR_MANY = 24


def number(n: int) -> str:
    return str(447_946_000_000 + n)


def chatter(first: int, most: int) -> list[dict]:
    """The changes of `most` messages by as many people."""
    sender = {n: {"from": number(n), "message_id": f"wamid.{n}"} for n in range(first, first + most)}
    return [says(WORDS[n % len(WORDS)], **sender[n]) for n in sender]


def statements_of(app, *changes) -> int:
    with app.app_context():
        engine = db.engine
    with counted(engine) as statements:
        assert post(app.test_client(), a_body(*changes)).status_code == 200
    return len(statements)


def test_one_message_takes_few_statements(app):
    statements_of(app, *chatter(0, 4))
    assert statements_of(app, says("STOP", **{"from": number(7)})) <= MOST_FOR_ONE, "of somebody new"
    assert statements_of(app, says("START", 60, **{"from": number(7)})) <= MOST_FOR_ONE, "of somebody known"


def test_hundreds_of_messages_take_as_many_statements_as_ten(app):
    statements_of(app, *chatter(0, 4))
    ten, hundreds = statements_of(app, *chatter(1000, 10)), statements_of(app, *chatter(2000, 400))
    assert hundreds <= MOST_FOR_MANY
    assert hundreds - ten <= 2
    with app.app_context():
        assert len(everybody()) == 414
        assert the_ledger_is_whole()


def test_those_of_known_people_too_and_what_is_new_about_them_is_learned(app):
    with app.app_context():
        for n in range(100):
            a_customer(f"Ana {n}", phone=f"+{number(n)}")
    assert statements_of(app, *chatter(0, 100)) <= MOST_FOR_MANY
    with app.app_context():
        people = everybody()
        assert [state(customer) for customer in people[:4]] == [OUT, UNKNOWN, IN, UNKNOWN]
        assert len(people) == 100
        assert {len(customer.identities) for customer in people} == {2}
        assert the_ledger_is_whole()


def test_so_does_what_is_said_in_groups(app):
    statements_of(app, *chatter(0, 4))
    words = [says("Hello", message_id=f"w{n}", group_id="G1", **{"from": number(n)}) for n in range(8)]
    assert statements_of(app, *words) <= MOST_FOR_MANY
    with app.app_context():
        assert [bool(message.customer_id) for message in kept()[4:]] == [True] * 4 + [False] * 4


def test_who_was_found_for_one_run_of_a_delivery_is_looked_up_again_for_the_next(app):
    """Between them one may have become another: a stop for the one who is gone would stop nobody."""
    first, second = ({"from": number(n)} for n in (1, 2))
    moved, stop = moves(number(2), number(1), 60), fails(131050, 90, recipient_id=number(2))
    deliver(app, says("Hi", **first), says("Ho", **second), moved, stop)
    with app.app_context():
        assert [state(customer) for customer in everybody()] == [("unknown", "stopped"), UNKNOWN]


def test_several_messages_of_one_person_are_applied_in_their_order(app):
    by = {"from": number(1)}
    said = {0: "STOP", 60: "START", 90: "hello", 120: "STOP"}
    changes = [says(words, at, **by) for at, words in said.items()]
    assert post(app.test_client(), a_body(*changes)).status_code == 200
    with app.app_context():
        [customer] = everybody()
        assert (state(customer), decisions()) == (OUT, ["opt_out", "opt_in", "none", "opt_out"])
        history = [(event.status, event.effect) for event in ledger.history(customer.id)]
        assert history == [("opted_out", "changed"), ("opted_in", "changed"), ("opted_out", "changed")]
        assert customer.status_event_id == ledger.history(customer.id)[-1].id
        assert the_ledger_is_whole()


def test_one_person_under_several_addresses_is_one_customer(app):
    messages = [
        a_message(id="w.1", **{"from": number(1)}, timestamp=str(TODAY)),
        a_message(id="w.2", **{"from": None, "from_user_id": "GB.1"}, timestamp=str(TODAY)),
        a_message(id="w.3", **{"from": number(1), "from_user_id": "GB.1"}, timestamp=str(TODAY)),
        a_message(id="w.4", **{"from": number(2)}, text={"body": "hi"}, timestamp=str(TODAY)),
    ]
    assert post(app.test_client(), a_body(a_change(messages=messages))).status_code == 200
    with app.app_context():
        assert [state(customer) for customer in everybody()] == [OUT, UNKNOWN]


def test_whoever_may_be_several_customers_stops_them_all_and_the_neighbours_are_applied(app):
    with app.app_context():
        for wa_id in ("5565990000001", "556590000001"):
            identities.create(wa_id=wa_id, source="import", now=a_customer().created_at)
        db.session.commit()
    stop = says("STOP", message_id="wamid.br", **{"from": "5565990000001"})
    assert post(app.test_client(), a_body(*chatter(0, 3), stop, *chatter(4, 3))).status_code == 200
    with app.app_context():
        twins = [identities.find("wa_id", each) for each in ("5565990000001", "556590000001")]
        assert [state(twin) for twin in twins] == [OUT, OUT]
        expected = ["opt_out", "none", "opt_in", "opt_out", "opt_out", "none", "opt_in"]
        assert decisions() == expected
        assert the_ledger_is_whole()


@pytest.mark.parametrize("repeated", [0, 5, 9])
def test_a_repeat_among_many_is_left_alone(app, repeated):
    changes = chatter(0, 10)
    for delivery in ([changes[repeated]], changes, [*changes, changes[0]]):
        assert post(app.test_client(), a_body(*delivery)).status_code == 200
    with app.app_context():
        assert (len(kept()), len(everybody())) == (10, 10)
        assert the_ledger_is_whole()


def test_one_that_cannot_be_applied_is_a_dead_letter_and_the_others_count(app):
    nobody = says("STOP", message_id="wamid.nobody", **{"from": "not a number"})
    changes = [*chatter(0, 5), nobody, *chatter(5, 4)]
    assert post(app.test_client(), a_body(*changes)).status_code == 200
    with app.app_context():
        assert sorted(decisions()) == sorted(
            ["opt_out", "none", "opt_in", "none", "opt_out", "dead", "none", "opt_in", "none", "opt_out"]
        )
        assert len(everybody()) == 9
        assert the_ledger_is_whole()


def test_two_deliveries_of_the_same_new_people_at_once_make_each_once(app):
    with ThreadPoolExecutor(4) as pool:
        bodies = [a_body(*chatter(0, 20)), a_body(*reversed(chatter(0, 20)))] * 2
        answers = list(pool.map(lambda body: apart(post, app.test_client(), body).status_code, bodies))
    assert answers == [200] * 4
    with app.app_context():
        assert (len(everybody()), len(kept())) == (20, 20)
        assert the_ledger_is_whole()


def test_no_statement_has_more_parameters_than_drivers_take(app, monkeypatch):
    """A delivery of 4 MiB may hold tens of thousands of items."""
    monkeypatch.setattr(runs, "MOST_TOGETHER", 10)
    receipts = [{"id": f"wamid.{n}", "status": "sent", "timestamp": str(TODAY)} for n in range(50)]
    chat = [a_message(id=f"wamid.{n}", text={"body": "Hi"}) for n in range(50)]
    widest = [0]

    def note(_connection, _cursor, _statement, parameters, _context, several) -> None:
        widest.append(0 if several else len(parameters))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    deliver(app, a_change(messages=chat), a_change(statuses=receipts))
    assert max(widest) <= 3 * 10
    with app.app_context():
        assert len(kept()) == 100
