"""`python -m webapp` and the installed command `heed`."""

import sys

from webapp import file_modes
from webapp.cli import heed
from webapp.config import ConfigError
from webapp.database import NewerSchema


def main() -> None:
    """Run the command; a wrong setting ends in one sentence and exit code 2, a database of a newer Heed in
    one sentence and exit code 1."""
    file_modes.keep_to_oneself()
    try:
        heed(prog_name="heed")
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except NewerSchema as newer:
        sys.exit(str(newer))


if __name__ == "__main__":
    main()
