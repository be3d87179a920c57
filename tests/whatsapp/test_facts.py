"""What Meta documents for webhooks, row by row: what reaches the ledger, on both databases.

Each row is a sentence, the deliveries in their order, what was made of each item, and how customers stand.
"""

import pytest
from sqlalchemy import select

from tests.whatsapp.deliveries import BUSINESS, a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
    decisions,
    deliver,
    everybody,
    fails,
    moves,
    prefers,
    says,
    state,
    the_ledger_is_whole,
)
from webapp.customers.models import Identity
from webapp.extensions import db

UNKNOWN, OUT, IN = ("unknown",), ("opted_out",), ("opted_in",)
HELD, STOPPED = ("unknown", "held"), ("unknown", "stopped")
MEI = {"from": None, "from_user_id": "DE.7f3"}
"""Somebody who hides the number."""


def sends(kind: str, at: int = 0, /, **content):
    """A message of Joe's that is no text."""
    head = {key: content.pop(key) for key in ("context", *MEI) if key in content}
    usual = {"id": f"wamid.{kind}{at}", "timestamp": str(TODAY + at), "type": kind, "text": None}
    return a_change(messages=[a_message(**{**usual, kind: content, **head})])


def interactive(kind: str, **reply):
    return sends("interactive", type=kind, **{kind: reply})


def status(word: str, **parts):
    usual = {"id": "wamid.out", "status": word, "timestamp": str(TODAY), "recipient_id": "12025550107"}
    return a_change(statuses=[{**usual, **parts}])


def edit(text: str, at: int = 0):
    message = {"context": {"id": "M0"}, "type": "text", "text": {"body": text}}
    return sends("edit", at, original_message_id="wamid.0", message=message)


def past(**parts):
    """A message of the history, within its thread."""
    message = a_message(timestamp=str(TODAY - 5_000_000), **parts)
    return a_change("history", history=[{"metadata": {}, "threads": [{"id": "1", "messages": [message]}]}])


CARD = {"name": {"formatted_name": "Mei"}, "phones": [{"phone": "+49 1511", "wa_id": "4915112345678"}]}
ANSWER = {"origin": "contact_request", **CARD}

