"""Do the promises hold? Each is a function over a history and the record; what it yields are violations.

The numbers are those of the promises in the design: an answered opt-out is on record, nothing starts after
it, one message at most, consent moves towards “in” by proof only, unclear means no, the fold is the state,
an opt-out is the person's, text stays text.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from tests.faults.history import History, Record, Sent
from webapp.consent.ledger import external_id
from webapp.consent.rules import Effect, Kind, Status

TO_THE_WIRE = 0.25 + 1.0
"""Seconds from a claim to the request on the wire; the second one is for a machine that is busy."""
OWN, WITH_PROOF = {"keyword", "button"}, {"agent", "api", "review"}
ENDED = {"sent", "delivered", "read", "failed", "unknown", "suppressed", "cancelled"}
Promise = Callable[[History, Record], Iterator[str]]


def violations(history: History, record: Record) -> list[str]:
    """All of them, each with the number of its promise."""
    return [
        f"{number}: {words}"
        for number, promise in enumerate(PROMISES, 1)
        for words in promise(history, record)
    ]


def answered_words_are_on_record_once(history: History, record: Record) -> Iterator[str]:
    """What was answered 200 is kept once; a STOP is one event of its person; and nothing came in twice."""
    said = Counter(each.external_id for each in record.events if each.kind == Kind.CONSENT)
    for word in history.words:
        key = f"message:{word.id}"
        if record.kept[key] > 1:
            yield f"{word.id} is on record {record.kept[key]} times"
        if word.taken_at is None or word.number in history.erased:
            continue
        if not record.kept[key]:
            yield f"{word.id} was answered 200 and is not on record"
        if word.stop and said[external_id(key)] != 1:
            yield f"STOP {word.id} was answered 200 and is {said[external_id(key)]} events"
    for toggle in history.toggles:
        if toggle.taken_at and toggle.customer_id not in record.erased:
            out = [
                e for e in record.events if e.customer_id == toggle.customer_id and e.status == "opted_out"
            ]
            if not out:
                yield f"customer {toggle.customer_id} was switched off and has no such event"


def nothing_starts_after_an_opt_out(history: History, record: Record) -> Iterator[str]:
    """On the wire no later than what a claim before the opt-out allows; and the auditor finds nothing."""
    out: dict[int | str, float] = {}
    for person, at in _opt_outs(history, record):
        out[person] = min(at, out.get(person, at))
    for request in history.requests:
        late = request.at - out.get(record.owners.get(request.number, request.number), request.at)
        if request.marketing and late > TO_THE_WIRE:
            yield f"a message went to {request.number} {late:.2f} s after the opt-out"
    yield from (f"the auditor: {words}" for words in record.audited)


def _opt_outs(history: History, record: Record) -> Iterator[tuple[int | str, float]]:
    """Who is out, and when that was answered."""
    for word in history.words:
        if word.stop and word.taken_at:
            yield word.person or record.owners.get(word.number, word.number), word.taken_at
    yield from ((toggle.customer_id, toggle.taken_at) for toggle in history.toggles if toggle.taken_at)


def one_message_at_most(history: History, record: Record) -> Iterator[str]:
    """For a campaign and a person; whose outcome is not known is unknown, and not sent again."""
    wired = Counter(request.delivery_id for request in history.requests)
    people = Counter((request.campaign_id, request.number) for request in history.requests)
    for (campaign, number), n in people.items():
        if n > 1:
            yield f"campaign {campaign} wrote to {number} {n} times"
    for (campaign, customer), n in Counter((s.campaign_id, s.customer_id) for s in record.sent).items():
        if n > 1:
            yield f"campaign {campaign} has {n} deliveries for customer {customer}"
    for sent in record.sent:
        if wired[sent.id] and sent.state in ("queued", "suppressed", "cancelled"):
            yield f"delivery {sent.id} was on the wire and is {sent.state}"
        if sent.state == "sent" and not wired[sent.id]:
            yield f"delivery {sent.id} is sent and never was on the wire"


def consent_moves_in_by_proof_only(_history: History, record: Record) -> Iterator[str]:
    """By the customer's own words, by a person with evidence, or an undo; an import never lifts a stop."""
    last: dict[int, str] = {}
    for event in sorted(record.events, key=lambda each: each.id):
        if event.kind != Kind.CONSENT or event.effect != Effect.CHANGED:
            continue
        before, last[event.customer_id] = last.get(event.customer_id), str(event.status)
        proved = event.evidence and (event.source in WITH_PROOF or before != Status.OPTED_OUT)
        allowed = event.source in OWN or event.compensates or proved or event.customer_id in record.erased
        if event.status == Status.OPTED_IN and not allowed:
            yield f"event {event.id} opted customer {event.customer_id} in by {event.source}"


def unclear_means_not_sent(_history: History, record: Record) -> Iterator[str]:
    """Whatever started as marketing was let through by an opt-in that the gate saw."""
    for sent in record.sent:
        if sent.state in ("suppressed", "queued", "cancelled"):
            continue
        if _needs_consent(sent) and (sent.gate_status, sent.gate_stopped, sent.gate_held) != (
            Status.OPTED_IN, False, False,
        ):  # fmt: skip
            yield f"delivery {sent.id} is {sent.state} and the gate saw {sent.gate_status}"


def _needs_consent(sent: Sent) -> bool:
    return sent.category in (None, "MARKETING")


def the_ledger_is_the_state(_history: History, record: Record) -> Iterator[str]:
    """`heed ledger verify` finds seals, evidence and all states whole."""
    if record.ledger_fault:
        yield record.ledger_fault


def an_opt_out_is_the_persons(history: History, record: Record) -> Iterator[str]:
    """Whoever said STOP under any form of the number, or was switched off, is opted out."""
    for word in history.words:
        owner = word.person or record.owners.get(word.number)
        if word.stop and word.taken_at and owner and record.statuses[owner] != Status.OPTED_OUT:
            yield f"{word.number} said STOP and is {record.statuses[owner]}"
    for toggle in history.toggles:
        status = record.statuses.get(toggle.customer_id)
        if toggle.taken_at and toggle.customer_id not in record.erased and status != Status.OPTED_OUT:
            yield f"customer {toggle.customer_id} was switched off and is {status}"


def text_stays_text(history: History, record: Record) -> Iterator[str]:
    """No number and no words stand in the logs."""
    for word in history.words:
        if word.number in record.logs:
            yield f"the number of {word.id} stands in the logs"
        if not word.stop and word.text in record.logs:
            yield f"the words of {word.id} stand in the logs"


PROMISES: tuple[Promise, ...] = (
    answered_words_are_on_record_once, nothing_starts_after_an_opt_out, one_message_at_most,
    consent_moves_in_by_proof_only, unclear_means_not_sent, the_ledger_is_the_state,
    an_opt_out_is_the_persons, text_stays_text,
)  # fmt: skip


def unsettled(history: History, record: Record) -> Iterator[str]:
    """What a desk that has recovered by itself has no more: anything half done, anything not taken."""
    yield from (f"{word.id} was never taken" for word in history.words if not word.taken_at)
    yield from (f"a switch of {t.customer_id} was never taken" for t in history.toggles if not t.taken_at)
    yield from (
        f"delivery {each.id} is still {each.state}" for each in record.sent if each.state not in ENDED
    )
    yield from (f"campaign {id} is {state}" for id, state in record.campaigns.items() if state == "running")
    if odd := set(history.answers) - {0, 200, 204, 303, 503}:
        yield f"answers were {sorted(odd)}"
