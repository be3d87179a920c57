"""The opt-out journal: every stop of marketing, beside the database, so that no backup that is put back loses
one. It is the customers' room that keeps it, for the persons are named by the keyed hashes of their
addresses."""
