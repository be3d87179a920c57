"""The page of reports: consent over time, its proof, the speed of stops, campaigns; all as files, too."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Response, abort, render_template, request
from sqlalchemy import ColumnElement

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns.reports import audit_runs, audit_views, charts, consent_figures, opt_outs, record_views
from webapp.campaigns.reports.blueprint import bp
from webapp.campaigns.reports.consent_figures import PERIODS, SOURCES, Movement
from webapp.campaigns.reports.opt_outs import SMALLEST_SAMPLE, Rate
from webapp.campaigns.reports.record_views import table_file
from webapp.customers.table_files import Cells
from webapp.formatting import day

__all__ = ["audit_views", "bp", "record_views"]

USUAL_PERIOD = 30
LABELS = 5
RATE_COLUMNS = ("delivered", "opt_outs", "rate")
Table = tuple[Cells, list[Cells]]


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    days, now = _days(), clock.now()
    campaigns = consent_figures.campaign_rates(days, now)
    outs = consent_figures.movement(opt_outs.is_opt_out(), days, now)
    ins = consent_figures.movement(consent_figures.is_opt_in(), days, now)
    times = consent_figures.stop_times(days, now)
    return render_template(
        "reports/index.html",
        days=days,
        periods=list(PERIODS),
        movements=[
            ("opt-outs", "Opt-outs", outs, _chart(outs)),
            ("opt-ins", "Opt-ins", ins, _chart(ins)),
        ],
        column="day" if PERIODS[days] == 1 else "week",
        sources=list(SOURCES),
        proof=consent_figures.proof(),
        stop_times=times,
        speeds=charts.bars(times.speeds) if times else [],
        campaigns=campaigns,
        templates=consent_figures.template_rates(campaigns),
        smallest=SMALLEST_SAMPLE,
        wide=charts.share_of_width,
        seconds=seconds_in_words,
        last_run=audit_runs.last(),
    )


@bp.get("/<name>.csv")
@requires(Role.VIEWER)
def file(name: str) -> Response:
    if name not in FILES:
        abort(404)
    days = _days()
    head, rows = FILES[name](days)
    return table_file(f"{name}-{days}-days", head, rows)


def seconds_in_words(time: timedelta) -> str:
    """`4.2 s`, `12 s`, `3 min`, `5 h`; WhatsApp's times have whole seconds, so less than one says nothing."""
    seconds = time.total_seconds()
    if seconds < 1:
        return "under 1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _days() -> int:
    days = request.args.get("days", USUAL_PERIOD, type=int)
    return days if days in PERIODS else USUAL_PERIOD


def _chart(movement: Movement) -> charts.StackedChart:
    now = clock.now()
    labels = [day(datetime(each.year, each.month, each.day, tzinfo=UTC), now) for each in movement.days]
    return charts.stacked_chart(list(movement.series.values()), charts.spread(labels, LABELS))


def _movement_file(which: Callable[[], ColumnElement[bool]]) -> Callable[[int], Table]:
    def rows(days: int) -> Table:
        movement = consent_figures.movement(which(), days, clock.now())
        columns = zip(movement.days, *movement.series.values(), strict=True)
        return ("from", *SOURCES), [(first.isoformat(), *values) for first, *values in columns]

    return rows


def _proof_file(_days: int) -> Table:
    found = consent_figures.proof()
    return ("opted_in", "with_proof"), [(found.opted_in, found.proved)]


def _stop_times_file(days: int) -> Table:
    times = consent_figures.stop_times(days, clock.now())
    return ("time", "stops"), list(times.speeds) if times else []


def _campaigns_file(days: int) -> Table:
    rows = consent_figures.campaign_rates(days, clock.now())
    return ("id", "campaign", *RATE_COLUMNS), [(r.campaign.id, r.campaign.name, *_rate(r.rate)) for r in rows]


def _templates_file(days: int) -> Table:
    rows = consent_figures.template_rates(consent_figures.campaign_rates(days, clock.now()))
    return ("template", "language", *RATE_COLUMNS), [(t.name, t.language, *_rate(rate)) for t, rate in rows]


def _rate(rate: Rate) -> Cells:
    return rate.delivered, rate.opt_outs, "" if rate.share is None else f"{rate.share:.6f}"


FILES: dict[str, Callable[[int], Table]] = {
    "opt-outs": _movement_file(opt_outs.is_opt_out),
    "opt-ins": _movement_file(consent_figures.is_opt_in),
    "proof": _proof_file,
    "stop-times": _stop_times_file,
    "campaigns": _campaigns_file,
    "templates": _templates_file,
}
