"""`python -m webapp` and the installed command `heed`."""

import sys

from webapp import file_modes
from webapp.cli import heed
from webapp.config import ConfigError
from webapp.customers.journal import log
from webapp.database import OUT_OF_REACH, Damaged, NewerSchema


def main() -> None:
    """Run the command; a wrong setting ends in one sentence and exit code 2, a database of a newer Heed, or
    one that cannot be reached, in one sentence and exit code 1."""
    file_modes.keep_to_oneself()
    try:
        heed(prog_name="heed")
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except NewerSchema as newer:
        sys.exit(str(newer))
    except Damaged as damaged:
        sys.exit(
            f"The database file is damaged: {damaged.orig}. Keep it, and put a backup back: heed restore."
        )
    except log.NotWritten as problem:
        sys.exit(f"Nothing was changed, for {log.FILE} cannot be written: {problem.orig}")
    except OUT_OF_REACH as problem:
        why = str(getattr(problem, "orig", problem)).strip().partition("\n")[0]
        sys.exit(f"The database is out of reach: {why}")


if __name__ == "__main__":
    main()
