"""The blueprints of all nouns, in one list."""

from webapp.accounts.views import bp as accounts

BLUEPRINTS = [accounts]
SPOKEN_TO_BY_PROGRAMS: list = []
"""Signed or token-bearing callers: no cookie, so no CSRF token."""
SIMULATOR = None
