"""Whose word counts, row by row."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count, permutations

import pytest

from tests.rows import every
from webapp.consent import rules, state
from webapp.consent.rules import (
    Change,
    Effect,
    EvidenceMissing,
    Kind,
    OlderThanOptOut,
    OptedOutStands,
    Source,
    State,
    Status,
    Turn,
)

NOON = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@dataclass
class Event:
    """An entry as the ledger keeps it."""

    kind: str
    status: str
    source: str
    effect: str
    occurred_at: datetime
    compensates: int | None = None
    id: int = field(default_factory=count(1).__next__)


class Book:
    """A ledger of one customer in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @property
    def state(self) -> State:
        return state.fold(self.events)

    def say(
        self, source: Source, status: Status, said: float | None, now: float, evidence: bool = True
    ) -> None:
        change = Change(status, source, at(now), None if said is None else at(said), evidence)
        verdict = rules.decide(self.state, change)
        if verdict:
            self.events.append(Event(Kind.CONSENT, status, source, verdict.effect, verdict.occurred_at))

    def undo(self) -> None:
        before = state.fold(self.events[:-1])
        latest = self.events[-1]
        self.events.append(
            Event(Kind.CONSENT, before.status, Source.AGENT, Effect.CHANGED, at(99), compensates=latest.id)
        )


KEY, AGENT, API, IMPORT, REVIEW = Source.KEYWORD, Source.AGENT, Source.API, Source.IMPORT, Source.REVIEW


@every(
    ("sentence", "statements", "expected"),
    [
        ("a STOP opts out", [(KEY, OUT, 0, 0)], OUT),
        ("a STOP after an import opts out", [(IMPORT, IN, 0, 0), (KEY, OUT, 5, 5)], OUT),
        ("a STOP that was said before an import and arrives later still wins",
         [(IMPORT, IN, 10, 10), (KEY, OUT, 5, 15)], OUT),
        ("a STOP that arrives after an agent's opt-in wins, for the agent did not know of it",
         [(AGENT, IN, None, 10), (KEY, OUT, 5, 15)], OUT),
        ("a START after a STOP opts in", [(KEY, OUT, 0, 0), (KEY, IN, 5, 5)], IN),
        ("a STOP said before a START and arriving after it changes nothing",
         [(KEY, IN, 5, 5), (KEY, OUT, 0, 6)], IN),
        ("a START said before a STOP and arriving after it changes nothing",
         [(KEY, OUT, 5, 5), (KEY, IN, 0, 6)], OUT),
        ("in the same second the opt-out wins, arriving first", [(KEY, OUT, 0, 0), (KEY, IN, 0.9, 1)], OUT),
        ("in the same second the opt-out wins, arriving last", [(KEY, IN, 0.9, 1), (KEY, OUT, 0, 2)], OUT),
        ("a START does not beat an agent's newer opt-out", [(AGENT, OUT, None, 5), (KEY, IN, 3, 6)], OUT),
        ("a START beats an agent's older opt-out", [(AGENT, OUT, None, 5), (KEY, IN, 7, 8)], IN),
        ("an agent who saw the STOP and states no time opt", [(KEY, OUT, 5, 5), (AGENT, IN, None, 6)], IN),
        ("even in the very second of the STOP", [(KEY, OUT, 5, 5), (AGENT, IN, None, 5.5)], IN),
        ("a second STOP keeps the customer out", [(KEY, OUT, 0, 0), (KEY, OUT, 5, 5), (KEY, IN, 3, 6)], OUT),
        ("a STOP from the future counts as now", [(KEY, OUT, 900, 5), (KEY, IN, 7, 8)], IN),
        ("a START from the future counts as now", [(KEY, IN, 900, 5), (KEY, OUT, 7, 8)], OUT),
        ("a STOP that is heard after the clock was put back opts out",
         [(KEY, IN, 50, 50), (KEY, OUT, 51, 7)], OUT),
        ("and so does one that arrives a little later", [(KEY, IN, 50, 50), (KEY, OUT, 7, 7.5)], OUT),
        ("but not one that was said before, as far as that clock tells",
         [(KEY, IN, 50, 50), (KEY, OUT, 5, 7)], IN),
        ("an opt-out by import applies whatever its time", [(KEY, IN, 5, 5), (IMPORT, OUT, 0, 6)], OUT),
        ("an opt-out by an agent applies", [(KEY, IN, 5, 5), (AGENT, OUT, None, 6)], OUT),
        ("whatever time they state", [(KEY, IN, 5, 5), (AGENT, OUT, 3, 6)], OUT),
        ("a reviewed message counts from when it was written", [(KEY, IN, 5, 5), (REVIEW, OUT, 0, 6)], IN),
        ("a reviewed message newer than the START opts out", [(KEY, IN, 5, 5), (REVIEW, OUT, 6, 9)], OUT),
        ("an opt-in by the API opts in", [(API, IN, None, 0)], IN),
        ("an API opt-in stated later than the STOP opts in", [(KEY, OUT, 0, 0), (API, IN, 5, 9)], IN),
        ("an API opt-in stated before another system's opt-out changes nothing",
         [(API, OUT, 5, 5), (API, IN, 3, 9)], OUT),
    ],
)  # fmt: skip
def test_the_order_of_statements(sentence, statements, expected):
    book = Book()
    for source, status, said, now in statements:
        book.say(source, status, said, now)
    assert book.state.status == expected, sentence


