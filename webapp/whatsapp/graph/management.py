"""Calls to the Graph API that manage the account: one session, one judgement of every answer.

Source: Meta, Business Management API; Cloud API error codes.
"""

from typing import Any

import aiohttp
from yarl import URL

from webapp.campaigns.sending import codes
from webapp.config import Settings
from webapp.whatsapp.graph.answers import content_of, error_code, json_object

SECONDS = 20
LARGEST_ANSWER = 8 << 20
UNREADABLE = "WhatsApp’s answer could not be read."


class CallFailed(Exception):
    """WhatsApp did not do it; the message is a sentence for people. `code`: WhatsApp's, if it gave one."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.code = code


def require(settings: Settings, what: str) -> None:
    """Raises CallFailed without the settings that managing needs; `what` says what they are for."""
    needed = {
        "WHATSAPP_ACCESS_TOKEN": settings.access_token,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": settings.business_account_id,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise CallFailed(f"{' and '.join(missing)} must be set to {what}.")


def open_session(settings: Settings) -> aiohttp.ClientSession:
    """Belongs to the event loop that runs now."""
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {settings.access_token}"},
        timeout=aiohttp.ClientTimeout(total=SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def ask(
    session: aiohttp.ClientSession, url: str, change: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Read what is at `url`, or change it. Raises CallFailed."""
    method = "GET" if change is None else "POST"
    try:
        async with session.request(
            method, URL(url, encoded=True), json=change, allow_redirects=False
        ) as response:
            answer = json_object(await content_of(response, LARGEST_ANSWER))
    except TimeoutError:
        raise CallFailed("WhatsApp did not answer in time.") from None
    except (aiohttp.ClientError, OSError):
        raise CallFailed("WhatsApp could not be reached.") from None
    if response.status != 200 or "error" in answer:
        code = error_code(answer)
        raise CallFailed(f"{codes.rule_of(code, response.status).what}.", code)
    return answer
