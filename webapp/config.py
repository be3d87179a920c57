"""Settings from the environment: typed, frozen, checked once at the start."""

import base64
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

GRAPH_API_URL = "https://graph.facebook.com/v26.0"
WEB, REDIS = ("http", "https"), ("redis", "rediss")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
NEEDED_BY_WEB = ("SECRET_KEY", "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN")
NAMES = frozenset({
    "DATABASE_URL", "HEED_DATA_DIR", "SECRET_KEY", "TASK_QUEUE_URL", "PORT", "WEB_CONCURRENCY", "LOG_LEVEL",
    "WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN", "WHATSAPP_ACCESS_TOKEN", "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_BUSINESS_ACCOUNT_ID", "GRAPH_API_URL", "HEED_SIMULATOR", "HEED_SENDING", "HEED_SIGNING_KEY",
    "HEED_CHECKPOINT_URL", "HEED_ALARM_URL", "HEED_ENDPOINTS_PRIVATE", "METRICS_TOKEN", "HEED_HOSTS",
    "HEED_PROXIES", "HEED_SESSION_HOURS", "HEED_SESSION_IDLE_MINUTES", "HEED_DESK_PLACE", "HEED_FAULTS",
    "HEED_BACKUP_HOURS", "HEED_REVIEW_DAYS", "HEED_ACCOUNT_EVENTS_DAYS",
})  # fmt: skip


class ConfigError(Exception):
    """A setting is malformed or missing; the message is one sentence that names it."""


def secret() -> Any:
    """A field that is not shown with the settings: a password, a key, or an address that may hold one."""
    return field(repr=False)


@dataclass(frozen=True)
class Settings:
    database_url: str = secret()
    data_dir: Path
    secret_key: str = secret()
    task_queue_url: str = secret()
    port: int
    web_concurrency: int
    log_level: str
    app_secrets: tuple[str, ...] = secret()
    verify_token: str = secret()
    access_token: str = secret()
    phone_number_id: str
    business_account_id: str
    graph_api_url: str
    simulator: bool
    sending: bool
    signing_key: bytes = secret()
    """32 bytes of an Ed25519 key; empty: the file `signing.key` in the data folder counts."""
    checkpoint_url: str = secret()
    alarm_url: str = secret()
    metrics_token: str = secret()
    endpoints_private: bool
    hosts: tuple[str, ...]
    """Under which names the desk is reached (`.example.com`: all below); empty: under any."""
    proxies: int
    """How many proxies stand before the desk and say who asks, by X-Forwarded headers."""
    session_lifetime: timedelta
    """From sign-in on, however busy the browser is."""
    session_idle: timedelta
    backup_may_be_old: timedelta
    """Then it is an alarm; zero: never, for a desk may be backed up by other means."""
    reviews_may_wait: timedelta
    """Of the ten days after which an unread message becomes an opt-out; then it is an alarm."""
    account_events_kept: timedelta
    """Then what happened to accounts is forgotten. The database refuses to delete what is younger than the
    least that this may be."""
    desk_place: str
    """A name for where this desk runs; empty: it finds out by itself (see `campaigns.place`)."""
    faults: Path | None = None
    """Only for tests: where they stage faults (see `fault_points`)."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. Raises ConfigError for a malformed value; a missing one is its default."""
        env = os.environ if environ is None else environ
        data_dir = Path(env.get("HEED_DATA_DIR") or "instance").absolute()
        return cls(
            database_url=_database_url(env.get("DATABASE_URL") or f"sqlite:///{data_dir / 'heed.db'}"),
            data_dir=data_dir,
            secret_key=_secret_key(env.get("SECRET_KEY", "")),
            task_queue_url=_url("TASK_QUEUE_URL", env, (*REDIS, "postgres", "postgresql", "sqlite")),
            port=_whole_number("PORT", env, 8000, 1, 65535),
            web_concurrency=_whole_number("WEB_CONCURRENCY", env, 2, 1, 64),
            log_level=_log_level(env.get("LOG_LEVEL") or "INFO"),
            app_secrets=_words(env.get("WHATSAPP_APP_SECRET", "")),
            verify_token=_line("WHATSAPP_VERIFY_TOKEN", env),
            access_token=_bearer("WHATSAPP_ACCESS_TOKEN", env),
            phone_number_id=_digits("WHATSAPP_PHONE_NUMBER_ID", env),
            business_account_id=_digits("WHATSAPP_BUSINESS_ACCOUNT_ID", env),
            graph_api_url=_url("GRAPH_API_URL", env, WEB) or GRAPH_API_URL,
            simulator=_switch("HEED_SIMULATOR", env, {"1": True, "0": False, "": False}),
            sending=_switch("HEED_SENDING", env, {"on": True, "": True, "off": False}),
            signing_key=_signing_key(env.get("HEED_SIGNING_KEY", "")),
            checkpoint_url=_private_url("HEED_CHECKPOINT_URL", env),
            alarm_url=_private_url("HEED_ALARM_URL", env),
            metrics_token=_bearer("METRICS_TOKEN", env),
            endpoints_private=_switch("HEED_ENDPOINTS_PRIVATE", env, {"1": True, "0": False, "": False}),
            hosts=_hosts(env.get("HEED_HOSTS", "")),
            proxies=_whole_number("HEED_PROXIES", env, 0, 0, 9),
            session_lifetime=timedelta(hours=_whole_number("HEED_SESSION_HOURS", env, 12, 1, 168)),
            session_idle=timedelta(minutes=_whole_number("HEED_SESSION_IDLE_MINUTES", env, 120, 10, 10_080)),
            backup_may_be_old=timedelta(hours=_whole_number("HEED_BACKUP_HOURS", env, 0, 0, 8784)),
            reviews_may_wait=timedelta(days=_whole_number("HEED_REVIEW_DAYS", env, 3, 1, 9)),
            account_events_kept=timedelta(days=_whole_number("HEED_ACCOUNT_EVENTS_DAYS", env, 730, 91, 9999)),
            desk_place=env.get("HEED_DESK_PLACE", "").strip(),
            faults=_faults(env),
        )

    def require_web(self) -> None:
        """Raises ConfigError when something is missing that the web part cannot do without."""
        present = (self.secret_key, self.app_secrets, self.verify_token)
        for name, value in zip(NEEDED_BY_WEB, present, strict=True):
            if not value:
                raise ConfigError(f"{name} is not set; the web part needs it.")

    def make_data_dir(self) -> None:
        """Raises ConfigError when there can be no such folder."""
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise ConfigError(f"HEED_DATA_DIR cannot be used: {problem.strerror}.") from None


