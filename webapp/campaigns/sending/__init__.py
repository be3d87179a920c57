"""From a launched campaign to messages on their way, and what becomes of each: the promise is kept here."""
