import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.accounts.people import HTMX, NOON, post
from webapp.accounts import tokens
from webapp.accounts.models import ApiToken
from webapp.accounts.roles import Role
from webapp.accounts.tokens import UnfitName
from webapp.extensions import db


@pytest.mark.usefixtures("app_context")
class TestTokens:
    def test_the_secret_is_found_and_only_its_digest_is_kept(self) -> None:
        token, secret = tokens.create(" shop  web ", Role.AGENT, actor="user:1", now=NOON)
        assert secret.startswith("heed_")
        assert len(secret) == 48
        assert secret not in token.token_hash
        assert tokens.find(secret) is token
        assert (token.name, token.role, token.created_by) == ("shop web", "agent", "user:1")

    @pytest.mark.parametrize("secret", ["", "heed_", "heed_wrong", "Ünicode", "\0"])
    def test_another_secret_finds_nothing(self, secret: str) -> None:
        tokens.create("shop web", Role.AGENT, actor="system", now=NOON)
        assert tokens.find(secret) is None

    def test_the_digest_is_no_secret(self) -> None:
        token, _ = tokens.create("shop web", Role.AGENT, actor="system", now=NOON)
        assert tokens.find(token.token_hash) is None

    def test_a_revoked_token_is_not_found_but_stays_for_its_name(self) -> None:
        token, secret = tokens.create("shop web", Role.AGENT, actor="system", now=NOON)
        tokens.revoke(token, NOON)
        assert tokens.find(secret) is None
        assert tokens.every() == [token]

    @pytest.mark.parametrize("name", ["", "  ", "\0\t"])
    def test_a_token_needs_a_name(self, name: str) -> None:
        with pytest.raises(UnfitName, match="what will use the token"):
            tokens.create(name, Role.AGENT, actor="system", now=NOON)


class TestThePages:
    def test_the_secret_is_shown_once(self, app: Flask, admin: FlaskClient) -> None:
        answer = post(admin, "/tokens/new", HTMX, name="shop web", role="agent")
        secret = answer.text.split('value="heed_')[1].split('"')[0]
        assert answer.headers["Cache-Control"] == "no-store"
        assert secret not in admin.get("/tokens").text
        with app.app_context():
            assert tokens.find(f"heed_{secret}").created_by.startswith("user:")

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"name": "", "role": "agent"}, "Say what will use the token, such as “shop web”."),
            ({"name": "x" * 81, "role": "agent"}, "A name has at most 80 characters."),
            ({"name": "shop web", "role": "root"}, "Choose one of the roles."),
        ],
    )
    def test_a_refused_form_says_why(self, admin: FlaskClient, fields: dict[str, str], sentence: str) -> None:
        answer = post(admin, "/tokens/new", **fields)
        assert answer.status_code == 422
        assert sentence in answer.text

    def test_revoking_asks_first(self, app: Flask, admin: FlaskClient) -> None:
        post(admin, "/tokens/new", name="shop web", role="agent")
        with app.app_context():
            token_id = db.session.scalars(select(ApiToken.id)).one()
        assert "shop web" in admin.get(f"/tokens/{token_id}/revoke", headers=HTMX).text
        answer = post(admin, f"/tokens/{token_id}/revoke")
        assert (answer.status_code, answer.location) == (303, "/tokens")
        assert "Revoked" in admin.get("/tokens").text

    def test_the_fragment_stands_in_its_page(self, admin: FlaskClient) -> None:
        assert "No tokens yet" in admin.get("/tokens").text
        assert admin.get("/tokens", headers=HTMX).text.strip() in admin.get("/tokens").text
