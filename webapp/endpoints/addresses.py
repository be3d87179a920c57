"""Which URLs and addresses may be reached: nobody may have the desk knock at machines behind its firewall.

Pure. A URL says what somebody wants; only the address of the socket says what is really connected to, so
`forbidden` is asked for each socket, just before it connects.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

LONGEST_URL = 500
_NUMBER_AT_THE_END = re.compile(r"(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$")
"""What browsers and resolvers take for an address, such as 0177.1 or 2130706433 (WHATWG, URL standard)."""
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
TEREDO = ipaddress.IPv6Network("2001::/32")
PUBLIC_METADATA = frozenset({ipaddress.IPv4Address("168.63.129.16")})
"""A cloud's own service for its machines, by an address that looks like any other (Azure's)."""


def wrong(url: str, *, private: bool) -> str:
    """Why this URL cannot be an endpoint, as a sentence for people; "" when it can.

    `private`: whether machines of one's own network are allowed (HEED_ENDPOINTS_PRIVATE).
    """
    if len(url) > LONGEST_URL:
        return f"Use at most {LONGEST_URL} characters."
    if any(sign.isspace() or not sign.isprintable() for sign in url) or "\\" in url:
        return "This is not a URL: it holds a space, a backslash or a sign that cannot be seen."
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "This is not a URL. Write it like https://example.com/hooks."
    return _wrong_parts(parts, private)


def _wrong_parts(parts: SplitResult, private: bool) -> str:
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return "Write a URL that begins with https://."
    if "@" in parts.netloc:
        return "Leave out the user name and password: the signature shows who sends."
    if parts.fragment:
        return "Leave out what follows the #: it is never sent."
    address = literal(parts.hostname)
    if address is None and _NUMBER_AT_THE_END.search(parts.hostname):
        return "Write the address in its usual form."
    if parts.scheme == "http" and not (private and _here(parts.hostname)):
        return "Use https://: what is sent must not be read on its way."
    return refusal(str(address), plain=False, private=private) if address else ""


def is_here(url: str) -> bool:
    """Whether this URL names this machine."""
    return _here(urlsplit(url).hostname or "")


def _here(host: str) -> bool:
    address = literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def literal(host: str) -> Address | None:
    """The address that the host of a URL is; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def refusal(address: str, *, plain: bool, private: bool) -> str:
    """Why nobody may connect there, as a sentence; "" when one may. `plain`: without TLS."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if plain and not _inner(found).is_loopback:
        return "Without TLS only this machine can be reached."
    if private or is_public(found):
        return ""
    return "This address is not on the public internet, so Heed does not connect to it."


def is_public(address: Address) -> bool:
    """Whether everybody may reach it. Addresses that carry another one count as that one, or not at all."""
    inner = _inner(address)
    if isinstance(inner, ipaddress.IPv4Address):
        return inner.is_global and not inner.is_multicast and inner not in PUBLIC_METADATA
    tunnels = inner in SIX_TO_FOUR or inner in TEREDO
    return inner in GLOBAL_UNICAST and inner.is_global and not tunnels


def _inner(address: Address) -> Address:
    """The IPv4 address inside a mapped or a NAT64 one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
