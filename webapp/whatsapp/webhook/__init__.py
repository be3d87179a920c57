"""What Meta's servers tell: the signature of a delivery, and its body as items. Nothing is stored here."""
