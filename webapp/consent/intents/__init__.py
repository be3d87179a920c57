"""Requests to be left alone: wide patterns per language, as data, and what finds them in a message."""