@pytest.mark.parametrize(
    ("sentence", "before", "statement", "refusal"),
    [
        ("an agent's statement older than the STOP", [(KEY, OUT, 5, 5)], (AGENT, IN, 3, 9), OlderThanOptOut),
        ("an agent's of the STOP's second", [(KEY, OUT, 5, 5)], (AGENT, IN, 5.9, 9), OlderThanOptOut),
        ("an API statement older than the STOP", [(KEY, OUT, 5, 5)], (API, IN, 3, 9), OlderThanOptOut),
        ("an agent's statement older than a colleague's opt-out",
         [(AGENT, OUT, None, 5)], (AGENT, IN, 3, 9), OlderThanOptOut),
        ("an import over a STOP, stated later", [(KEY, OUT, 5, 5)], (IMPORT, IN, 8, 9), OptedOutStands),
        ("an import over an agent's opt-out", [(AGENT, OUT, None, 5)], (IMPORT, IN, 8, 9), OptedOutStands),
        ("an import over an import's opt-out", [(IMPORT, OUT, 5, 5)], (IMPORT, IN, 8, 9), OptedOutStands),
    ],
)  # fmt: skip
def test_opt_ins_that_are_refused(sentence, before, statement, refusal):
    book = Book()
    for source, status, said, now in before:
        book.say(source, status, said, now)
    with pytest.raises(refusal):
        book.say(*statement)
    assert book.state.status == OUT, sentence


@pytest.mark.parametrize("source", [AGENT, API, IMPORT])
def test_an_opt_in_that_is_not_the_customers_own_words_needs_evidence(source):
    with pytest.raises(EvidenceMissing):
        Book().say(source, IN, None, 0, evidence=False)


@pytest.mark.parametrize(
    ("source", "events"), [(AGENT, 1), (IMPORT, 1), (KEY, 2), (Source.BUTTON, 2), (API, 2)]
)
@pytest.mark.parametrize("status", [IN, OUT])
def test_the_same_status_again(source, events, status):
    """Nothing from an agent or an import; an event without effect from the customer and the API."""
    book = Book()
    book.say(source, status, None, 0)
    book.say(source, status, None, 5)
    assert len(book.events) == events
    assert [event.effect for event in book.events[1:]] == [Effect.NONE] * (events - 1)


@every("arrival", list(permutations([(OUT, 0), (IN, 10), (OUT, 20), (IN, 30), (OUT, 30)])))
def test_own_words_give_one_state_in_whatever_order_they_arrive(arrival):
    book = Book()
    for now, (status, said) in enumerate(arrival, start=100):
        book.say(KEY, status, said, now)
    assert book.state.status == OUT


@every("arrival", list(permutations([(OUT, 0), (IN, 10), (OUT, 20), (IN, 30)])))
def test_the_last_own_word_wins_in_whatever_order_they_arrive(arrival):
    book = Book()
    for now, (status, said) in enumerate(arrival, start=100):
        book.say(KEY, status, said, now)
    assert book.state.status == IN


