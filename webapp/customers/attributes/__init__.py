"""Typed attributes: their values, of one customer and of many, and the page of all."""
