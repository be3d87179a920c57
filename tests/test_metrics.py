"""What Prometheus is told: of the whole desk and of all processes, whoever is asked."""

import os
import re
import runpy
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.programs import Program, a_token
from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer, at
from tests.statements import counted
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import PATH, SECRET, post, says
from webapp import clock, create_app, measures, metrics, tasks
from webapp.accounts.roles import Role
from webapp.consent import holds, ledger
from webapp.consent.ledger import Signal, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.journal import backed_up
from webapp.extensions import db

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTED = re.compile(r"^\| `(heed_\w+?)(?:\{.*?\})?` \|", re.MULTILINE)


def told(client) -> dict[str, float]:
    """Each sample by its name and labels: `heed_deliveries{state=sent}`."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {named(sample): sample.value for family in families for sample in family.samples}


def named(sample) -> str:
    labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
    return f"{sample.name}{{{labels}}}" if labels else sample.name


def test_how_the_webhook_answers_and_how_long_it_takes(app, client):
    before = told(client)
    post(client, a_body(says("STOP")))
    client.post(PATH, data=b"{}")
    client.get(PATH)
    after = told(client)
    for code in (200, 401):
        name = f"heed_webhook_answers_total{{code={code}}}"
        assert after[name] - before.get(name, 0) == 1, code
    name = "heed_webhook_duration_seconds_count"
    assert after[name] - before.get(name, 0) == 2, "Meta's handshake is no delivery"
    assert after["heed_webhook_signature_failures_total"] == 1


def test_whom_the_gate_refused_by_decisions_and_at_the_start_of_messages(app, client):
    before = told(client)
    with app.app_context():
        customer, stays = a_customer(status=Status.OPTED_IN), a_customer(status=Status.OPTED_IN)
        campaign = a_running_campaign(a_template(), customer, stays)
        ledger.record(customer, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(2)))
        db.session.commit()
        claimed(campaign)
        phone = customer.phone_display
    asked = {"category": "MARKETING", "recipients": [phone, "+5511900000001"]}
    Program(app.test_client(), a_token(app, Role.AGENT)).post("/decisions", asked)
    app.extensions.pop("heed-counted")
    after = told(client)
    for reason in ("opted_out", "no_consent"):
        name = f"heed_gate_refusals_total{{reason={reason}}}"
        assert after[name] - before.get(name, 0) == 1, reason
    assert after["heed_suppressed_at_start{reason=opted_out}"] == 1
    assert after["heed_deliveries{state=sending}"] == 1


def test_reviews_by_age(app, client):
    assert told(client)["heed_reviews_oldest_age_seconds"] == 0
    with app.app_context():
        for days in (0, 2, 8):
            review = holds.hold(a_customer(), "contains STOP", Signal(Source.KEYWORD, "customer", NOON))
            review.recorded_at = clock.now() - timedelta(days=days)
        db.session.commit()
    found = told(client)
    assert found["heed_reviews_open"] == 3
    assert [found[f"heed_reviews_older{{days={days}}}"] for days in (1, 3, 7)] == [2, 1, 1]
    assert found["heed_reviews_oldest_age_seconds"] >= 8 * 86400


def test_seals_worker_and_queue(app, client):
    found = told(client)
    assert (found["heed_ledger_seal_age_seconds"], found["heed_queue_age_seconds"]) == (0, 0)
    assert "heed_worker_last_beat_seconds" not in found
    with app.app_context():
        a_customer(status=Status.OPTED_IN)
    tasks.enqueue(app, "audit", "command")
    tasks.run(app, tasks.beat)
    found = told(client)
    assert found["heed_ledger_seal_age_seconds"] > 0
    assert (found["heed_queue_tasks"], found["heed_queue_reachable"]) == (1, 1)
    assert 0 <= found["heed_queue_age_seconds"] < 600
    assert found["heed_worker_last_beat_seconds"] > 0


@pytest.mark.parametrize(
    ("id", "eta", "since"),
    [
        ("100@x", None, 100), ("100@x", datetime(1970, 1, 1, 0, 5), 300),
        ("100@x", datetime(1970, 1, 1, 0, 1), 100), ("4f5c0e9a-1d2b", None, None),
    ],
)  # fmt: skip
def test_a_task_waits_since_it_could_be_taken(id, eta, since):
    """A task of an older Heed bears no time."""
    found = tasks._since(SimpleNamespace(id=id, eta=eta))
    assert (found.timestamp() if found else None) == since


def test_a_queue_out_of_reach_is_said_and_costs_no_other_number(app, client):
    queue = app.config["HEED"].data_dir / "queue.db"
    if app.config["HEED"].database_url.startswith("postgresql"):
        return  # its queue is in reach as long as the database is
    queue.unlink(missing_ok=True)
    queue.mkdir()
    found = told(client)
    assert found["heed_queue_reachable"] == 0
    assert "heed_queue_tasks" not in found
    assert found["heed_sending_enabled"] == 1


def test_without_its_database_the_desk_still_tells_how_the_webhook_answers(tmp_path):
    url = "postgresql://heed@127.0.0.1:9/heed"
    app = create_app(
        {"DATABASE_URL": url, "HEED_DATA_DIR": str(tmp_path), "WHATSAPP_APP_SECRET": SECRET}, web=False
    )
    client = app.test_client()
    before = told(client).get("heed_webhook_answers_total{code=503}", 0)
    assert post(client, a_body(says("STOP"))).status_code == 503
    found = told(client)
    assert found["heed_database_reachable"] == 0
    assert found["heed_webhook_answers_total{code=503}"] - before == 1


def test_what_goes_through_all_customers_is_counted_once_a_minute(app, client, monkeypatch):
    with app.app_context():
        a_customer()
        engine = db.engine
    assert told(client)["heed_customers{status=unknown}"] == 1
    with app.app_context():
        a_customer()
    with counted(engine) as statements:
        assert told(client)["heed_customers{status=unknown}"] == 1
    assert not [each for each in statements if "GROUP BY customers" in each or "GROUP BY deliveries" in each]
    later = metrics.time.monotonic() + metrics.REMEMBERED
    monkeypatch.setattr(metrics.time, "monotonic", lambda: later)
    assert told(client)["heed_customers{status=unknown}"] == 2


def test_whichever_process_is_asked_tells_the_counts_of_all(tmp_path):
    count = "from webapp import measures; measures.gate_refused({'opted_out': %d})"
    tell = "from webapp import measures; import sys; sys.stdout.buffer.write(measures.told())"
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    ran = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True)
        for code in (count % 2, count % 3, tell)
    ]
    assert 'heed_gate_refusals_total{reason="opted_out"} 5.0' in ran[-1].stdout, ran[0].stderr


def test_gunicorn_makes_a_folder_for_the_counts_of_its_processes_and_takes_it_away(monkeypatch, tmp_path):
    for name in ("SECRET_KEY", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"):
        monkeypatch.setenv(name, "a secret of sixteen signs or more")
    monkeypatch.setenv("HEED_DATA_DIR", str(tmp_path / "desk"))
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "of another start")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    config = runpy.run_path("gunicorn.conf.py")
    config["on_starting"](None)
    folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o077 == 0
    config["on_exit"](None)
    assert not folder.exists()


def test_every_number_is_explained_and_nothing_else(app, client):
    """A desk where everything has happened once tells all that there is."""
    with app.app_context():
        customer = a_customer(status=Status.OPTED_IN)
        campaign = a_running_campaign(a_template(), customer)
        claimed(campaign)
        metrics.audit_runs.run("command", clock.now())
    tasks.run(app, tasks.beat)
    tasks.run(app, backed_up.note)
    post(client, a_body(says("STOP")))
    measures.gate_refused({"opted_out": 1})
    told_of = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(client.get("/metrics").text)
    }
    explained = set(DOCUMENTED.findall((ROOT / "docs" / "operating.md").read_text(encoding="utf-8")))
    only_with_seals = {"heed_ledger_last_seal_seconds", "heed_ledger_verified_seconds", "heed_ledger_whole"}
    assert told_of <= explained
    assert explained - told_of <= only_with_seals


@pytest.mark.parametrize("name", ["heed_customers", "heed_last_webhook_seconds"])
def test_no_number_of_a_customer_is_a_label(app, client, name):
    post(client, a_body(says("STOP")))
    text = client.get("/metrics").text
    assert name in text
    assert not re.search(r"\d{8,}\"", text)
