"""The Opt-In / Opt-Out Settings dialog and the settings page: pages over `consent.policy`."""

from dataclasses import dataclass
from zoneinfo import available_timezones

from flask import Response, current_app, render_template, request, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.campaigns.models import Sending
from webapp.consent import pack_records, policy
from webapp.consent.keywords import US_LAW_WORDS, read_text
from webapp.consent.models import Policy
from webapp.consent.policy import PolicyChangedMeanwhile
from webapp.extensions import db
from webapp.formatting import instant
from webapp.rendering import dialog, dialog_done
from webapp.settings import figures
from webapp.settings.blueprint import bp
from webapp.settings.wishes import Draft, draft_in, draft_of, outcome
from webapp.transactions import only_reads
from webapp.whatsapp.inbound import missed


@dataclass(frozen=True)
class Hours:
    """The zone and the hours of marketing as fields of a form; without hours at any time."""

    zone: str
    first: str
    last: str

    @classmethod
    def of(cls, sending: Sending) -> "Hours":
        return cls(sending.zone, _clock(sending.window_from), _clock(sending.window_until))

    def __str__(self) -> str:
        return f"{self.zone}, {self.first}–{self.last}" if self.first else f"{self.zone}, at any time"


@bp.get("/settings")
@requires(Role.VIEWER)
def index() -> str:
    return page(Hours.of(switch.current()))


def page(
    hours: Hours,
    error: str = "",
    *,
    days: str | None = None,
    days_error: str = "",
    months: str | None = None,
    months_error: str = "",
) -> str:
    """The settings page; with what was typed into one of its forms, and what is wrong with it."""
    settings, current = current_app.config["HEED"], policy.current()
    return render_template(
        "settings/index.html",
        policy=current,
        packs=pack_records.of_keys(current.packs),
        days=current.inbound_days if days is None else days,
        days_error=days_error,
        months=(current.reconfirm_months or "") if months is None else months,
        months_error=months_error,
        connection=figures.connection(settings),
        sending=switch.current(),
        sending_off=switch.off(settings),
        hours=hours,
        hours_error=error,
        zones=sorted(available_timezones()),
    )


@bp.get("/opt-in/settings")
@requires(Role.VIEWER)
def opt_in() -> tuple[str, int]:
    current = policy.current()
    return _dialog(draft_of(current), current.version)


@bp.post("/opt-in/settings")
@requires(Role.MANAGER)
@confirmed
def save_opt_in() -> Response | tuple[str, int]:
    draft = draft_in(request.form)
    version = request.form.get("version", default=0, type=int)
    if draft.errors:
        return _dialog(draft, version, status=422)
    try:
        policy.change(draft.wishes, version=version, actor=current_actor(), now=clock.now())
    except PolicyChangedMeanwhile as meanwhile:
        return _dialog(draft, meanwhile.policy.version, notice=_meanwhile(meanwhile.policy), status=409)
    sifted = missed.sift() if draft.wishes.keywords_enabled else 0
    db.session.commit()
    if sifted == missed.AT_ONCE:
        tasks.enqueue(current_app, "missed stops")
    location = url_for("customers.opt_in")
    return dialog_done("Settings are saved.", location=location, events={"settings:changed": True})


@bp.post("/opt-in/settings/try")
@requires(Role.VIEWER)
@only_reads
def try_message() -> str:
    """What a text would do with the words as they stand in the dialog, before they are saved."""
    message = request.form.get("message", "")
    draft = draft_in(request.form)
    reading = read_text(message, draft.words)
    words, tone = outcome(reading, draft)
    return render_template("settings/_try_result.html", message=message.strip(), outcome=words, tone=tone)


def _dialog(draft: Draft, version: int, *, notice: str = "", status: int = 200) -> tuple[str, int]:
    return dialog(
        "settings/_opt_in_dialog.html",
        title="Opt-In / Opt-Out Settings",
        status=status,
        version=version,
        values=draft.values,
        errors={"opt_out_words": "", "opt_in_words": "", "packs": ""} | draft.errors,
        notice=notice,
        us_law_words=US_LAW_WORDS,
        packs=list(pack_records.available().values()),
        **figures.keyword_figures(clock.now()),
    )


def _meanwhile(other: Policy) -> str:
    """How somebody else has saved the settings, for the one who comes second."""
    by = actor_names([other.changed_by or "system"])[other.changed_by or "system"]
    when = f", {instant(other.changed_at)}" if other.changed_at else ""
    words = ", ".join(other.opt_out_words) or "none"
    state = "on" if other.keywords_enabled else "off"
    packs = ", ".join(pack.name for pack in pack_records.of_keys(other.packs)) or "none"
    return (
        f"{by} changed these settings meanwhile{when}: keywords are {state}; opt-out keywords: {words}; "
        f"word packs: {packs}. "
        "Yours are below: save again to put them in their place."
    )


def _clock(minute: int | None) -> str:
    return "" if minute is None else f"{minute // 60:02}:{minute % 60:02}"
