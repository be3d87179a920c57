"""Why a backup is not made, or not put back."""


class Refused(Exception):
    """The message is a sentence for whoever asked, and says what to do; nothing was changed."""


class NoBackup(Exception):
    """What was named holds no backup that could be read at all."""
