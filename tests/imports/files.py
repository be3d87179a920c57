"""How the tests of this room bring files, and look at what became of them."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

from tests.html import CheckingClient
from webapp.extensions import db
from webapp.imports import uploads, worker
from webapp.imports.models import Import

LIST = """\
Telefone,Nome,Etiquetas,Opt-in,Origem,Cidade
+55 11 96123-4567,Ana Souza,vip,opted_in,Form 7,São Paulo
+55 11 96123-4568,Bo Lima,,opted_out,,Rio
+55 11 96123-4569,Cy Reis,vip;new,,,Recife
"5,51196E+12",Broken,,,,Rio
"""


@dataclass
class Desk:
    """A manager's browser before the imports; `queue` is what the worker was told to do."""

    app: Flask
    client: CheckingClient
    queue: list[tuple]

    def bring(self, content: str | bytes = LIST, name: str = "list.csv") -> int:
        """Upload a file; the id of its import."""
        answer = self.upload(content, name)
        assert answer.status_code == 303, answer.text
        return int(answer.location.rpartition("/")[2])

    def upload(self, content: str | bytes, name: str = "list.csv", **more: Any) -> TestResponse:
        raw = content.encode() if isinstance(content, str) else content
        fields = {"file": (BytesIO(raw), name), "csrf_token": self.client.csrf_token()}
        return self.client.post("/imports", data=fields, content_type="multipart/form-data", **more)

    def fields(self, import_id: int) -> dict[str, str]:
        """What the form of the columns would send as it stands."""
        form = self.soup(import_id).find(id="match")
        found = {}
        for control in form.find_all(["input", "select", "textarea"]):
            if control.name == "select":
                chosen = control.find("option", selected=True) or control.find("option")
                found[control["name"]] = chosen["value"]
            elif control.name == "textarea":
                found[control["name"]] = control.get_text()
            elif control.get("type") != "checkbox" or control.has_attr("checked"):
                found[control["name"]] = control.get("value", "")
        found.pop("then", None)
        found.pop("csrf_token")
        return found

    def say(self, import_id: int, *, then: str = "read", **fields: str) -> TestResponse:
        named = {name.replace("_", "-", 1) if "_" in name else name: value for name, value in fields.items()}
        return self.client.send(
            f"/imports/{import_id}/columns", **{**self.fields(import_id), **named, "then": then}
        )

    def check(self, import_id: int, **fields: str) -> BeautifulSoup:
        answer = self.say(import_id, then="check", **fields)
        assert answer.status_code == 303, answer.text
        return self.soup(import_id)

    def start(self, import_id: int, client: CheckingClient | None = None) -> TestResponse:
        version = self.row(import_id).version
        return (client or self.client).send(f"/imports/{import_id}/start", version=version)

    def work(self) -> None:
        """The worker does what it was told, until nothing is left."""
        while self.queue:
            name, *values = self.queue.pop(0)
            if name == "import":
                worker.go_on(self.app, *values)

    def bring_in(self, content: str | bytes = LIST, **fields: str) -> int:
        """A file from its upload to the end of its import."""
        import_id = self.bring(content)
        self.check(import_id, **fields)
        self.start(import_id)
        self.work()
        return import_id

    def soup(self, import_id: int) -> BeautifulSoup:
        return self.client.soup(f"/imports/{import_id}")

    def text(self, import_id: int) -> str:
        return " ".join(self.soup(import_id).find("main").get_text(" ", strip=True).split())

    def row(self, import_id: int) -> Import:
        with self.app.app_context():
            row = db.session.get_one(Import, import_id)
            db.session.refresh(row)
            db.session.expunge(row)
            return row

    def upload_path(self, import_id: int) -> Path:
        stored = self.row(import_id).stored
        with self.app.app_context():
            return uploads.path(stored)

    def refused_path(self, import_id: int) -> Path:
        stored = self.row(import_id).stored
        with self.app.app_context():
            return uploads.refused_path(stored)