@pytest.mark.parametrize("source", [KEY, Source.BUTTON])
def test_own_words_prove_themselves(source):
    book = Book()
    book.say(source, IN, None, 0, evidence=False)
    assert book.state.status == IN


@pytest.mark.parametrize("source", [KEY, Source.BUTTON, Source.WHATSAPP, REVIEW])
def test_another_system_may_not_state_what_was_said_before_an_own_opt_out(source):
    book = Book()
    book.say(source, OUT, 5, 5)
    with pytest.raises(OlderThanOptOut) as refused:
        book.say(API, IN, 3, 9)
    assert refused.value.opt_out_at == at(5)


@pytest.mark.parametrize("source", [AGENT, API, IMPORT, Source.DELIVERY_FAILURE])
def test_what_others_noted_is_no_own_opt_out(source):
    book = Book()
    book.say(source, OUT, None, 5)
    assert (book.state.opt_out_at, book.state.own_opt_out_at) == (at(5), None)


@pytest.mark.parametrize("source", [AGENT, API])
@pytest.mark.parametrize("said", [None, 5.5, 900])
def test_who_states_no_time_opts_in_a_second_after_the_stop_that_they_saw(source, said):
    """Also who states this very moment, or one to come, which count as no time."""
    book = Book()
    book.say(KEY, OUT, 5.2, 5.2)
    book.say(source, IN, said, 5.5)
    assert (book.state.status, book.state.status_at) == (IN, at(6.2))


@pytest.mark.parametrize(
    ("before", "statement", "occurred", "reason"),
    [
        ([(KEY, IN, 5, 5)], (KEY, OUT, 3, 9), 3, "newer_opt_in"),
        ([(KEY, OUT, 5, 5)], (KEY, IN, 3, 9), 3, "newer_opt_out"),
        ([(API, OUT, 5, 5)], (API, IN, 3, 9), 3, "newer_opt_out"),
        ([(KEY, OUT, 5, 5)], (KEY, OUT, 7, 9), 7, "same_status"),
        ([(KEY, IN, 5, 5)], (API, IN, 7, 9), 7, "same_status"),
        ([(KEY, IN, 5, 5)], (KEY, IN, None, 9), 9, "same_status"),
    ],
)
def test_what_changes_nothing_is_entered_with_its_time_and_the_reason(before, statement, occurred, reason):
    book = Book()
    for said in before:
        book.say(*said)
    source, status, said, now = statement
    change = Change(status, source, at(now), None if said is None else at(said), True)
    assert rules.decide(book.state, change) == rules.Verdict(Effect.NONE, at(occurred), reason)


@pytest.mark.parametrize(
    ("state", "since"),
    [
        (State(OUT, status_at=at(3), opt_out_at=at(5)), 5),
        (State(OUT, status_at=at(3)), 3),
        (State(OUT), 9),
    ],
)
def test_an_import_that_is_refused_tells_since_when_they_are_out(state, since):
    with pytest.raises(OptedOutStands) as refused:
        rules.decide(state, Change(IN, IMPORT, at(9), has_evidence=True))
    assert refused.value.opt_out_at == at(since)


def test_refusals_say_why():
    assert str(OlderThanOptOut(NOON)) == "The customer opted out at or after the time you state."
    assert str(OptedOutStands(NOON)) == "The customer opted out, and an import never lifts an opt-out."
    with pytest.raises(EvidenceMissing, match=r"^Marketing needs proof that the customer agreed\.$"):
        rules.decide(State(), Change(IN, AGENT, at(0)))


def test_who_states_no_time_long_after_the_stop_opts_in_now():
    book = Book()
    book.say(KEY, OUT, 5, 5)
    book.say(AGENT, IN, None, 60)
    assert (book.state.status_at, book.state.status_event_id) == (at(60), book.events[-1].id)


def test_an_imported_opt_in_counts_from_the_time_that_the_file_states():
    book = Book()
    book.say(IMPORT, IN, 3, 9)
    assert book.state.status_at == at(3)


