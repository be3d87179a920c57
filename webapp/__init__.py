"""Heed: the consent desk of a WhatsApp business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(config: Mapping[str, Any] | None = None, *, web: bool = True) -> Flask:
    """The application. `config` overrides the environment by its names, and Flask's own settings.

    With `web=False` (commands, worker) the settings that only the web part needs may be missing.
    Raises ConfigError when a setting is malformed or missing.
    """
    from webapp.application import build  # here, so that the pure modules can be used without Flask

    return build(config, web=web)