MESSAGES = [
    ("a text that is a keyword opts out", [says("STOP")], ["opt_out"], [OUT]),
    ("a tap on a template's button counts by its payload", [sends("button", payload="OPT_OUT:7", text="x")],
     ["opt_out"], [OUT]),
    ("and by its label when no payload was set", [sends("button", payload="Unsubscribe", text="Unsubscribe")],
     ["opt_out"], [OUT]),
    ("even without a context", [sends("button", payload="OPT_OUT", text="Pare", context=None)],
     ["opt_out"], [OUT]),
    ("a reply button counts by its id", [interactive("button_reply", id="OPT_OUT:x", title="Não")],
     ["opt_out"], [OUT]),
    ("and by its title", [interactive("button_reply", id="x", title="STOP")], ["opt_out"], [OUT]),
    ("a list row counts by its id", [interactive("list_reply", id="OPT_OUT", title="x", description="y")],
     ["opt_out"], [OUT]),
    ("a row's description is no statement",
     [interactive("list_reply", id="x", title="y", description="STOP")], ["none"], [UNKNOWN]),
    ("a keyword of texts does not count on a button", [sends("button", payload="CANCEL", text="CANCEL")],
     ["none"], [UNKNOWN]),
    ("the answers of a form are no words",
     [interactive("nfm_reply", body="Sent", response_json='{"flow_token": "x", "why": "STOP"}')],
     ["none"], [UNKNOWN]),
    ("an interactive message without content changes nothing, its error is kept",
     [a_change(messages=[a_message(type="interactive", text=None, timestamp=str(TODAY))],
               errors=[{"code": 131000}])], ["none", "none"], [UNKNOWN]),
    ("the caption of a picture is the person's words", [sends("image", caption="STOP", id="1")],
     ["opt_out"], [OUT]),
    ("so is that of a video", [sends("video", caption="Stop.")], ["opt_out"], [OUT]),
    ("and of a document", [sends("document", caption="stop", filename="a.pdf")], ["opt_out"], [OUT]),
    ("the name of a file is not", [sends("document", filename="STOP")], ["none"], [UNKNOWN]),
    ("music has no words", [sends("audio", id="1")], ["none"], [UNKNOWN]),
    ("a sticker has none", [sends("sticker", id="1", animated=False)], ["none"], [UNKNOWN]),
    ("a place has none", [sends("location", name="STOP", latitude=1, longitude=1)], ["none"], [UNKNOWN]),
    ("an order has none, its remark neither", [sends("order", text="STOP", catalog_id="1")],
     ["none"], [UNKNOWN]),
    ("a thumb down is no statement", [sends("reaction", emoji="👎", message_id="x")], ["none"], [UNKNOWN]),
    ("a stop sign as a reaction is read by a person", [sends("reaction", emoji="🛑", message_id="x")],
     ["review"], [HELD]),
    ("a reaction that is taken back changes nothing", [sends("reaction", message_id="x")],
     ["none"], [UNKNOWN]),
    ("what cannot be passed on changes nothing", [sends("unsupported", type="poll")], ["none"], [UNKNOWN]),
    ("withheld content changes nothing",
     [a_change(messages=[a_message(type="unsupported", text=None, errors=[{"code": 131060}])])],
     ["none"], [UNKNOWN]),
    ("a kind that is new changes nothing", [sends("hologram", body="STOP")], ["none"], [UNKNOWN]),
    ("somebody without a number is a customer", [says("STOP", **MEI)], ["opt_out"], [OUT]),
]  # fmt: skip

CONTEXT = [
    ("a reply to a message of ours counts", [says("STOP", context={"from": BUSINESS, "id": "wamid.t"})],
     ["opt_out"], [OUT]),
    ("forwarded words are somebody else's", [says("STOP", context={"forwarded": True})],
     ["none"], [UNKNOWN]),
    ("often forwarded ones too", [says("START", context={"frequently_forwarded": True})],
     ["none"], [UNKNOWN]),
    ("a question from a product page is a text", [says("Hi", context={"referred_product": {"x": 1}})],
     ["none"], [UNKNOWN]),
    ("an advertisement that led here says nothing",
     [says("Hi", referral={"body": "STOP", "headline": "START"})], ["none"], [UNKNOWN]),
    ("an opt-in word that the advertisement had written is no opt-in",
     [says("START", referral={"source_type": "ad"})], ["none"], [UNKNOWN]),
    ("it lifts no opt-out", [says("STOP"), says("START", 5, referral={"source_type": "ad"})],
     ["opt_out", "none"], [OUT]),
    ("a STOP counts wherever somebody came from", [says("STOP", referral={"source_type": "ad"})],
     ["opt_out"], [OUT]),
]  # fmt: skip

CHANGED = [
    ("an edit to STOP opts out when it was edited", [says("hello"), edit("STOP", 60)],
     ["none", "opt_out"], [OUT]),
    ("an edit of STOP to hello undoes nothing", [says("STOP"), edit("hello", 60)],
     ["opt_out", "none"], [OUT]),
    ("an edit to START is the newest wish", [says("STOP"), edit("START", 60)], ["opt_out", "opt_in"], [IN]),
    ("a deletion undoes nothing", [says("STOP"), sends("revoke", 60, original_message_id="wamid.STOP0")],
     ["opt_out", "none"], [OUT]),
    ("an edit that hides its words, after an opt-in, is read by a person",
     [says("START"), sends("unsupported", 600, type="edit")], ["opt_in", "review"], [(*IN, "held")]),
    ("later than anybody can edit it concerns something else",
     [says("START", -3600), sends("unsupported", type="edit")], ["opt_in", "none"], [IN]),
    ("after a STOP nobody has to look", [says("STOP"), sends("unsupported", 60, type="edit")],
     ["opt_out", "none"], [OUT]),
    ("a hidden edit of somebody who said nothing", [sends("unsupported", type="edit")],
     ["none"], [UNKNOWN]),
]  # fmt: skip

