"""Why a desk cannot be moved."""


class CannotMove(Exception):
    """The message is a sentence for whoever moves the desk; nothing was changed."""