@pytest.mark.parametrize(
    ("source", "status"), [(KEY, IN), (KEY, OUT), (REVIEW, OUT), (AGENT, OUT), (AGENT, IN), (IMPORT, IN)]
)
def test_what_is_taken_back_leaves_nothing_behind(source, status):
    book = Book()
    book.say(KEY, IN if status == OUT else OUT, 0, 0)
    if (source, status) == (IMPORT, IN):
        book = Book()
    before = book.state
    book.say(source, status, None, 5)
    assert book.state != before
    book.undo()
    assert book.state == before


def test_to_take_a_statement_back_leaves_holds_and_whatsapps_stop_alone():
    book = Book()
    book.say(KEY, IN, 0, 0)
    book.say(AGENT, OUT, None, 5)
    undone = book.events[-1].id
    book.events += [
        Event(Kind.HOLD, Turn.HELD, KEY, Effect.CHANGED, at(6)),
        Event(Kind.PLATFORM_STOP, Turn.STOPPED, Source.WHATSAPP, Effect.CHANGED, at(7)),
        Event(Kind.CONSENT, IN, AGENT, Effect.CHANGED, at(8), compensates=undone),
    ]
    assert (book.state.status, book.state.held_at, book.state.platform_stop_at) == (IN, at(6), at(7))


def test_to_take_back_what_is_not_there_leaves_no_consent():
    undone = Event(Kind.CONSENT, IN, AGENT, Effect.CHANGED, at(8), compensates=10_000_000)
    assert state.fold([undone]) == State()


def test_what_is_taken_back_is_itself_nothing_that_could_be_given_back():
    book = Book()
    book.say(AGENT, OUT, None, 5)
    book.undo()
    compensation = book.events[-1]
    again = Event(Kind.CONSENT, OUT, AGENT, Effect.CHANGED, at(9), compensates=compensation.id)
    assert state.fold([*book.events, again]) == State()


@pytest.mark.parametrize(
    ("sentence", "since", "stands"),
    [
        ("nothing was said since", [], False),
        ("the same was said again", [(Kind.CONSENT, None)], True),
        ("what was said since is taken back", [(Kind.CONSENT, None), (Kind.CONSENT, 1)], False),
        ("one of two is taken back", [(Kind.CONSENT, None), (Kind.CONSENT, None), (Kind.CONSENT, 2)], True),
        ("it was taken back itself, and more was said", [(Kind.CONSENT, 0), (Kind.CONSENT, None)], True),
        ("WhatsApp's own stop came since", [(Kind.PLATFORM_STOP, None)], True),
        ("who they are changed since", [(Kind.IDENTITY, None)], False),
    ],
)
def test_what_stands_over_a_statement(sentence, since, stands):
    """Each entry since it says, or takes back the one of that place, where the statement has place 0."""
    events = [Event(Kind.CONSENT, IN, AGENT, Effect.CHANGED, at(n)) for n in range(2)]
    one = events[-1]
    for kind, place in since:
        taken_back = None if place is None else one.id + place
        events.append(Event(kind, OUT, AGENT, Effect.CHANGED, at(9), compensates=taken_back))
    assert bool(state.standing_over(events, one.id)) == stands, sentence


@pytest.mark.parametrize(("said", "occurred"), [(3, 3), (None, 9), (99, 9)])
def test_what_is_repeated_for_the_record_changes_nothing_and_keeps_its_time(said, occurred):
    change = Change(OUT, AGENT, at(9), None if said is None else at(said))
    assert rules.repeated(change) == rules.Verdict(Effect.NONE, at(occurred), "same_status")


def test_the_steps_of_a_history_are_the_states_between_its_entries():
    book = Book()
    book.say(KEY, IN, 0, 0)
    book.say(KEY, OUT, 5, 5)
    assert [step.status for step in state.steps(book.events)] == [UNKNOWN, IN, OUT]


@pytest.mark.parametrize(("turn", "effect", "held"), [
    (Turn.HELD, Effect.CHANGED, 9), (Turn.HELD, Effect.NONE, 5),
    (Turn.RELEASED, Effect.CHANGED, None), (Turn.RELEASED, Effect.NONE, 5),
])  # fmt: skip
def test_a_hold_ends_by_its_release_alone(turn, effect, held):
    first = Event(Kind.HOLD, Turn.HELD, KEY, Effect.CHANGED, at(5))
    folded = state.fold([first, Event(Kind.HOLD, turn, KEY, effect, at(9))])
    assert folded == State(held_at=None if held is None else at(held))


