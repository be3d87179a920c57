"""The status page: is WhatsApp well, is the desk well, and what could not be applied."""

from flask import Response, current_app, flash, render_template, request, url_for

from webapp import clock, fault_points
from webapp.accounts.access import may, requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.config import Settings
from webapp.consent import policy
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, see_other
from webapp.status import alarms, letters, lines
from webapp.status.blueprint import bp
from webapp.whatsapp import watch
from webapp.whatsapp.inbound import dead_letters, replay
from webapp.whatsapp.inbound.dead_letters import NotOpen
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.models import InboundMessage

FASTER = "Somebody did that already: it is no dead letter any more."
LONGEST_NOTE = 500
Answer = Response | tuple[str, int]


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    now = clock.now()
    found = lines.groups(_settings(), now, admin=may(Role.ADMIN))
    tone, sentence = lines.headline(found)
    aside = request.args.get("letters") == "aside"
    shown, following = letters.page(request.args.get("before", type=int), aside=aside)
    return render_template(
        "status/index.html",
        groups=found,
        tone=tone,
        sentence=sentence,
        letters=shown,
        following=following,
        aside=aside,
        any_aside=letters.any_aside(),
        alarms=alarms.listed(),
        alarms_go=bool(_settings().alarm_url),
        heard=watch.hearing(now),
        rule=watch.RULE,
        shortest=watch.SHORTEST,
        longest=watch.LONGEST,
    )


@bp.post("/alarm")
@requires(Role.MANAGER)
def set_alarm() -> Response:
    """After how many hours a silence of the webhook is an alarm."""
    try:
        hours = request.form.get("hours", default=0, type=int)
        watch.set_alarm(hours, actor=current_actor(), now=clock.now())
    except ValueError:
        return _back(f"Give a whole number of hours from {watch.SHORTEST} to {watch.LONGEST}.")
    db.session.commit()
    return _back("Settings are saved.")


@bp.get("/letters/<int:letter_id>")
@requires(Role.ADMIN)
def show(letter_id: int) -> tuple[str, int]:
    """The raw item, for admins: it may hold the words and the number of a customer."""
    message = _letter_or_404(letter_id)
    return dialog(
        "status/_raw_dialog.html",
        title="Dead letter",
        letter=letters.letter(message),
        raw=letters.pretty(message),
    )


@bp.post("/letters/<int:letter_id>/replay")
@requires(Role.MANAGER)
def try_again(letter_id: int) -> Response:
    message = _letter_or_404(letter_id)
    words = policy.words_in_force(policy.current())
    try:
        worked = replay.replay(message, _business(), words, clock.now(), current_actor())
    except NotOpen:
        db.session.rollback()
        return _back(FASTER)
    db.session.commit()
    return _back("It is applied now." if worked else "It still cannot be applied; the reason is beside it.")


@bp.post("/letters/replay")
@requires(Role.MANAGER)
def try_all_again() -> Response:
    words = policy.words_in_force(policy.current())
    tally = replay.replay_all(_business(), words, clock.now(), current_actor())
    fault_points.reached("replay.stored")
    db.session.commit()
    fault_points.reached("replay.committed")
    more = f", {tally.left:,} were not tried yet" if tally.left else ""
    return _back(f"{tally.applied:,} applied, {tally.failed:,} still cannot be{more}.")


@bp.get("/letters/<int:letter_id>/aside")
@requires(Role.MANAGER)
def ask_aside(letter_id: int) -> Answer:
    return _aside_dialog(_letter_or_404(letter_id))


@bp.post("/letters/<int:letter_id>/aside")
@requires(Role.MANAGER)
def put_aside(letter_id: int) -> Answer:
    message, note = _letter_or_404(letter_id), request.form.get("note", "").strip()
    if not note or len(note) > LONGEST_NOTE:
        wrong = "Say why in a few words." if not note else f"Use at most {LONGEST_NOTE} characters."
        return _aside_dialog(message, note, wrong, 422)
    said = "It is put aside and stays on record."
    try:
        dead_letters.put_aside(message, note, actor=current_actor(), now=clock.now())
    except NotOpen:
        said = FASTER
    db.session.commit()
    return dialog_done(said, location=url_for("status.index"), events={"status:changed": True})


def _aside_dialog(message: InboundMessage, note: str = "", error: str = "", status: int = 200) -> Answer:
    return dialog(
        "status/_aside_dialog.html",
        title="Put aside",
        status=status,
        letter=letters.letter(message),
        note=note,
        error=error,
    )


def _letter_or_404(letter_id: int) -> InboundMessage:
    wanted = db.select(InboundMessage).where(InboundMessage.id == letter_id, dead_letters.was_one())
    return db.first_or_404(wanted)


def _business() -> Business:
    settings = _settings()
    return Business(settings.phone_number_id, settings.business_account_id)


def _settings() -> Settings:
    return current_app.config["HEED"]


def _back(said: str) -> Response:
    flash(said)
    return see_other(url_for("status.index"))
