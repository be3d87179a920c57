"""What people type as a name. Pure."""


def tidy(name: str, longest: int = 80) -> str:
    """One line without signs that cannot be seen (PostgreSQL refuses some), cut to `longest`."""
    words = "".join(sign if sign.isprintable() else " " for sign in name).split()
    return " ".join(words)[:longest]
