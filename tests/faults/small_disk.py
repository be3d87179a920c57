"""A disk of its own that can be filled to the last byte: memory, mounted where only one process sees it.

Others reach it by that process, so nobody has to be root, and nothing of it stays when the process ends.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MOUNT = """mount -t tmpfs -o "size=$1,mode=777" heed /mnt
exec $2 sh -c 'echo mounted; exec sleep infinity'"""
"""Said by the account that others reach it by: before, they would not be let in."""
AT_ONCE = 64 * 1024


@dataclass(frozen=True)
class Disk:
    path: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Something else on this disk takes all the room, and goes again."""
        ballast = self.path / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * AT_ONCE):
                    pass
            except OSError:
                assert shutil.disk_usage(self.path).free == 0
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def small_disk(size: int) -> Iterator[Disk]:
    """Of so many bytes; where the tests run as root, the account that runs their servers owns it."""
    root = os.geteuid() == 0
    nobody = pwd.getpwnam("nobody")
    account = f"setpriv --reuid {nobody.pw_uid} --regid {nobody.pw_gid} --clear-groups" if root else ""
    own = ["unshare", "--mount"] if root else ["unshare", "--map-root-user", "--mount"]
    holder = subprocess.Popen(
        [*own, "sh", "-ec", MOUNT, "sh", str(size), account], stdout=subprocess.PIPE, text=True
    )
    try:
        if holder.stdout.readline() != "mounted\n":
            pytest.skip("This machine lets nobody mount a disk of their own (unshare --mount).")
        yield Disk(Path("/proc", str(holder.pid), "root", "mnt"))
    finally:
        holder.kill()
        holder.communicate()
