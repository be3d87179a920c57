"""What an item does: its words are read, and the ledger records what they mean.

Nothing here commits. A statement reaches every customer who may be the person if it stops marketing, and
only the best match if it allows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webapp.campaigns.sending import learning, statuses
from webapp.campaigns.sending.statuses import News
from webapp.consent import holds, ledger
from webapp.consent.keywords import RULE_VERSION, Decision, KeywordSet, Reading
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.readings import NOTHING
from webapp.consent.rules import ReviewKind, Source, Status, Turn
from webapp.customers.addresses import MalformedId, address
from webapp.customers.models import Customer, IdentityKind
from webapp.whatsapp import confirmed
from webapp.whatsapp.inbound import moves, stored, template_effects, unheard
from webapp.whatsapp.inbound.senders import Sender, known, sender
from webapp.whatsapp.webhook import payloads
from webapp.whatsapp.webhook.events import USER_STOPPED_MARKETING
from webapp.whatsapp.webhook.payloads import Item, clean

PLATFORM_STOP = "platform_stop"
LIFT_PLATFORM_STOP = "lift_platform_stop"
MARKETING = "marketing_messages"
EDITABLE = timedelta(minutes=16)
"""A message can be changed for 15 minutes (Meta, edit messages); one more for clocks."""
EDITED_OPT_IN = "changes one that opted in, and WhatsApp does not pass on the new words"
EDITED_WORDS = "[the new words of an edit]"

PERHAPS_A_STRANGER = "came from the customer’s number, but from another WhatsApp user: is it the same person?"

Spoken = payloads.Words | payloads.Button | payloads.Reaction | payloads.Passive | payloads.HiddenEdit
Signalled = payloads.Preference | payloads.Status


@dataclass(frozen=True)
class Outcome:
    """What was made of an item, what tipped it, and whom it is about."""

    decision: str = Decision.NONE
    matched: str = ""
    customer: Customer | None = None
    erased: bool = False
    """Whether it is about somebody who was erased, so that nothing of it is kept."""


@dataclass(frozen=True)
class Said:
    """An item that speaks, and what came with it."""

    item: Spoken | Signalled | payloads.Wordless
    words: str
    source: Source
    now: datetime

    @property
    def actor(self) -> str:
        return "customer" if isinstance(self.item, Spoken) else "whatsapp"

    def circumstances(self, who: Sender, customer: Customer, matched: str = "") -> dict[str, Any]:
        """The fields that a Statement and a Signal share. The item's key is the id that makes them unique:
        an edit may come under the id of the message that it changes, and a preference has no id."""
        words, message_id = clean(self.words), self.item.message_id if isinstance(self.item, Spoken) else None
        return {
            "source": self.source,
            "actor": self.actor,
            "now": self.now,
            "stated_at": self.item.occurred_at,
            "identity_id": who.identity_id(customer),
            "message_id": self.item.key,
            "proof": Proof("whatsapp", words, clean(matched), message_id or ""),
            "rule_version": RULE_VERSION,
        }


def apply(item: Item, words: KeywordSet | None, now: datetime) -> Outcome:
    """Do what `item` asks for; `words` are the keywords in force, None while they are switched off.

    Raises Malformed for a person who cannot be kept, and whatever else a poisoned item provokes.
    """
    match item:
        case payloads.Words():
            reading = stored.reading(item, words)
            return _act(reading, reading.matched, Said(item, item.text, Source.KEYWORD, now))
        case payloads.Button():
            label = item.label or item.machine_id or ""
            reading = stored.reading(item, words)
            return _act(reading, label, Said(item, label, Source.BUTTON, now))
        case payloads.Reaction():
            reading = stored.reading(item, words)
            return _act(reading, reading.matched, Said(item, item.emoji, Source.KEYWORD, now))
        case payloads.Passive():
            return _passive(item, words, now)
        case payloads.HiddenEdit():
            return _hidden_edit(item, now)
        case payloads.Wordless():
            return _wordless(item, now)
        case payloads.Preference():
            return _preference(item, now)
        case payloads.Status():
            return apply_statuses([item], now)[0]
        case payloads.NumberChange():
            return Outcome(customer=moves.move(item, now))
        case payloads.Notice():
            template_effects.apply(item, now)
            return Outcome()
        case _:
            return Outcome()


def _act(reading: Reading, matched: str, said: Said) -> Outcome:
    who = sender(said.item.person, said.now)
    match reading.decision:
        case Decision.OPT_OUT:
            for customer, circumstances in _everybody(who, said, matched):
                ledger.record(customer, Statement(Status.OPTED_OUT, **circumstances))
        case Decision.OPT_IN:
            circumstances = said.circumstances(who, who.customer, matched)
            ledger.record(who.customer, Statement(Status.OPTED_IN, **circumstances))
        case Decision.REVIEW:
            for customer, circumstances in _everybody(who, said, matched):
                holds.hold(customer, reading.why, Signal(**circumstances))
        case _:
            _ask_who_it_is(who, said)
    return Outcome(reading.decision, reading.matched, who.customer)


def _ask_who_it_is(who: Sender, said: Said) -> None:
    """A stranger does not inherit the opt-in of who had the number before; every stop stays. Whoever moves to
    another number or user id is announced by WhatsApp (Meta, system messages)."""
    for customer in who.perhaps_not:
        if customer.status == Status.OPTED_IN:
            holds.hold(customer, PERHAPS_A_STRANGER, Signal(**said.circumstances(who, customer)))


def _everybody(who: Sender, said: Said, matched: str) -> Iterator[tuple[Customer, dict[str, Any]]]:
    return ((customer, said.circumstances(who, customer, matched)) for customer in who.alike)


def _passive(item: payloads.Passive, words: KeywordSet | None, now: datetime) -> Outcome:
    """Said in a group or long ago: a stop goes to a person, everything else creates nobody."""
    reading = stored.reading(item, words)
    if reading.decision is Decision.NONE:
        return Outcome(customer=known(item.person))
    return _act(reading, reading.matched, Said(item, item.text or "", Source.KEYWORD, now))


def _wordless(item: payloads.Wordless, now: datetime) -> Outcome:
    who = sender(item.person, now)
    asked = unheard.ask_to_listen(item, who, now)
    _ask_who_it_is(who, Said(item, "", Source.WHATSAPP, now))
    return Outcome(ReviewKind.LISTEN if asked else Decision.NONE, customer=who.customer)


def _hidden_edit(item: payloads.HiddenEdit, now: datetime) -> Outcome:
    """The words of an opt-in may have become others, so a person asks the customer."""
    customer = sender(item.person, now).customer
    said_at = customer.own_opt_in_at if customer.status == Status.OPTED_IN else None
    may_be_changed = said_at is not None and timedelta(0) <= item.occurred_at - said_at <= EDITABLE
    reading = Reading(Decision.REVIEW, why=EDITED_OPT_IN) if may_be_changed else NOTHING
    return _act(reading, "", Said(item, EDITED_WORDS, Source.KEYWORD, now))


def _preference(item: payloads.Preference, now: datetime) -> Outcome:
    """WhatsApp's own switch. A value that is new to us may be a stop, so a person looks at it."""
    said = Said(item, f"WhatsApp's setting for offers: {item.value}", Source.WHATSAPP, now)
    if item.value == "stop":
        return _platform(Turn.STOPPED, said)
    if item.value == "resume" and item.category in (None, MARKETING):
        return _platform(Turn.RESUMED, said)
    if item.value == "signup":
        who = sender(item.person, now)
        unheard.ask_to_record(item, who, now)
        return Outcome(ReviewKind.SIGNUP, customer=who.customer)
    why = f"is a setting of WhatsApp's that is new to this desk: {item.value}"
    return _act(Reading(Decision.REVIEW, item.value, why), item.value, said)


