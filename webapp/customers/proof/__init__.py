"""The proof pack: all that shows what one customer agreed to, for whoever does not trust this desk."""
