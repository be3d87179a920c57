"""What the reference tells a receiver to check is what Heed signs."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from webapp.endpoints import signing

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "reference.md").read_text(encoding="utf-8")
SECRET, OTHER = (signing.secret_of(bytes([first]) * signing.SECRET_BYTES) for first in (0, 255))
BODY = '{"data":{"name":"Zoë"}}\n'.encode()


def recipe(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", TEXT.partition("## Other systems")[2], re.DOTALL)[0]


def in_python(headers: dict[str, str], body: bytes, _folder: Path) -> bool:
    names: dict[str, object] = {}
    exec(recipe("python"), names)  # noqa: S102
    return names["is_from_heed"](SECRET, headers, body)


def in_shell(headers: dict[str, str], body: bytes, folder: Path) -> bool:
    (folder / "body.json").write_bytes(body)
    given = {name.removeprefix("webhook-").upper(): value for name, value in headers.items()}
    told = subprocess.run(
        ["sh", "-euc", recipe("sh")], cwd=folder, env={"PATH": "/usr/bin:/bin", "SECRET": SECRET, **given},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return told.stdout == "signed by Heed\n"


@pytest.mark.parametrize("trusts", [in_python, in_shell])
def test_a_receiver_by_the_reference_knows_what_heed_sent(tmp_path, trusts):
    at = int(time.time())
    signed = signing.headers([SECRET], "msg_1", at, BODY)
    assert trusts(signed, BODY, tmp_path)
    assert trusts(signing.headers([OTHER, SECRET], "msg_1", at, BODY), BODY, tmp_path)
    assert not trusts(signing.headers([OTHER], "msg_1", at, BODY), BODY, tmp_path)
    assert not trusts(signed, BODY + b" ", tmp_path)
    assert not trusts(signed | {"webhook-id": "msg_2"}, BODY, tmp_path)


def test_a_delivery_that_somebody_kept_is_refused_in_time(tmp_path):
    old = signing.headers([SECRET], "msg_1", int(time.time()) - 3600, BODY)
    assert not in_python(old, BODY, tmp_path)
