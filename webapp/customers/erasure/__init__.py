"""Erasing a person for good, and what is left so that no list and no backup brings them back."""
