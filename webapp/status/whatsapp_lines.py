"""How WhatsApp fares: heard of, reached, not restricting, its templates at hand."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from webapp.campaigns import switch
from webapp.campaigns.models import Sending
from webapp.campaigns.sending.codes import rule_of
from webapp.campaigns.templates import flags as template_flags
from webapp.config import Settings
from webapp.consent import confirmations
from webapp.formatting import ago
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named
from webapp.whatsapp import launch, watch
from webapp.whatsapp.inbound import signals

TEMPLATES_MAY_BE_OLD = timedelta(hours=12)
REFUSED_LATELY = A_DAY = timedelta(hours=24)
NAMES = {
    "quality": "Quality", "limit": "Messaging limit", "payment": "Payment", "violation": "Policy",
    "account": "Account", "alert": "Alert", "review": "Account review", "name": "Display name",
    "security": "Security", "unknown": "New to Heed",
}  # fmt: skip


def lines(settings: Settings, now: datetime) -> Iterator[Line]:
    sending = switch.current()
    yield _webhook(now)
    yield from _signatures(now)
    yield _access(settings)
    yield _restriction(sending, now)
    yield from _signals(now)
    yield _templates(sending, now)
    yield _ways_out()
    yield from _confirmations(now)


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


def _signals(now: datetime) -> Iterator[Line]:
    """What WhatsApp said of its own accord, the latest on each subject."""
    for place, row in enumerate(signals.latest()):
        name = NAMES.get(row.subject.partition(":")[0], "Notice")
        words = f"{row.sentence} ({ago(row.told_at, now)})"
        outside = "WhatsApp told something about this account that wants a look."
        yield Line(f"signal-{place}", name, row.tone, words, row.advice, outside=outside, alarm="signals")


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


def _confirmations(now: datetime) -> Iterator[Line]:
    if not confirmations.on():
        return
    line, (failed, code) = named("confirmations", "Confirmations"), confirmations.failures(now - A_DAY)
    if not failed:
        yield line(GOOD, "None failed within a day.")
        return
    words = f"{count(failed, 'was', 'were')} not delivered within a day: {rule_of(code, 0).what}."
    yield line(WARNING, words, "The opt-outs stand all the same.", "settings.confirmation_texts")
