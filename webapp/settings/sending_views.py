"""The workspace's time zone and the hours of marketing: a form of the settings page."""

import re
from zoneinfo import available_timezones

from flask import Response, flash, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.campaigns.switch import SendingChangedMeanwhile
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.settings.views import Hours, bp, page

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@bp.post("/settings/sending")
@requires(Role.MANAGER)
@confirmed
def save_sending() -> Response | tuple[str, int]:
    hours = Hours(
        request.form.get("zone", "").strip(),
        request.form.get("window_from", "").strip(),
        request.form.get("window_until", "").strip(),
    )
    if error := _wrong(hours):
        return page(hours, error), 422
    version = request.form.get("version", default=0, type=int)
    first, last = _minute(hours.first), _minute(hours.last)
    try:
        switch.keep_hours(hours.zone, first, last, version=version, actor=current_actor(), now=clock.now())
    except SendingChangedMeanwhile:
        db.session.rollback()
        now = Hours.of(switch.current())
        return page(
            hours, f"Somebody else changed this meanwhile: {now}. Save again to put yours in its place."
        ), 409
    db.session.commit()
    flash("Settings are saved.")
    return see_other(url_for("settings.index"))


def _wrong(hours: Hours) -> str:
    """Why these hours cannot be meant; "" when they can."""
    times = (hours.first, hours.last)
    if hours.zone not in available_timezones():
        return "There is no time zone of this name. Write one such as America/Sao_Paulo."
    if any(times) and not all(map(_CLOCK.fullmatch, times)):
        return "Give both times as 09:00, or leave both empty for any time."
    if any(times) and hours.first == hours.last:
        return "The two times must differ."
    return ""


def _minute(clock_time: str) -> int | None:
    found = _CLOCK.fullmatch(clock_time)
    return int(found[1]) * 60 + int(found[2]) if found else None
