"""An erasure that dies as power cuts do: killed when the list of erasures is written, before the commit.

Run as `python -m tests.customers.mortal_erasure CUSTOMER_ID`.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from tests.customers.erasures import wish
from webapp import create_app
from webapp.customers import erasing
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


def die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(customer_id: int) -> None:
    with create_app(web=False).app_context(), writing():
        event.listen(db.engine, "commit", die)
        erasing.erase(db.session.get_one(Customer, customer_id), wish())
        db.session.commit()


if __name__ == "__main__":
    main(int(sys.argv[1]))
