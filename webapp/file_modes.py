"""Who else on this machine can read the data folder: nobody should, for keys and customers lie in it."""

import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

OTHERS = 0o077
MAY_ENTER = 0o011


def keep_to_oneself() -> None:
    """Whatever this process creates from now on is its own account's: databases, journals, queue, exports."""
    os.umask(OTHERS)


def readable_by_others(folder: Path) -> list[str]:
    """What lies in the data folder and is open to other accounts; nothing if they cannot enter the folder."""
    if not folder.stat().st_mode & MAY_ENTER:
        return []
    return sorted(entry.name for entry in folder.iterdir() if entry.lstat().st_mode & OTHERS)


def warn(folder: Path) -> None:
    """One line in the log at the start; a folder of an older version, or one that was copied, may be open."""
    if names := readable_by_others(folder):
        log.warning("others on this machine can read %s: run `chmod -R go= DATA-FOLDER`", ", ".join(names))
