"""`heed doctor`: is everything well, and what is to be done where it is not?"""

import json
import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp import clock
from webapp.config import Settings
from webapp.status import alarm_worker, doctor
from webapp.status.doctor import GRADES
from webapp.status.line import BAD, GOOD, WARNING, Line, count


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
@click.option("--offline", is_flag=True, help="Ask nobody outside of this desk.")
@click.option("--test-alarm", is_flag=True, help="Only send a test to HEED_ALARM_URL.")
@with_appcontext
def doctor_command(as_json: bool, offline: bool, test_alarm: bool) -> None:
    """Check the desk; exit 1 when there is a fault."""
    settings: Settings = current_app.config["HEED"]
    if test_alarm:
        _test_alarm(settings)
        return
    found = list(doctor.lines_of(settings, clock.now(), offline=offline))
    click.echo(json.dumps(_document(found), ensure_ascii=False, indent=2) if as_json else _words(found))
    if any(line.tone == BAD for line in found):
        sys.exit(1)


def _test_alarm(settings: Settings) -> None:
    if not settings.alarm_url:
        raise click.UsageError("HEED_ALARM_URL is not set.")
    if failure := alarm_worker.post(settings.alarm_url, alarm_worker.TEST):
        raise click.ClickException(failure)
    click.echo("The address took it.", err=True)


def _document(found: list[Line]) -> dict[str, object]:
    checks = [
        {"id": line.id, "name": line.name, "grade": GRADES[line.tone], "words": line.words,
         "advice": line.advice if line.tone != GOOD else ""}
        for line in found
    ]  # fmt: skip
    return {"faults": _how_many(found, BAD), "warnings": _how_many(found, WARNING), "checks": checks}


def _words(found: list[Line]) -> str:
    listed = [_line(line) for line in found]
    faults, warnings = _how_many(found, BAD), _how_many(found, WARNING)
    total = f"{count(faults, 'fault', 'faults')}, {count(warnings, 'warning', 'warnings')}."
    return "\n".join([*listed, total])


def _line(line: Line) -> str:
    said = f"{GRADES[line.tone]:9}{line.name}: {line.words}"
    return f"{said}\n{'':9}→ {line.advice}" if line.advice and line.tone != GOOD else said


def _how_many(found: list[Line], tone: str) -> int:
    return sum(line.tone == tone for line in found)
