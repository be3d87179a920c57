"""What verification finds."""


class Fault(Exception):
    """Something in the ledger is not as the product wrote it; the message is a sentence that says where."""