def apply_statuses(items: Sequence[payloads.Status], now: datetime) -> list[Outcome]:
    """Messages of ours moved on, all in a few statements; what was made of each."""
    news = [News(i.callback, i.message_id, i.status, i.error_code, i.occurred_at) for i in items]
    customers = statuses.apply(news, now)
    confirmed.hear(items)
    learning.learn_user_ids(dict(_user_ids(items, customers)), now)
    return [_said_by_status(item, customers.get(place), now) for place, item in enumerate(items)]


def _user_ids(
    items: Sequence[payloads.Status], customers: Mapping[int, Customer]
) -> Iterator[tuple[str, Customer]]:
    """The user ids that are shown, each with the customer whom we had written to."""
    for place, item in enumerate(items):
        customer, shown = customers.get(place), item.person.user_id
        if customer and shown:
            with suppress(MalformedId):
                yield address(IdentityKind.USER_ID, shown).value, customer


def _said_by_status(item: payloads.Status, customer: Customer | None, now: datetime) -> Outcome:
    """One code speaks about the person: they stopped our marketing."""
    stopped = item.status == "failed" and item.error_code == USER_STOPPED_MARKETING
    if customer and customer.erased_at:
        back = known(item.person) if stopped and item.person.known else None
        if back is None or back.erased_at:
            return Outcome(erased=True)
        customer = None  # the person has another record by now
    if not stopped:
        return Outcome()
    outcome = Outcome(PLATFORM_STOP)
    if item.person.known or customer is None:
        said = Said(item, f"WhatsApp reports {item.error_code}", Source.DELIVERY_FAILURE, now)
        outcome = _platform(Turn.STOPPED, said)
    if customer:  # whom we had written to, under whatever address WhatsApp knows them
        learning.stopped(customer.id, item.key, now, item.occurred_at)
    return outcome


def _platform(turn: Turn, said: Said) -> Outcome:
    who = sender(said.item.person, said.now)
    concerned = who.alike if turn is Turn.STOPPED else [who.customer]
    for customer in concerned:
        ledger.record_platform(customer, turn, Signal(**said.circumstances(who, customer)))
    decision = PLATFORM_STOP if turn is Turn.STOPPED else LIFT_PLATFORM_STOP
    return Outcome(decision, customer=who.customer)