def _database_url(raw: str) -> str:
    """psycopg 3 for PostgreSQL, whatever the spelling: platforms hand out `postgres://`."""
    scheme, separator, rest = raw.partition("://")
    if scheme in ("postgres", "postgresql"):
        raw = f"postgresql+psycopg{separator}{rest}"
    try:
        url = make_url(raw)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError):
        raise ConfigError("DATABASE_URL is not a database URL, like postgresql://user@host/heed.") from None
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError("DATABASE_URL must be a sqlite:// or postgresql:// URL.")
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError("DATABASE_URL must name a file, like sqlite:////srv/heed/heed.db.")
    return raw


def _secret_key(raw: str) -> str:
    if raw and len(raw) < 16:
        raise ConfigError("SECRET_KEY is too short: at least 16 characters.")
    return raw


def _url(name: str, env: Mapping[str, str], schemes: tuple[str, ...]) -> str:
    raw = env.get(name, "")
    if raw and not _leads_somewhere(raw, schemes):
        ways = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ConfigError(f"{name} must be an address that begins with {ways}.")
    return raw.rstrip("/")


def _leads_somewhere(raw: str, schemes: tuple[str, ...]) -> bool:
    """Whether it has one of these schemes and no impossible port, and names a host; or, save on the web, what
    there is on this machine. Databases spell theirs in ways of their own: with several hosts, or none."""
    try:
        parts = urlsplit(raw)
        reached = parts.scheme not in (*WEB, *REDIS) or parts.port != 0
    except ValueError:
        return False
    named = parts.hostname or (parts.scheme not in WEB and parts.path.strip("/"))
    return parts.scheme in schemes and reached and bool(named)


def _line(name: str, env: Mapping[str, str]) -> str:
    """With the end of its line, as a file brings it, it would never be what the other side has."""
    raw = env.get(name, "")
    if not raw.isprintable() or raw != raw.strip():
        raise ConfigError(f"{name} must be one line, without space or line end around it.")
    return raw


def _bearer(name: str, env: Mapping[str, str]) -> str:
    """What stands in a header, where nothing else could be sent."""
    token = _line(name, env)
    if not token.isascii():
        raise ConfigError(f"{name} holds a sign that no token has: copy it anew.")
    return token


def _whole_number(name: str, env: Mapping[str, str], default: int, low: int, high: int) -> int:
    raw = env.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
        raise ConfigError(f"{name} must be a whole number from {low} to {high}.")
    return int(raw)


def _log_level(raw: str) -> str:
    if raw.upper() not in logging.getLevelNamesMapping():
        raise ConfigError("LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    return raw.upper()


def _signing_key(raw: str) -> bytes:
    try:
        key = base64.b64decode(raw, validate=True)
    except ValueError:
        key = b"?"
    if raw and len(key) != 32:
        raise ConfigError("HEED_SIGNING_KEY must be 32 bytes in base64, as `openssl rand -base64 32` prints.")
    return key


def _private_url(name: str, env: Mapping[str, str]) -> str:
    """Nobody on the way there can read what is sent or hold it back unseen, or it stays on this machine."""
    raw = env.get(name, "")
    try:
        parts = urlsplit(raw)
        sound = bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if raw and not (sound and (parts.scheme == "https" or _on_this_machine(parts))):
        raise ConfigError(f"{name} must be an https:// address, or one of this machine.")
    return raw


def _on_this_machine(parts: SplitResult) -> bool:
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _hosts(raw: str) -> tuple[str, ...]:
    hosts = _words(raw.lower())
    if not all(_HOST.fullmatch(host) for host in hosts):
        raise ConfigError("HEED_HOSTS must be names with commas between, without ports: desk.example.com.")
    return hosts


def _faults(env: Mapping[str, str]) -> Path | None:
    """A desk that may die on request must not be one that reaches customers."""
    raw = env.get("HEED_FAULTS", "")
    real = env.get("HEED_SIMULATOR") != "1" or urlsplit(env.get("GRAPH_API_URL", "")).hostname not in LOOPBACK
    if raw and real:
        raise ConfigError(
            "HEED_FAULTS is for tests: it needs HEED_SIMULATOR=1 and a GRAPH_API_URL of this machine."
        )
    return Path(raw).absolute() if raw else None


def _words(raw: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def _digits(name: str, env: Mapping[str, str]) -> str:
    raw = env.get(name, "")
    if raw and not (raw.isascii() and raw.isdigit()):
        raise ConfigError(f"{name} must be the number that Meta's app dashboard shows, digits only.")
    return raw


def _switch(name: str, env: Mapping[str, str], values: dict[str, bool]) -> bool:
    raw = env.get(name, "").lower()
    if raw not in values:
        raise ConfigError(f"{name} must be one of: {', '.join(v for v in values if v)}.")
    return values[raw]