@pytest.mark.parametrize("kind", [Kind.IDENTITY, Kind.ERASURE, Kind.POLICY])
def test_what_is_no_statement_moves_nothing(kind):
    first = Event(Kind.HOLD, Turn.HELD, KEY, Effect.CHANGED, at(5))
    assert state.fold([first, Event(kind, OUT, AGENT, Effect.CHANGED, at(6))]) == State(held_at=at(5))


def test_an_undo_restores_the_state_before_with_its_times():
    book = Book()
    book.say(KEY, IN, 0, 0)
    before = book.state
    book.say(AGENT, OUT, None, 5)
    book.undo()
    assert book.state == before


@pytest.mark.parametrize(
    ("sentence", "turns", "stopped"),
    [
        ("a stop stops", [(Turn.STOPPED, 0)], True),
        ("a later resume lifts it", [(Turn.STOPPED, 0), (Turn.RESUMED, 5)], False),
        ("a resume of the same second does not", [(Turn.STOPPED, 0), (Turn.RESUMED, 0.5)], True),
        ("an earlier resume that arrives later does not", [(Turn.STOPPED, 5), (Turn.RESUMED, 0)], True),
        ("a stop that was earlier than the resume changes nothing",
         [(Turn.STOPPED, 0), (Turn.RESUMED, 5), (Turn.STOPPED, 3)], False),
        ("a resume between two stops does not lift the second, arriving last",
         [(Turn.STOPPED, 0), (Turn.STOPPED, 9), (Turn.RESUMED, 5)], True),
        ("a resume of before the clock was put back does not shield from a stop that is heard now",
         [(Turn.RESUMED, 150), (Turn.STOPPED, 151)], True),
        ("a resume that came first does not shield from a later stop",
         [(Turn.RESUMED, 0), (Turn.STOPPED, 5)], True),
    ],
)  # fmt: skip
def test_whatsapps_own_stop(sentence, turns, stopped):
    events: list[Event] = []
    for turn, said in turns:
        verdict = rules.decide_platform(state.fold(events), turn, at(said), at(99))
        events.append(Event(Kind.PLATFORM_STOP, turn, Source.WHATSAPP, verdict.effect, verdict.occurred_at))
    assert (state.fold(events).platform_stop_at is not None) == stopped, sentence
    assert state.fold(events).status == UNKNOWN


@pytest.mark.parametrize(
    ("turns", "stop", "resume", "reasons"),
    [
        ([(Turn.STOPPED, 0), (Turn.STOPPED, 9)], 9, None, ["", "same_status"]),
        ([(Turn.STOPPED, 9), (Turn.STOPPED, 0)], 9, None, ["", "same_status"]),
        ([(Turn.RESUMED, 5)], None, 5, ["same_status"]),
        ([(Turn.STOPPED, 9), (Turn.RESUMED, 5)], 9, 5, ["", "newer_stop"]),
        ([(Turn.STOPPED, 0), (Turn.RESUMED, 5)], None, 5, ["", ""]),
        ([(Turn.RESUMED, 5), (Turn.RESUMED, 3)], None, 5, ["same_status"] * 2),
        ([(Turn.RESUMED, 5), (Turn.STOPPED, 3)], None, 5, ["same_status", "newer_resume"]),
        ([(Turn.RESUMED, 5), (Turn.STOPPED, 5.5)], 5.5, 5, ["same_status", ""]),
    ],
)
def test_whatsapps_own_stop_keeps_its_times_and_says_why_nothing_changed(turns, stop, resume, reasons):
    events: list[Event] = []
    told = []
    for turn, said in turns:
        verdict = rules.decide_platform(state.fold(events), turn, at(said), at(99))
        told.append(verdict.reason)
        assert verdict.occurred_at == at(said)
        assert (verdict.effect == Effect.NONE) == bool(verdict.reason)
        events.append(Event(Kind.PLATFORM_STOP, turn, Source.WHATSAPP, verdict.effect, verdict.occurred_at))
    assert told == reasons
    times = [None if moment is None else at(moment) for moment in (stop, resume)]
    folded = state.fold(events)
    assert [folded.platform_stop_at, folded.platform_resume_at] == times
