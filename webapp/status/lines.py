"""How WhatsApp and the desk fare: one line for each thing that can go wrong, and what to do then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp import tasks
from webapp.campaigns import audit_runs, switch, template_flags
from webapp.campaigns.codes import rule_of
from webapp.campaigns.models import Sending
from webapp.checks import setup
from webapp.checks.finding import Finding
from webapp.checks.setup import Area
from webapp.config import Settings
from webapp.consent import confirmations
from webapp.consent.models import Hold
from webapp.customers import suppressions
from webapp.customers.suppressions import Suppression, WrongKey
from webapp.database import is_sqlite
from webapp.endpoints import listing
from webapp.extensions import db
from webapp.formatting import ago, instant
from webapp.status import ledger_lines
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named
from webapp.whatsapp import dead_letters, launch, signals, watch
from webapp.whatsapp.models import InboundMessage

WORKER_MAY_BE_SILENT = timedelta(minutes=3)
TEMPLATES_MAY_BE_OLD = timedelta(hours=12)
AUDIT_MAY_BE_OLD = timedelta(hours=48)
REVIEWS_MAY_WAIT = timedelta(days=3)
"""Of the ten days after which an unread message becomes an opt-out."""
QUEUE_MAY_WAIT = timedelta(minutes=5)
REFUSED_LATELY = A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Group:
    name: str
    lines: list[Line]


def groups(settings: Settings, now: datetime, *, admin: bool) -> list[Group]:
    """`admin`: also what only those see who can put it right."""
    sending = switch.current()
    return [
        Group("WhatsApp", [
            _webhook(now), *_signatures(now), _access(settings), _restriction(sending, now),
            *_signals(now), _templates(sending, now), _ways_out(), *_confirmations(now),
        ]),
        Group("This desk", [
            _dead_letters(), _reviews(now), _sending(settings), _worker(now), _queue(settings, now),
            _audit(now), *_endpoints(admin), _database(settings), *(_setup(settings, now) if admin else []),
            *_erasures(),
        ]),
        Group("The ledger", list(ledger_lines.lines(settings, now, admin=admin))),
    ]  # fmt: skip


def headline(found: list[Group]) -> tuple[str, str]:
    """(tone, sentence) of it all."""
    tones = [line.tone for group in found for line in group.lines]
    wrong, looks = tones.count(BAD), tones.count(WARNING)
    said = [count(wrong, "thing is wrong", "things are wrong")] if wrong else []
    said += [count(looks, "thing wants a look", "things want a look")] if looks else []
    if said:
        return BAD if wrong else WARNING, f"{', '.join(said)}."
    return GOOD, "WhatsApp and the desk are well."


def _webhook(now: datetime) -> Line:
    heard = watch.hearing(now)
    line = named("webhook", "Webhook")
    if heard.silent:
        return line(BAD, watch.silence(now), "Check the webhook in Meta’s app dashboard, this desk’s address "
                    "from outside, and the app secret.")  # fmt: skip
    if heard.last is None:
        return line(WARNING, "None has come yet.", "Connect the number as the settings show.",
                    "settings.index")  # fmt: skip
    return line(GOOD, f"The last one came {ago(heard.last, now)}.")


def _signatures(now: datetime) -> Iterator[Line]:
    heard = watch.hearing(now)
    if heard.refused_at is None:
        return
    deliveries = count(heard.refused_total, "delivery", "deliveries")
    words = f"{deliveries} refused for a wrong signature so far, the last {ago(heard.refused_at, now)}."
    lately = now - heard.refused_at < REFUSED_LATELY
    advice = "If this goes on, WHATSAPP_APP_SECRET is not the secret of the Meta app, or a stranger knocks."
    yield named("signatures", "Signatures")(WARNING if lately else GOOD, words, advice if lately else "")


def _access(settings: Settings) -> Line:
    line = named("access", "Access")
    if names := launch.missing(settings):
        return line(WARNING, f"Not set: {names}.", "Nothing can be sent until the environment has them.")
    return line(GOOD, "The token and both ids are set.")


def _restriction(sending: Sending, now: datetime) -> Line:
    line = named("restriction", "Restriction")
    if sending.restricted_until and sending.restricted_until > now:
        return line(BAD, f"WhatsApp restricts this account: {sending.restriction}",
                    "No campaign starts until it is over. Read the reason in WhatsApp Manager; you can"
                    " appeal there.")  # fmt: skip
    return line(GOOD, "WhatsApp restricts nothing.")


def _confirmations(now: datetime) -> Iterator[Line]:
    if not confirmations.on():
        return
    line, (failed, code) = named("confirmations", "Confirmations"), confirmations.failures(now - A_DAY)
    if not failed:
        yield line(GOOD, "None failed within a day.")
        return
    words = f"{count(failed, 'was', 'were')} not delivered within a day: {rule_of(code, 0).what}."
    yield line(WARNING, words, "The opt-outs stand all the same.", "settings.confirmation_texts")


def _signals(now: datetime) -> Iterator[Line]:
    """What WhatsApp said of its own accord, the latest on each subject."""
    for place, row in enumerate(signals.latest()):
        name = NAMES.get(row.subject.partition(":")[0], "Notice")
        words = f"{row.sentence} ({ago(row.told_at, now)})"
        outside = "WhatsApp told something about this account that wants a look."
        yield Line(f"signal-{place}", name, row.tone, words, row.advice, outside=outside, alarm="signals")


NAMES = {
    "quality": "Quality", "limit": "Messaging limit", "payment": "Payment", "violation": "Policy",
    "account": "Account", "alert": "Alert", "review": "Account review", "name": "Display name",
    "security": "Security", "unknown": "New to Heed",
}  # fmt: skip


def _templates(sending: Sending, now: datetime) -> Line:
    line = named("templates", "Templates", "templates.index")
    if sending.templates_failed_at:
        return line(BAD, f"The last synchronisation failed {ago(sending.templates_failed_at, now)}: "
                    f"{sending.templates_failure}", "After 12 hours running campaigns pause.")  # fmt: skip
    if sending.templates_synced_at is None:
        return line(WARNING, "Never synchronised.", "The worker fetches them every hour.")
    old = now - sending.templates_synced_at > TEMPLATES_MAY_BE_OLD
    words = f"Synchronised {ago(sending.templates_synced_at, now)}."
    return line(WARNING if old else GOOD, words, "Is the worker running?" if old else "")


def _ways_out() -> Line:
    line = named("ways-out", "Ways out", "templates.index")
    if n := template_flags.flagged():
        which = count(n, "template", "templates")
        return line(WARNING, f"{which} without a way out that works.",
                    "Add a stop button or a promised keyword to the template, or the word to the"
                    " keywords.")  # fmt: skip
    return line(GOOD, "Every template that promises a way out keeps it.")


def _dead_letters() -> Line:
    line = named("dead", "Dead letters")
    waiting = db.session.scalar(select(func.count(InboundMessage.id)).where(dead_letters.is_open())) or 0
    if not waiting:
        return line(GOOD, "Everything that came in was applied.")
    advice = "They are listed below: try again after a fix, or put aside."
    return line(WARNING, f"{count(waiting, 'item', 'items')} could not be applied.", advice)


def _reviews(now: datetime) -> Line:
    line = named("reviews", "Reviews", "reviews.index")
    oldest = db.session.scalar(select(func.min(Hold.recorded_at)).where(Hold.decided_at.is_(None)))
    if oldest is None:
        return line(GOOD, "Nothing waits for a person.")
    words = f"The oldest message that waits for a person came {ago(oldest, now)}."
    if now - oldest > REVIEWS_MAY_WAIT:
        return line(WARNING, words, "Read what waits: after ten days a message becomes an opt-out by itself.")
    return line(GOOD, words)


def _sending(settings: Settings) -> Line:
    why = switch.off(settings)
    if why:
        return named("sending", "Sending", "campaigns.index")(WARNING, why, "No campaign sends anything.")
    return named("sending", "Sending")(GOOD, "Allowed.")


def _worker(now: datetime) -> Line:
    line, seen = named("worker", "Worker"), tasks.last_beat()
    advice = "Start the command heed worker: without it no campaign is sent and no template is fetched."
    if seen is None:
        return line(BAD, "Never seen.", advice)
    if now - seen > WORKER_MAY_BE_SILENT:
        return line(BAD, f"Last seen {instant(seen)}.", advice)
    return line(GOOD, f"Seen {ago(seen, now)}.")


def _queue(settings: Settings, now: datetime) -> Line:
    line, queue = named("queue", "Task queue"), tasks.waiting(settings)
    if queue is None:
        return line(BAD, "Out of reach.", "Check TASK_QUEUE_URL. Nothing is lost; work waits.")
    words = f"Reachable, {count(queue.number, 'task', 'tasks')} waiting."
    if queue.oldest and now - queue.oldest > QUEUE_MAY_WAIT:
        words = (
            f"{count(queue.number, 'task waits', 'tasks wait')}, the oldest since {instant(queue.oldest)}."
        )
        return line(WARNING, words, "Is the worker running, and not busy with something long?")
    return line(GOOD, words)


def _audit(now: datetime) -> Line:
    line, run = named("audit", "Auditor", "reports.check"), audit_runs.last()
    if run is None:
        return line(WARNING, "Has not run yet.", "It runs every night, or when you ask it.")
    if run.found:
        return line(BAD, f"{count(run.found, 'message', 'messages')} started after an opt-out.",
                    "See which, and why.")  # fmt: skip
    old = now - run.ran_at > AUDIT_MAY_BE_OLD
    words = f"Nothing found among {count(run.checked, 'message', 'messages')}, {ago(run.ran_at, now)}."
    return line(
        WARNING if old else GOOD, words, "It should run every night. Is the worker running?" if old else ""
    )


def _endpoints(admin: bool) -> Iterator[Line]:
    """Other systems that are told of events; nothing where there are none."""
    where = "endpoints.index" if admin else ""
    summary, line = listing.summary(), named("endpoints", "Endpoints", where)
    if off := summary.off:
        names = ", ".join(f"“{each.endpoint.name}”" for each in off)
        found = line(BAD, f"Switched off: {names}. {off[0].endpoint.off_reason}",
                     "Events wait. Resume it when the other system is well.")  # fmt: skip
        yield replace(found, outside="An endpoint is switched off.")
    elif unsigned := summary.unsigned:
        names = ", ".join(f"“{each.endpoint.name}”" for each in unsigned)
        words = "Not told, for its secret cannot be read with this SECRET_KEY"
        yield replace(line(BAD, f"{words}: {names}.", f"{listing.HOW_TO_READ} Events wait."),
                      outside=f"An endpoint is n{words[1:]}.")  # fmt: skip
    elif slow := summary.slow:
        names = ", ".join(f"“{each.endpoint.name}” ({each.word.lower()})" for each in slow)
        yield line(WARNING, f"Not told at present: {names}.", "Events wait and go out in their order.")
    elif summary.number:
        told = count(summary.number, "other system is", "other systems are")
        yield line(GOOD, f"{told} told of events.", "What each of them was told is kept for 30 days.")


def _database(settings: Settings) -> Line:
    kind = "SQLite" if is_sqlite(settings.database_url) else "PostgreSQL"
    return named("database", "Database")(GOOD, f"{kind}, reachable.")


def _setup(settings: Settings, now: datetime) -> Iterator[Line]:
    """Nothing of what is set up well."""
    for area in setup.areas(db.session, settings, now):
        yield from (of_finding(area, found) for found in area.found)


def of_finding(area: Area, found: Finding) -> Line:
    line = named(f"{area.id}-{found.id}", area.name)
    return line(BAD if found.grave else WARNING, found.words, found.advice)


def _erasures() -> Iterator[Line]:
    """Nothing before the first erasure."""
    n = db.session.scalar(
        select(func.count()).select_from(Suppression).where(Suppression.lifted_at.is_(None))
    )
    line = named("erasures", "Erased people")
    try:
        suppressions.standing([])
    except WrongKey as fault:
        yield line(BAD, str(fault), "Until then no import, list or program can put anybody on record.")
        return
    if n:
        yield line(GOOD, f"{count(n, 'address is', 'addresses are')} kept off every list.")