GROUPS = [
    ("a stop in a group is read by a person", [says("STOP", group_id="g")], ["review"], [HELD]),
    ("a start there opts nobody in", [says("START", group_id="g")], ["none"], []),
    ("a receipt from a group is nobody's wish",
     [status("read", recipient_id="G", recipient_type="group", recipient_participant_id="1")], ["none"], []),
    ("WhatsApp's stop there is the participant's",
     [status("failed", recipient_id="G", recipient_type="group", recipient_participant_id="12025550107",
             errors=[{"code": 131050}])], ["platform_stop"], [STOPPED]),
]  # fmt: skip

SYSTEM = [
    ("a stop goes along to the new number", [says("STOP"), moves("12025550107", "12025550188", 60)],
     ["opt_out", "none"], [OUT]),
    ("a stop from the new number is the same person's",
     [says("Hi"), moves("12025550107", "12025550188", 60), says("STOP", 120, **{"from": "12025550188"})],
     ["none", "none", "opt_out"], [OUT]),
    ("a renewed user id needs no number",
     [says("Hi", **MEI), a_change(messages=[a_message(
         id="wamid.s", type="system", text=None, timestamp=str(TODAY + 1), **MEI,
         system={"type": "user_changed_user_id", "user_id": "DE.8", "previous_user_id": "DE.7f3"})]),
      says("STOP", 2, **{**MEI, "from_user_id": "DE.8"})], ["none", "none", "opt_out"], [OUT]),
    ("the older spelling is read", [says("STOP"), sends(
        "system", 60, type="customer_changed_number", new_wa_id="12025550188", customer="12025550107")],
     ["opt_out", "none"], [OUT]),
    ("a new device is no new person", [says("STOP"), sends(
        "system", 60, type="customer_identity_changed", identity={"hash": "x", "acknowledged": False})],
     ["opt_out", "none"], [OUT]),
    ("the withdrawn field is read should it come",
     [says("STOP", **MEI), a_change("user_id_update", user_id_update=[
         {"user_id": {"previous": "DE.7f3", "current": "DE.8"}, "timestamp": TODAY + 1}])],
     ["opt_out", "none"], [OUT]),
]  # fmt: skip

ONE, NEXT = {"from_user_id": "US.1"}, {"from_user_id": "US.2"}
"""Two user ids that come with Joe's number."""

RECYCLED = [
    ("somebody else with the number does not inherit the opt-in",
     [says("START", **ONE), says("Hi", 60, **NEXT)], ["opt_in", "none"], [(*IN, "held")]),
    ("whatever they send", [says("START", **ONE), sends("image", 60, **NEXT)],
     ["opt_in", "none"], [(*IN, "held")]),
    ("a stop of who had the number before stays", [says("STOP", **ONE), says("Hi", 60, **NEXT)],
     ["opt_out", "none"], [OUT]),
    ("whoever has the number now may opt in", [says("STOP", **ONE), says("START", 60, **NEXT)],
     ["opt_out", "opt_in"], [IN]),
    ("and is asked once", [says("START", **ONE), says("Hi", 60, **NEXT), says("Hi", 120, **NEXT)],
     ["opt_in", "none", "none"], [(*IN, "held")]),
    ("in one delivery as well", [a_change(messages=[
        a_message(id="w1", timestamp=str(TODAY), text={"body": "START"}, **ONE),
        a_message(id="w2", timestamp=str(TODAY + 5), text={"body": "Hi"}, **NEXT)])],
     ["opt_in", "none"], [(*IN, "held")]),
    ("a change that WhatsApp announced is the same person", [
        says("START", **ONE), a_change(messages=[a_message(
            id="wamid.s", type="system", text=None, timestamp=str(TODAY + 1), **{"from": None, **ONE},
            system={"type": "user_changed_user_id", "user_id": "US.2", "previous_user_id": "US.1"})]),
        says("Hi", 60, **NEXT)], ["opt_in", "none", "none"], [IN]),
    ("a user id that was not known before says nothing", [says("START"), says("Hi", 60, **ONE)],
     ["opt_in", "none"], [IN]),
]  # fmt: skip

