"""Addresses and message ids that no real person has, for the phone beside the desk. Pure."""

MESSAGE_IDS = "wamid.HEED-PHONE-"
"""What the ids of the phone's messages begin with. Real ones go on in base64, which has no hyphen."""
NUMBERS = tuple(f"120255501{last:02}" for last in range(100))
"""The numbers of unknown senders: 555-0100 to 555-0199 are set aside for fiction, so nobody real has them."""
BUSINESS_NUMBER = NUMBERS[42]
USER_IDS = "ZZ."
"""What WhatsApp user ids of the phone begin with: ISO 3166 gives ZZ to no country."""
