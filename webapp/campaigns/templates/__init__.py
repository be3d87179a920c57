"""The message templates that WhatsApp has for this account: their variables, and the way out for a reader."""