NEVER_LIVE = [
    ("what the business typed itself", [a_change("smb_message_echoes", message_echoes=[
        a_message(**{"from": BUSINESS, "to": "12025550107"})])], ["none"], []),
    ("an old STOP of the customer is read by a person", [past()], ["review"], [HELD]),
    ("an old start opts nobody in", [past(text={"body": "start"})], ["none"], []),
    ("what the business wrote long ago", [past(**{"from": BUSINESS, "to": "12025550107"})], ["none"], []),
    ("media of the history look live and are not",
     [a_change("history", messages=[a_message(type="image", text=None, image={"caption": "START"})])],
     ["none"], []),
    ("an old caption STOP among them is read by a person",
     [a_change("history", messages=[a_message(type="image", text=None, image={"caption": "STOP"})])],
     ["review"], [HELD]),
    ("a history that was not shared", [a_change("history", history=[{"errors": [{"code": 2593109}]}])],
     ["none"], []),
    ("the address book of the Business app", [a_change("smb_app_state_sync", state_sync=[
        {"type": "contact", "contact": {"full_name": "STOP", "phone_number": "12025550107"}}])],
     ["none"], []),
]  # fmt: skip

STANDBY = [
    ("the customer's STOP is honoured", [a_change("standby", standby={"messages": [a_message()]})],
     ["opt_out"], [OUT]),
    ("START too", [a_change("standby", standby={"messages": [a_message(text={"body": "START"})]})],
     ["opt_in"], [IN]),
    ("a tap too", [a_change("standby", standby={"messages": [
        a_message(type="button", text=None, button={"payload": "OPT_OUT", "text": "x"})]})],
     ["opt_out"], [OUT]),
    ("the same message on both fields is one", [says("STOP", message_id="w"),
     a_change("standby", standby={"messages": [a_message(id="w", timestamp=str(TODAY))]})],
     ["opt_out"], [OUT]),
    ("the agent's own words and receipts are nobody's wish", [a_change("standby", standby={
        "message_echoes": [{"id": "e", "to": "12025550107", "message": {"text": {"body": "STOP"}}}],
        "statuses": [{"id": "w", "status": "read", "timestamp": str(TODAY)}]})], ["none", "none"], []),
    ("a handover of the chat says nothing", [{"field": "messaging_handovers", "value": {
        "type": "control_passed", "timestamp": str(TODAY), "sender": {"phone_number": "12025550107"},
        "recipient": {"phone_number_id": "310000000000001"}}}], ["none"], []),
]  # fmt: skip

PREFERENCES = [
    ("stop sets WhatsApp's own stop and no consent", [says("START"), prefers("stop", 60)],
     ["opt_in", "platform_stop"], [("opted_in", "stopped")]),
    ("resume ends it", [prefers("stop"), prefers("resume", 60)],
     ["platform_stop", "lift_platform_stop"], [UNKNOWN]),
    ("resume leaves a STOP of the customer's own", [says("STOP"), prefers("stop", 30), prefers("resume", 60)],
     ["opt_out", "platform_stop", "lift_platform_stop"], [OUT]),
    ("an old resume that arrives late ends nothing", [prefers("stop", 60), prefers("resume")],
     ["platform_stop", "lift_platform_stop"], [STOPPED]),
    ("resume of something that is no marketing ends nothing",
     [prefers("stop"), prefers("resume", 60, category="service_messages")],
     ["platform_stop", "review"], [("unknown", "stopped", "held")]),
    ("a person without a number can stop, too", [prefers("stop", wa_id=None, user_id="DE.7f3")],
     ["platform_stop"], [STOPPED]),
    ("a contact without a profile is enough", [a_change(
        "user_preferences", contacts=[{"wa_id": "12025550107"}], user_preferences=[
            {"wa_id": "12025550107", "category": "marketing_messages", "value": "stop"}])],
     ["platform_stop"], [STOPPED]),
    ("the same preference again is one", [prefers("stop"), prefers("stop")], ["platform_stop"], [STOPPED]),
    ("a value that is new is read by a person", [prefers("pause")], ["review"], [HELD]),
]  # fmt: skip

