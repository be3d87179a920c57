"""How what the demo data and the phone beside the desk invent is told from the real world. Pure."""

MESSAGE_IDS = "wamid.HEED-PHONE-"
"""What the ids of the phone's messages begin with. Real ones go on in base64, which has no hyphen."""
NUMBERS = tuple(f"120255501{last:02}" for last in range(100))
"""The numbers of unknown senders: 555-0100 to 555-0199 are set aside for fiction, so nobody real has them."""
USER_IDS = "ZZ."
"""What their WhatsApp user ids begin with: ISO 3166 gives ZZ to no country."""
STAFF_DOMAIN = "heed-demo.example"
"""Invented colleagues have addresses here; `.example` is set aside, too (RFC 2606)."""
