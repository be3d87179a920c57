"""The wheel carries templates, static files, migrations and the verifier; it serves from a foreign folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

SCRIPT = """
import sys
from webapp import create_app, database, paths
from webapp.customers.proof.pack import VERIFIER
assert str(paths.TEMPLATES).startswith(sys.argv[1]), paths.TEMPLATES
settings = {"SECRET_KEY": "a key of this test", "WHATSAPP_APP_SECRET": "a", "WHATSAPP_VERIFY_TOKEN": "b"}
app = create_app(settings | {"HEED_DATA_DIR": sys.argv[2]})
database.migrate(app.config["HEED"].database_url)
client = app.test_client()
assert "Checks a proof pack" in VERIFIER.read_text(encoding="utf-8")
assert str(VERIFIER).startswith(sys.argv[1]), VERIFIER
page = client.get("/sign-in")
assert page.status_code == 200, page.status
assert client.get("/readyz").status_code == 200
styles = page.text.split('<link rel="stylesheet" href="')[1].split('"')[0]
assert b"@layer" in client.get(styles).data
"""


def test_an_installed_wheel_serves_from_anywhere(tmp_path):
    built, installed, elsewhere = (tmp_path / name for name in ("built", "installed", "elsewhere"))
    elsewhere.mkdir()
    hatch = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built]
    subprocess.run(hatch, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    environ = {**os.environ, "PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-c", SCRIPT, str(installed), str(elsewhere / "instance")]
    ended = subprocess.run(command, cwd=elsewhere, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
