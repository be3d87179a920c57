"""No page, answer or header of the desk shows a secret of its settings, or one that was shown once."""

import dataclasses
import re
from urllib.parse import quote

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.campaigns.factories import a_campaign, a_template
from tests.endpoints.factories import an_endpoint, secret_of
from tests.factories import a_customer
from webapp import clock
from webapp.accounts import tokens
from webapp.accounts.roles import Role
from webapp.extensions import db

MARK = "0f2c9-secret-of-the-settings"


@pytest.fixture
def secrets(app: Flask) -> set[str]:
    """Of the settings, all of them set; of a token and an endpoint."""
    settings = app.config["HEED"]
    marked = {
        field.name: MARK
        for field in dataclasses.fields(settings)
        if not field.repr and isinstance(getattr(settings, field.name), str)
    }
    kept = {"database_url": settings.database_url, "task_queue_url": f"redis://:{MARK}@127.0.0.1:1/0"}
    app.config["HEED"] = dataclasses.replace(settings, **marked | kept | {"app_secrets": (MARK,)})
    with app.app_context():
        a_customer()
        endpoint = an_endpoint()
        _, token = tokens.create("shop", Role.AGENT, actor="user:1", now=clock.now())
        a_campaign(a_template())
        db.session.commit()
        return {MARK, secret_of(endpoint), endpoint.locked_secret, token}


def paths(rules: list[Rule]) -> set[str]:
    return {
        re.sub(r"<[^>]*>", "1", rule.rule)
        for rule in rules
        if "GET" in rule.methods and rule.endpoint != "static"
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_page_shows_a_secret(app, desk, secrets):
    admin = desk("admin")
    for path in sorted(paths(list(app.url_map.iter_rules())) - {"/sign-out"}):
        with admin.get(path) as answer:
            told = answer.text + str(answer.headers) if answer.mimetype != "application/zip" else ""
        for secret in secrets:
            assert secret not in told, path
            assert quote(secret) not in told, path
