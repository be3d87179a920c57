"""A confirmation after an opt-out or opt-in: once for each change, and nothing of consent hangs on it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.fakes import Script, ScriptedGraph
from tests.whatsapp.deliveries import ACCOUNT, NUMBER, a_change, a_message
from tests.whatsapp.posting import TODAY, deliver, moves, only_customer, says, state, the_ledger_is_whole
from webapp import clock
from webapp.campaigns import switch
from webapp.consent import confirmations, policy
from webapp.consent.confirmations import MOST_A_DAY, Wishes
from webapp.consent.models import Confirmation, ConsentEvent
from webapp.customers import identities
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp import confirmed, confirming, launch

BYE, HELLO = "You will get no more offers. Reply START to get them again.", "You will get offers again."
TCHAU = "Você não receberá mais ofertas."
TEXTS = {"": {"opted_out": BYE, "opted_in": HELLO}, "pt": {"opted_out": TCHAU}}


@pytest.fixture
def graph():
    with ScriptedGraph() as server:
        yield server


@pytest.fixture
def desk_that_confirms(app, graph):
    """The application, set up to send, with confirmations on since yesterday."""
    app.extensions["heed-tasks"] = {confirming.TASK: lambda: None, "pump": lambda *_: None}
    app.config["HEED"] = replace(
        app.config["HEED"],
        graph_api_url=graph.url,
        access_token="a token",
        phone_number_id=NUMBER,
        business_account_id=ACCOUNT,
    )
    with app.app_context():
        choose()
    yield app
    launch.hang_up(app)


def choose(on=True, agent=False, texts=TEXTS):
    with writing():
        wishes, now = Wishes(on, agent, texts), clock.now()
        settings = confirmations.change(wishes, version=None, actor="user:1", now=now)
        settings.confirm_since = now - timedelta(days=1) if on else None
        db.session.commit()


def sent(graph):
    return [(request.body.get("to"), request.body["text"]["body"]) for request in graph.requests]


def decided():
    rows = db.session.scalars(select(Confirmation).order_by(Confirmation.id)).all()
    return [(row.state, row.reason) for row in rows]


def test_a_stop_is_confirmed_once(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    confirming.confirm(desk_that_confirms)
    assert sent(graph) == [("+12025550107", BYE)]
    body = graph.requests[0].body
    assert body["type"] == "text"
    assert body["text"]["preview_url"] is False
    assert body["biz_opaque_callback_data"].startswith("heed-confirmation:")
    with desk_that_confirms.app_context():
        assert decided() == [("sent", "")]


def test_coming_back_is_confirmed_too_and_a_repeated_stop_is_no_change(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    deliver(desk_that_confirms, says("STOP", 5))
    confirming.confirm(desk_that_confirms)
    deliver(desk_that_confirms, says("START", 10))
    confirming.confirm(desk_that_confirms)
    assert [text for _, text in sent(graph)] == [BYE, HELLO]


@pytest.mark.parametrize(
    ("words", "text", "because"),
    [
        ("STOP", BYE, "the English word has no text of its own, so that for all others"),
        ("DESCADASTRAR", TCHAU, "a word of the Portuguese pack"),
        ("PARAR", TCHAU, "in two packs, but only one of their languages has a text"),
    ],
)
def test_the_text_is_that_of_the_language_of_the_word(desk_that_confirms, graph, words, text, because):
    with desk_that_confirms.app_context(), writing():
        policy.current().packs = ["pt", "es"]
        db.session.commit()
    deliver(desk_that_confirms, says(words))
    confirming.confirm(desk_that_confirms)
    assert [said for _, said in sent(graph)] == [text], because


def test_an_opt_in_without_a_text_in_its_language_takes_that_for_others(app):
    with app.app_context():
        assert confirmations.language_of("CADASTRAR", {"fr"}, []) == ""
        assert confirmations.language_of("quero parar de receber", {"pt"}, []) == "pt"


def test_without_a_text_nothing_is_sent(desk_that_confirms, graph):
    with desk_that_confirms.app_context():
        choose(texts={"pt": {"opted_out": TCHAU}})
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    assert sent(graph) == []
    with desk_that_confirms.app_context():
        assert decided() == [("skipped", "no_text")]


def test_what_changed_before_it_was_switched_on_is_never_confirmed(desk_that_confirms, graph):
    with desk_that_confirms.app_context():
        choose(on=False)
    deliver(desk_that_confirms, says("STOP"))
    with desk_that_confirms.app_context(), writing():
        confirmations.change(Wishes(True, False, TEXTS), version=None, actor="user:1", now=clock.now())
        db.session.commit()
    confirming.confirm(desk_that_confirms)
    assert sent(graph) == []


@pytest.mark.parametrize(("age", "count"), [(timedelta(hours=23), 1), (timedelta(hours=24), 0)])
def test_a_window_that_is_closed_stays_closed(desk_that_confirms, graph, age, count):
    said_at = int((clock.now() - age).timestamp()) - TODAY
    deliver(desk_that_confirms, says("STOP", said_at))
    confirming.confirm(desk_that_confirms)
    assert len(sent(graph)) == count


def test_a_conversation_of_metas_agent_is_left_to_it_unless_chosen(desk_that_confirms, graph):
    def stands_by(id):
        message = a_message(id=id, timestamp=str(TODAY))
        return {"field": "standby", "value": {**a_change()["value"], "standby": {"messages": [message]}}}

    deliver(desk_that_confirms, stands_by("wamid.a"))
    confirming.confirm(desk_that_confirms)
    with desk_that_confirms.app_context():
        assert state(only_customer()) == ("opted_out",)
        assert decided() == [("skipped", "agent_chat")]
        choose(agent=True)
    deliver(desk_that_confirms, says("START", 10), stands_by("wamid.b"))
    deliver(desk_that_confirms, {**stands_by("wamid.c")})
    deliver(desk_that_confirms, says("START", 20))
    confirming.confirm(desk_that_confirms)
    assert [text for _, text in sent(graph)] == [HELLO]


def test_a_conversation_that_came_back_from_the_agent_is_ours(desk_that_confirms, graph):
    message = a_message(timestamp=str(TODAY))
    standby = {"field": "standby", "value": {**a_change()["value"], "standby": {"messages": [message]}}}
    deliver(desk_that_confirms, standby)
    deliver(desk_that_confirms, says("thanks", 5))
    confirming.confirm(desk_that_confirms)
    assert len(sent(graph)) == 1


@pytest.mark.parametrize(
    ("script", "decision"),
    [
        (Script.error(131047), ("failed", "refused")),
        (Script.error(131042), ("failed", "refused")),
        (Script.error(130429, 429), ("waiting", "refused")),
        (Script.reset(), ("unknown", "reset")),
        (Script.malformed(), ("unknown", "malformed")),
        (Script.raw(502, b"<html>"), ("unknown", "server_error")),
    ],
)
def test_a_failure_never_undoes_the_opt_out(desk_that_confirms, graph, script, decision):
    graph.answer = lambda _body, _n: script
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    with desk_that_confirms.app_context():
        assert decided() == [decision]
        assert state(only_customer()) == ("opted_out",)
        assert the_ledger_is_whole()
    graph.answer = lambda _body, _n: Script()
    confirming.confirm(desk_that_confirms)
    assert len(graph.requests) == (2 if decision[0] == "waiting" else 1), (
        "only a clear refusal that passes is repeated"
    )


def test_whatever_waits_ends_after_a_few_tries(desk_that_confirms, graph):
    graph.answer = lambda _body, _n: Script.error(130429, 429)
    deliver(desk_that_confirms, says("STOP"))
    for _ in range(confirmed.MOST_TRIES + 2):
        confirming.confirm(desk_that_confirms)
    assert len(graph.requests) == confirmed.MOST_TRIES
    with desk_that_confirms.app_context():
        assert decided() == [("failed", "refused")]


def test_a_robot_that_answers_us_is_not_answered_for_ever(desk_that_confirms, graph):
    for n in range(12):
        deliver(desk_that_confirms, says("STOP" if n % 2 == 0 else "START", n))
        confirming.confirm(desk_that_confirms)
    assert len(sent(graph)) == MOST_A_DAY
    with desk_that_confirms.app_context():
        assert decided()[-1] == ("skipped", "too_many")


def test_a_robot_that_echoes_our_own_text_changes_nothing(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    deliver(desk_that_confirms, says(BYE, 5))
    confirming.confirm(desk_that_confirms)
    assert len(sent(graph)) == 1
    with desk_that_confirms.app_context():
        assert state(only_customer())[0] == "opted_out"


def test_somebody_who_came_back_meanwhile_is_not_told_of_the_past(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"), says("START", 5))
    confirming.confirm(desk_that_confirms)
    assert [text for _, text in sent(graph)] == [HELLO]
    with desk_that_confirms.app_context():
        assert decided()[0] == ("skipped", "changed_again")


def test_two_records_of_one_person_get_one_confirmation(desk_that_confirms, graph):
    with desk_that_confirms.app_context(), writing():
        for phone in ("+55 11 98812-4410", "+55 11 8812-4410"):
            identities.create(phone=phone, source="import", now=clock.now())
        db.session.commit()
    deliver(desk_that_confirms, says("STOP", **{"from": "5511988124410"}))
    with desk_that_confirms.app_context():
        assert len({event.customer_id for event in db.session.scalars(select(ConsentEvent))} - {None}) == 2
    confirming.confirm(desk_that_confirms)
    assert len(sent(graph)) == 1


def test_a_customer_without_a_number_is_written_to_by_the_user_id(desk_that_confirms, graph):
    stop = a_message(**{"from": None, "from_user_id": "US.13491208655302741918", "timestamp": str(TODAY)})
    deliver(desk_that_confirms, a_change(messages=[stop]))
    confirming.confirm(desk_that_confirms)
    assert graph.requests[0].body["recipient"] == "US.13491208655302741918"


def test_what_was_on_the_wire_when_the_worker_died_is_not_sent_again(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"))
    with desk_that_confirms.app_context(), writing():
        assert len(confirmed.claim(clock.now())) == 1
        db.session.commit()
        assert confirmed.claim(clock.now()) == []
        assert confirmed.claim(clock.now() + confirmed.LEASE * 2) == []
        db.session.commit()
        assert decided() == [("unknown", "lease")]


def test_a_status_settles_what_nobody_answered_and_a_failed_one_is_shown(desk_that_confirms, graph, desk):
    graph.answer = lambda _body, _n: Script.reset()
    deliver(desk_that_confirms, says("STOP"))
    confirming.confirm(desk_that_confirms)
    callback = graph.requests[0].body["biz_opaque_callback_data"]

    def reports(status, **parts):
        usual = {
            "id": "wamid.c",
            "status": status,
            "timestamp": str(TODAY + 5),
            "recipient_id": "12025550107",
        }
        deliver(
            desk_that_confirms, a_change(statuses=[{**usual, "biz_opaque_callback_data": callback, **parts}])
        )
        with desk_that_confirms.app_context():
            return decided()

    assert reports("delivered") == [("sent", "")]
    assert reports("failed", errors=[{"code": 131042}]) == [("failed", "refused")]
    assert reports("failed", errors=[{"code": 131042}], biz_opaque_callback_data="heed-confirmation:x") == [
        ("failed", "refused")
    ]
    page = desk("admin").get("/status").text
    assert "1 was not delivered within a day" in page
    with desk_that_confirms.app_context():
        assert state(only_customer()) == ("opted_out",)
        path = f"/customers/{only_customer().id}"
    assert "The confirmation was not delivered (131042)." in desk("agent").get(path).text


@pytest.mark.parametrize("how", ["switch", "setting", "token"])
def test_what_stops_all_sending_stops_confirmations(desk_that_confirms, graph, how):
    deliver(desk_that_confirms, says("STOP"))
    app = desk_that_confirms
    if how == "switch":
        with app.app_context(), writing():
            switch.set_enabled(False, actor="user:1", now=clock.now())
            db.session.commit()
    else:
        app.config["HEED"] = replace(
            app.config["HEED"], **{"setting": {"sending": False}, "token": {"access_token": ""}}[how]
        )
    confirming.confirm(app)
    assert sent(graph) == []


def test_the_worker_is_woken_only_when_there_is_something_to_confirm(desk_that_confirms):
    woken = []
    desk_that_confirms.extensions["heed-tasks"][confirming.TASK] = lambda: woken.append(1)
    deliver(desk_that_confirms, says("hello"))
    assert woken == []
    deliver(desk_that_confirms, says("STOP", 5))
    assert woken == [1]


def test_whoever_moved_since_hears_it_at_the_new_number(desk_that_confirms, graph):
    deliver(desk_that_confirms, says("STOP"))
    deliver(desk_that_confirms, moves("12025550107", "12025550188", 5))
    confirming.confirm(desk_that_confirms)
    assert sent(graph) == [("+12025550188", BYE)]
