"""Templates and campaigns as programs see them; campaigns launched, held and ended."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from tests.api.drafts import ANOTHER, NAMED, PHONE, count, created, some_templates
from tests.api.programs import Program, a_draft, on_record
from webapp import clock
from webapp.campaigns import switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.sending import claims
from webapp.campaigns.templates import templates as notices
from webapp.consent.rules import Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


@pytest.fixture(autouse=True)
def templates(app: Flask) -> None:
    some_templates(app)


def test_templates_are_listed_as_whatsapp_names_them_without_those_that_are_gone(viewer: Program) -> None:
    first = viewer.get("/templates", limit=3).json
    rest = viewer.get("/templates", after=first["next"]).json
    items = first["items"] + rest["items"]
    assert [item["name"] for item in items] == ["plain", "greeting", "sale", "paused"]
    assert items[2] == {"name": "sale", "language": "pt_BR", "category": "UTILITY", "status": "APPROVED"}
    assert rest["next"] is None


def test_campaigns_are_listed_in_parts_the_newest_first(manager: Program) -> None:
    made = [created(manager, name=f"Sale {n}") for n in range(3)]
    first = manager.get("/campaigns", limit=2).json
    second = manager.get("/campaigns", limit=2, after=first["next"]).json
    assert first["items"] + second["items"] == made[::-1]
    assert second["next"] is None


def test_what_does_not_exist_is_404(manager: Program) -> None:
    for path in ("/campaigns/99", "/campaigns/x", f"/campaigns/{2**64}", "/campaigns/99/audience",
                 "/campaigns/99/deliveries"):  # fmt: skip
        assert manager.get(path).status_code == 404
    for step in ("launch", "pause", "resume", "cancel"):
        assert manager.post(f"/campaigns/99/{step}").status_code == 404


def test_a_launch_writes_down_the_audience_and_wakes_a_worker(app: Flask, manager: Program) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    campaign_id = created(manager, audience={"phones": [PHONE, ANOTHER]})["id"]
    response = manager.post(f"/campaigns/{campaign_id}/launch")
    assert response.status_code == 202
    assert (response.json["status"], response.json["category"]) == ("running", "MARKETING")
    assert response.json["counts"]["queued"] == 1
    assert response.json["suppressed"] == {"no_consent": 1}
    assert response.json == manager.get(f"/campaigns/{campaign_id}").json
    queue = app.extensions["heed-tasks"]["pump"].huey
    pending = queue.pending()
    queue.storage.close()
    assert [(task.name, task.args) for task in pending] == [("pump", (campaign_id,))]


def test_a_second_launch_changes_nothing(app: Flask, manager: Program) -> None:
    campaign_id = a_draft(app, on_record(app, status=Status.OPTED_IN))
    first = manager.post(f"/campaigns/{campaign_id}/launch", {})
    second = manager.post(f"/campaigns/{campaign_id}/launch")
    assert (second.status_code, second.json) == (202, first.json)
    assert count(app, Delivery) == 1


def test_each_step_may_be_repeated(app: Flask, manager: Program) -> None:
    campaign_id = a_draft(app, on_record(app, status=Status.OPTED_IN))
    for step, status in [("launch", "running"), ("pause", "paused"), ("resume", "running"),
                         ("cancel", "cancelled")]:  # fmt: skip
        for _ in range(2):
            response = manager.post(f"/campaigns/{campaign_id}/{step}")
            assert (response.status_code, response.json["status"]) == (202, status)
    assert response.json["counts"]["cancelled"] == 1


def test_an_impossible_step_is_409_with_a_sentence_and_changes_nothing(app: Flask, manager: Program) -> None:
    unfilled = created(manager, template=NAMED)["id"]
    paused = created(manager, template={"name": "paused", "language": "en_US"})["id"]
    cancelled = created(manager)["id"]
    manager.post(f"/campaigns/{cancelled}/cancel")
    for campaign_id, step, word in [
        (unfilled, "launch", "first_name"), (paused, "launch", "paused"), (unfilled, "pause", "draft"),
        (unfilled, "resume", "draft"), (cancelled, "launch", "cancelled"),
    ]:  # fmt: skip
        response = manager.post(f"/campaigns/{campaign_id}/{step}")
        assert response.status_code == 409
        assert response.mimetype == "application/problem+json"
        assert word in response.json["detail"]
    assert manager.get(f"/campaigns/{unfilled}").json["status"] == "draft"
    assert count(app, Delivery) == 0


def test_a_step_takes_no_fields(app: Flask, manager: Program) -> None:
    campaign_id = a_draft(app, on_record(app, status=Status.OPTED_IN))
    response = manager.post(f"/campaigns/{campaign_id}/launch", {"at": "2026-12-01T09:00:00Z"})
    assert response.status_code == 422
    assert manager.get(f"/campaigns/{campaign_id}").json["status"] == "draft"


def test_a_coming_category_counts_from_its_notice_on(app: Flask, manager: Program) -> None:
    going = [a_draft(app, on_record(app, phone=PHONE), name="order_ready", category="UTILITY")]
    going.append(a_draft(app, on_record(app, phone=ANOTHER), name="order_late", category="UTILITY"))
    for campaign_id in going:
        assert manager.post(f"/campaigns/{campaign_id}/launch").json["category"] == "UTILITY"
    manager.post(f"/campaigns/{going[1]}/cancel")
    with app.app_context(), writing():
        for campaign_id in going:
            template = db.session.get_one(Campaign, campaign_id).template
            notices.announce(template, "MARKETING", None, clock.now())
        db.session.commit()
    shown = [manager.get(f"/campaigns/{campaign_id}").json for campaign_id in going]
    assert [(each["status"], each["category"]) for each in shown] == [
        ("paused", "MARKETING"), ("cancelled", "UTILITY"),
    ]  # fmt: skip


def test_deliveries_are_listed_in_parts(app: Flask, manager: Program) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    campaign_id = created(manager, audience={"phones": [PHONE, ANOTHER]})["id"]
    path = f"/campaigns/{campaign_id}/deliveries"
    assert manager.get(path).json == {"items": [], "next": None}
    manager.post(f"/campaigns/{campaign_id}/launch")
    first = manager.get(path, limit=1).json
    second = manager.get(path, limit=1, after=first["next"]).json
    shown = [(item["phone"], item["state"], item["reason"]) for item in first["items"] + second["items"]]
    assert shown == [
        ("+5511987654321", "queued", None), ("+5521998765432", "suppressed", "no_consent"),
    ]  # fmt: skip
    assert second["next"] is None


def test_a_delivery_says_when_it_was_decided_and_what_the_gate_saw(app: Flask, manager: Program) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    campaign_id = created(manager, audience={"phones": [PHONE, ANOTHER]})["id"]
    launched_at = manager.post(f"/campaigns/{campaign_id}/launch").json["launched_at"]
    queued, left_out = manager.get(f"/campaigns/{campaign_id}/deliveries").json["items"]
    before = ("decided_at", "category", "consent", "consent_event", "platform_stop", "on_hold",
              "unknown_allowed", "started_at", "sent_at", "delivered_at", "read_at", "failed_at")  # fmt: skip
    assert {queued[name] for name in before} == {None}
    assert (left_out["decided_at"], left_out["consent"]) == (launched_at, None)
    started = datetime.fromisoformat(launched_at) + timedelta(seconds=3)
    with app.app_context(), writing():
        switch.current().templates_synced_at = started
        assert claims.take_pump(campaign_id, "a pump", started)
        claims.claim(campaign_id, "a pump", 5, started)
        event = (
            db.session.scalars(select(Customer).where(Customer.status == "opted_in")).one().status_event_id
        )
        db.session.commit()
    sending = manager.get(f"/campaigns/{campaign_id}/deliveries").json["items"][0]
    at = started.isoformat().replace("+00:00", "Z")
    assert (sending["decided_at"], sending["started_at"], sending["consent_event"]) == (at, at, event)
    assert (sending["category"], sending["consent"]) == ("MARKETING", "opted_in")
    assert [sending[name] for name in ("platform_stop", "on_hold", "unknown_allowed")] == [False] * 3


def test_a_viewer_sees_neither_the_number_nor_the_message_id_that_holds_it(
    app: Flask, manager: Program, viewer: Program
) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    campaign_id = created(manager)["id"]
    manager.post(f"/campaigns/{campaign_id}/launch")
    with app.app_context(), writing():
        db.session.scalars(select(Delivery)).one().wamid = "wamid.HBgNNTUxMTk="
        db.session.commit()
    (whole,) = manager.get(f"/campaigns/{campaign_id}/deliveries").json["items"]
    (shown,) = viewer.get(f"/campaigns/{campaign_id}/deliveries").json["items"]
    assert (whole["phone"], whole["wamid"]) == ("+5511987654321", "wamid.HBgNNTUxMTk=")
    assert "98765" not in shown["phone"].replace(" ", "").replace("-", "")
    assert shown["wamid"] is None
