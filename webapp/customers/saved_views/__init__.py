"""Filters of the table that somebody gave a name."""
