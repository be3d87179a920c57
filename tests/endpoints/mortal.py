"""A worker of its own process, so that it can be killed: `python -m tests.endpoints.mortal ENDPOINT`."""

import sys

from webapp import clock, create_app
from webapp.endpoints import outbox, worker
from webapp.extensions import db


def main(endpoint_id: int) -> None:
    app = create_app(web=False)
    with app.app_context():
        outbox.settle()
        db.session.commit()
    worker.deliver(app, endpoint_id, clock.now)


if __name__ == "__main__":
    main(int(sys.argv[1]))
