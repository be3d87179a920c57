"""The description of the calls about templates, campaigns and sending."""

from typing import Any

from webapp.accounts.roles import Role
from webapp.api.openapi_parts import ONCE, PARTS, WITH_BODY, body, call, path_id
from webapp.api.schema_words import ref

CAMPAIGN_ID = path_id("campaign_id")


def _step(summary: str, *headers: dict[str, Any]) -> dict[str, Any]:
    refusals = (*WITH_BODY, 404, 409)
    parameters = [CAMPAIGN_ID, *headers]
    return {"post": call(summary, Role.MANAGER, {202: ref("Campaign")}, refusals, parameters=parameters)}


def _of_one(summary: str, shape: str, *parts: dict[str, Any]) -> dict[str, Any]:
    refusals = (404, 422) if parts else (404,)
    parameters = [CAMPAIGN_ID, *parts]
    return {"get": call(summary, Role.VIEWER, {200: ref(shape)}, refusals, parameters=parameters)}


CAMPAIGN_CALLS: dict[str, Any] = {
    "/templates": {
        "get": call(
            "The message templates that WhatsApp has for this account",
            Role.VIEWER,
            {200: ref("TemplatePage")},
            (422,),
            parameters=PARTS,
        ),
    },
    "/campaigns": {
        "get": call(
            "Campaigns, the newest first",
            Role.VIEWER,
            {200: ref("CampaignPage")},
            (422,),
            parameters=PARTS,
        ),
        "post": call(
            "Create a draft; nothing is sent before its launch",
            Role.MANAGER,
            {201: ref("Campaign")},
            WITH_BODY,
            requestBody=body("CampaignWish"),
        ),
    },
    "/campaigns/{campaign_id}": _of_one("One campaign with its counts", "Campaign"),
    "/campaigns/{campaign_id}/audience": _of_one("Who would get it now, and who would not", "Audience"),
    "/campaigns/{campaign_id}/deliveries": _of_one("What became of each message", "DeliveryPage", *PARTS),
    "/campaigns/{campaign_id}/launch": _step(
        "Start it; nothing happens to one that was launched before", ONCE
    ),
    "/campaigns/{campaign_id}/pause": _step("No new message starts"),
    "/campaigns/{campaign_id}/resume": _step("Go on, with the template’s category as it is now"),
    "/campaigns/{campaign_id}/cancel": _step("End it: what is queued is never sent"),
    "/sending": {
        "post": call(
            "The kill switch: stop all sending, or allow it again",
            Role.ADMIN,
            {200: ref("Sending")},
            WITH_BODY,
            requestBody=body("Sending"),
        ),
    },
}
