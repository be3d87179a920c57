"""Named groups of customers, by rules or one by one, with the pages on which they are made."""