STATUSES = [
    *[(f"{word} is nobody's wish", [status(word)], ["none"], [])
      for word in ("sent", "delivered", "read", "played", "a_new_word")],
    ("131050 is WhatsApp's own stop, and without contacts", [fails(131050)], ["platform_stop"], [STOPPED]),
    ("also among other errors",
     [fails(131050, errors=[{"code": 131049}, {"code": 131050}])], ["platform_stop"], [STOPPED]),
    ("and for somebody without a number", [fails(131050, recipient_id=None, recipient_user_id="DE.7f3")],
     ["platform_stop"], [STOPPED]),
    *[(f"{code} never touches consent", [fails(code)], ["none"], [])
      for code in (131049, 130472, 131026, 131047, 131048, 131056, 130429, 131042, 368, 190, 132015, 135000)],
    ("sent, delivered and read of one message are three events, and each is one",
     [status("read"), status("sent"), status("sent"), status("delivered")], ["none"] * 3, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "changes", "expected", "states"),
    [
        *MESSAGES,
        *CONTEXT,
        *CHANGED,
        *GROUPS,
        *SYSTEM,
        *RECYCLED,
        *NEVER_LIVE,
        *STANDBY,
        *PREFERENCES,
        *STATUSES,
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_meta_documents(app, sentence, changes, expected, states):
    for change in changes:
        deliver(app, change)
    with app.app_context():
        assert decisions() == expected, sentence
        assert [state(customer) for customer in everybody()] == states, sentence
        assert the_ledger_is_whole()


def identities() -> set[tuple[int, str, str]]:
    return {(row.customer_id, row.kind, row.value) for row in db.session.scalars(select(Identity))}


CARDS = [
    ("the answer to a request for the number adds it", [ANSWER], {}, True),
    ("a card about somebody else adds nothing", [CARD], {}, False),
    ("of two answers none is known to be the right one", [ANSWER, ANSWER], {}, False),
    ("an answer without a number adds nothing", [{**ANSWER, "phones": [{"phone": "+49"}]}], {}, False),
    ("nonsense adds nothing", [{**ANSWER, "phones": [None, {"wa_id": 7}]}, None], {}, False),
    ("a forwarded answer is somebody else's", [ANSWER], {"forwarded": True}, False),
]


@pytest.mark.parametrize(("sentence", "cards", "context", "added"), CARDS, ids=[row[0] for row in CARDS])
def test_a_shared_contact(app, sentence, cards, context, added):
    deliver(app, says("STOP", **MEI))
    message = a_message(id="wamid.card", type="contacts", text=None, contacts=cards, context=context, **MEI)
    deliver(app, a_change(messages=[{**message, "timestamp": str(TODAY + 60)}]))
    with app.app_context():
        [customer] = everybody()
        assert (state(customer), decisions()) == (OUT, ["opt_out", "none"])
        number = {(customer.id, "wa_id", "4915112345678")} if added else set()
        assert identities() == {(customer.id, "user_id", "DE.7f3")} | number, sentence
    deliver(app, says("START", 120, **{"from": "4915112345678"}))
    with app.app_context():
        assert len(everybody()) == (1 if added else 2)
