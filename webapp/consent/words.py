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

BENIGN_PHRASES = (
    "bus stop", "non stop", "dont stop", "do not stop", "never stop", "cant stop", "arret de bus",
    "l'arret de bus", "d'arret de bus", "วันหยุด",
)  # fmt: skip
"""Phrases that hold a keyword and ask for nothing; taken out before a message is searched for requests."""

INTENT_PHRASES = (
    "remove me", "take me off", "delete my number", "leave me alone", "do not contact", "dont contact",
    "do not message", "dont message", "dont text", "no more messages", "no more ads", "not interested",
    "spam", "de baja", "no mas mensajes", "ne plus recevoir", "arretez", "keine werbung", "stoppen",
    "не пишите", "لا أريد رسائل", "הסירו אותי", "不要再发", "もう送らないで",
)  # fmt: skip
"""Phrases that any reasonable person reads as a wish to hear no more, without any keyword."""

STOP_SIGNS = frozenset("⏹⛔✋🔕🖐🙅🚫🛑🤚")
"""Symbols that say stop when a message or a reaction consists of symbols only."""
