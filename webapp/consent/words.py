"""The words that the keyword rule brings along, beside the keywords that a business configures."""

US_LAW_WORDS = ("STOP", "QUIT", "END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE")
"""The words that 47 CFR 64.1200(a)(10) names: a text message that is one of them revokes consent."""

OPT_OUT_PAYLOADS = frozenset({"OPT_OUT"})
OPT_IN_PAYLOADS = frozenset({"OPT_IN"})
"""Machine ids of buttons and list rows, up to their first colon. Upper and lower case differ."""

OPT_OUT_LABELS = ("Stop promotions", "STOP", "Unsubscribe")
OPT_IN_LABELS = ("Resume promotions", "START")
"""Labels of buttons; the first of each is the one that WhatsApp's own marketing buttons carry."""

EXACT_ONLY = (
    "END", "QUIT", "CANCEL", "REVOKE", "REMOVE", "BAJA", "SAIR", "İPTAL", "DUR", "SCHLUSS", "ΤΕΛΟΣ", "TD",
)  # fmt: skip
"""Ordinary words of other conversations: as a keyword each counts as a whole message and nowhere else."""

STOP_SIGNS = frozenset("⏹⛔✋🔕🖐🙅🚫🛑🤚")
"""Symbols that say stop when a message or a reaction consists of symbols only."""
