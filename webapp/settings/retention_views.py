"""How long things last: the texts of customers, and opt-ins. Forms of the settings page."""

from flask import Response, flash, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.consent import policy
from webapp.consent.policy import PolicyChangedMeanwhile
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.settings.blueprint import bp
from webapp.settings.views import Hours, page
from webapp.whatsapp.retention import FEWEST_DAYS, MOST_DAYS


@bp.post("/settings/retention")
@requires(Role.MANAGER)
@confirmed
def save_retention() -> Response | tuple[str, int]:
    days, version = _days(), request.form.get("version", default=0, type=int)
    if days is None:
        sentence = f"Give a number of days from {FEWEST_DAYS} to {MOST_DAYS:,}."
        return _again(sentence), 422
    try:
        policy.keep_inbound(days, version=version, actor=current_actor(), now=clock.now())
    except PolicyChangedMeanwhile as meanwhile:
        kept = meanwhile.policy.inbound_days
        return _again(
            f"Somebody else changed the settings meanwhile; texts are kept for {kept} days. Save again."
        ), 409
    db.session.commit()
    flash("Settings are saved.")
    return see_other(url_for("settings.index"))


def _days() -> int | None:
    typed = request.form.get("days", "").strip()
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 6 else 0
    return number if FEWEST_DAYS <= number <= MOST_DAYS else None


def _again(error: str) -> str:
    typed = request.form.get("days", "")[:20]
    return page(Hours.of(switch.current()), days=typed, days_error=error)


@bp.post("/settings/reconfirmation")
@requires(Role.MANAGER)
@confirmed
def save_reconfirmation() -> Response | tuple[str, int]:
    """After how many months an opt-in has to be given again for marketing; empty: never."""
    typed = request.form.get("months", "").strip()
    version = request.form.get("version", default=0, type=int)
    months = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 4 else 0
    if typed and not policy.FEWEST_MONTHS <= months <= policy.MOST_MONTHS:
        error = f"Give a number of months from {policy.FEWEST_MONTHS} to {policy.MOST_MONTHS}, or nothing."
        return page(Hours.of(switch.current()), months=typed[:20], months_error=error), 422
    try:
        policy.reconfirm_after(months or None, version=version, actor=current_actor(), now=clock.now())
    except PolicyChangedMeanwhile as meanwhile:
        stands = meanwhile.policy.reconfirm_months
        error = (
            "Somebody else changed the settings meanwhile; opt-ins "
            f"{f'are good for {stands} months' if stands else 'do not lapse'}. Save again."
        )
        return page(Hours.of(switch.current()), months=typed, months_error=error), 409
    db.session.commit()
    flash("Settings are saved.")
    return see_other(url_for("settings.index"))
