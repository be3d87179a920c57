"""The report of one campaign while it is watched, its decision record, and what a person decides about it."""

from flask import Response, abort, make_response, render_template, request, stream_with_context, url_for

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns.blueprint import bp
from webapp.campaigns.models import Campaign, Delivery, DeliveryState
from webapp.campaigns.reports import opt_out_curve, opt_outs, records, report
from webapp.campaigns.reports.reasons import STATES, words_of
from webapp.campaigns.reports.records import Wanted
from webapp.campaigns.sending import statuses
from webapp.campaigns.sending.statuses import AlreadySettled
from webapp.customers.downloads import disclosed
from webapp.customers.table_files import Cells, guarded, written
from webapp.customers.text import has_controls
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done, see_other, trigger

LONGEST_WHY = 500


@bp.get("/<int:campaign_id>/report")
@requires(Role.VIEWER)
def watch(campaign_id: int) -> Response:
    """The report afresh; without htmx the page that holds it."""
    campaign = db.get_or_404(Campaign, campaign_id)
    if not htmx.partial:
        return see_other(url_for("campaigns.show", campaign_id=campaign_id))
    shown = report.context(campaign, clock.now())
    response = make_response(render_template("campaigns/_report.html", **shown))
    return response if shown["live"] else trigger(response, {"campaign:changed": True})


@bp.get("/<int:campaign_id>/opt-outs.csv")
@requires(Role.VIEWER)
def opt_outs_file(campaign_id: int) -> Response:
    campaign = db.get_or_404(Campaign, campaign_id)
    lost = opt_outs.caused(db.select(Campaign.id).where(Campaign.id == campaign_id))
    points = opt_out_curve.over_time(campaign, lost, clock.now())
    rows = [(point.at.isoformat(timespec="seconds"), point.count) for point in points]
    return table_file(f"campaign-{campaign_id}-opt-outs", ("until", "opt_outs"), rows)


@bp.get("/<int:campaign_id>/deliveries")
@requires(Role.VIEWER)
def deliveries(campaign_id: int) -> str:
    campaign = db.get_or_404(Campaign, campaign_id)
    wanted = _wanted()
    about = _about(wanted)
    part = records.part(campaign_id, wanted, _number("after") or 0, masked=_masked())
    return render_template(
        "campaigns/deliveries.html",
        campaign=campaign,
        part=part,
        wanted=wanted,
        states=STATES,
        about=about,
        group=about or STATES.get(wanted.state, ""),
        first=request.args.get("after") is None,
    )


@bp.get("/<int:campaign_id>/deliveries.csv")
@requires(Role.VIEWER)
def deliveries_file(campaign_id: int) -> Response:
    db.get_or_404(Campaign, campaign_id)
    wanted = _wanted()
    parts = records.lines(campaign_id, wanted, masked=_masked())
    return disclosed(
        "campaign_record",
        f"campaign-{campaign_id}-deliveries",
        written(records.COLUMNS, parts),
        filter=", ".join([f"campaign {campaign_id}", *map(" ".join, _told(wanted))]),
        rows=records.count(campaign_id, wanted),
    )


def _told(wanted: Wanted) -> list[tuple[str, str]]:
    """What the record of who took it says; free text of the URL stays out."""
    return [(name, str(value)) for name, value in wanted.to_args().items() if name != "reason"]


@bp.get("/<int:campaign_id>/deliveries/<int:delivery_id>/settle")
@requires(Role.MANAGER)
def settling(campaign_id: int, delivery_id: int) -> tuple[str, int]:
    return _settle_dialog(_in_doubt(campaign_id, delivery_id))


@bp.post("/<int:campaign_id>/deliveries/<int:delivery_id>/settle")
@requires(Role.MANAGER)
def settle(campaign_id: int, delivery_id: int) -> Response | tuple[str, int]:
    delivery = _in_doubt(campaign_id, delivery_id)
    arrived, why = request.form.get("arrived", ""), request.form.get("why", "").strip()
    if errors := _faults(arrived, why):
        return _settle_dialog(delivery, arrived, why, errors)
    try:
        statuses.settle_by_person(delivery, arrived == "yes", why, actor=current_actor())
    except AlreadySettled:
        db.session.rollback()
        return _settled(campaign_id, "WhatsApp or somebody else was faster: this one is settled already.")
    db.session.commit()
    return _settled(
        campaign_id, "Recorded: it arrived." if arrived == "yes" else "Recorded: it did not arrive."
    )


def table_file(name: str, head: Cells, rows: list[Cells]) -> Response:
    """A short table as a file."""
    return _download(name, written(head, [guarded(rows)]))


def _download(name: str, lines: object) -> Response:
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _wanted() -> Wanted:
    state = request.args.get("state", "")
    if state and state not in STATES:
        abort(404)
    reason = request.args.get("reason", "")[:40]
    return Wanted(
        state,
        "" if has_controls(reason) else reason,
        _code(),
        marked="marked" in request.args,
        lost="lost" in request.args,
    )


def _about(wanted: Wanted) -> str:
    """What the page is filtered to beyond a state."""
    if wanted.marked:
        return "Delivered after the opt-out"
    if wanted.lost:
        return "Opted out after this campaign"
    return words_of(wanted.state, wanted.reason, wanted.code) if wanted.reason or wanted.code else ""


def _code() -> int | None:
    """WhatsApp's codes fit into 32 bits."""
    code = _number("code")
    return code if code is not None and abs(code) < 2**31 else None


def _number(name: str) -> int | None:
    return request.args.get(name, type=int)


def _masked() -> bool:
    return not may(Role.AGENT)


def _in_doubt(campaign_id: int, delivery_id: int) -> Delivery:
    delivery = db.get_or_404(Delivery, delivery_id)
    if delivery.campaign_id != campaign_id:
        abort(404)
    return delivery


def _faults(arrived: str, why: str) -> dict[str, str]:
    faults = {}
    if arrived not in ("yes", "no"):
        faults["arrived"] = "Choose what happened."
    if not why:
        faults["why"] = "Say how you know, for whoever reads the record later."
    elif len(why) > LONGEST_WHY:
        faults["why"] = f"Say it in at most {LONGEST_WHY} characters."
    return faults


def _settle_dialog(
    delivery: Delivery, arrived: str = "", why: str = "", errors: dict[str, str] | None = None
) -> tuple[str, int]:
    return dialog(
        "campaigns/_settle_dialog.html",
        title="Did it arrive?",
        status=422 if errors else 200,
        delivery=delivery,
        record=records.one(delivery, masked=_masked()),
        values={"arrived": arrived, "why": why},
        errors={"arrived": "", "why": ""} | (errors or {}),
        settled=delivery.state != DeliveryState.UNKNOWN,
    )


def _settled(campaign_id: int, sentence: str) -> Response:
    location = url_for("campaigns.deliveries", campaign_id=campaign_id, state=DeliveryState.UNKNOWN.value)
    return dialog_done(sentence, location=location, events={"deliveries:changed": True})
