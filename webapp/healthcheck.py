"""`python -m webapp.healthcheck`: does the web part on this machine answer? For platforms that ask so."""

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4


def answers() -> bool:
    """Asked by the name that the desk is known under, as it may refuse others."""
    host = os.environ.get("HEED_HOSTS", "").split(",")[0].strip().lstrip(".") or "localhost"
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers() else 1)
