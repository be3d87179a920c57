"""The heaps of web and worker: each in a process of its own, for it cannot be taken back."""

import os
import subprocess
import sys

import pytest

COUNT = """
import ctypes, pathlib, sys, tempfile, threading
def count():
    busy = threading.Barrier(13)
    def hold():
        kept = [bytes(1000 + n) for n in range(100)]
        busy.wait()
        busy.wait()
    for _ in range(12):
        threading.Thread(target=hold).start()
    busy.wait()
    libc = ctypes.CDLL(None)
    libc.fopen.restype = ctypes.c_void_p
    with tempfile.NamedTemporaryFile() as file:
        opened = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
        libc.malloc_info(0, opened)
        libc.fclose(opened)
        print(pathlib.Path(file.name).read_text().count("<heap nr="))
    busy.wait()
"""
CHOSEN = "from webapp import heaps; heaps.share(); count()"
WEB = "import runpy; runpy.run_path('gunicorn.conf.py')['on_starting'](None); count()"
WORKER = """
from webapp import cli, tasks
tasks.work = lambda *_: count()
cli.heed(["worker"])
"""


def heaps(program: str, environment: dict[str, str]) -> int:
    """How many there are while twelve threads hold something."""
    whole = {**os.environ, "PYTHONMALLOC": "malloc", **environment}
    done = subprocess.run(
        [sys.executable, "-c", COUNT + program], env=whole, check=True, capture_output=True, text=True
    )
    return int(done.stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="heaps of threads are glibc's")
def test_threads_of_web_and_worker_share_one_heap_unless_the_operator_says_otherwise(sqlite_url, tmp_path):
    desk = {
        "DATABASE_URL": sqlite_url,
        "HEED_DATA_DIR": str(tmp_path),
        "SECRET_KEY": "a secret key of thirty-two bytes or more",
        "WHATSAPP_APP_SECRET": "an app secret",
        "WHATSAPP_VERIFY_TOKEN": "a verify token",
    }
    assert heaps("count()", {}) > 1, "what glibc does by itself"
    assert heaps(WEB, desk) == 1
    assert heaps(WORKER, desk) == 1
    assert heaps(CHOSEN, {"MALLOC_ARENA_MAX": "8"}) > 1
