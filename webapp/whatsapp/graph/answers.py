"""Reading the answers of the Graph API: bounded in size, and of nothing is the type trusted."""

import json
from typing import Any

import aiohttp


async def content_of(response: aiohttp.ClientResponse, longest: int) -> bytes:
    """The body; b"" for a longer one. Raises aiohttp's errors and TimeoutError when it breaks off."""
    content = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        content += chunk
        if len(content) > longest:
            return b""
    return bytes(content)


def json_object(content: bytes) -> dict[str, Any]:
    """The object that `content` is; {} for anything else."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def error_code(answer: dict[str, Any]) -> int | None:
    """WhatsApp's code, as a number or in digits; None when there is none that can be read."""
    code = object_at(answer, "error").get("code")
    if isinstance(code, str) and code.isascii() and code.isdecimal() and len(code) < 10:
        return int(code)
    known = isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**9
    return code if known else None


def object_at(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under `key`; {} for anything else."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def objects_at(holder: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """The objects of the list under `key`; [] when it is none."""
    value = holder.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
