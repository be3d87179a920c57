"""Whether a message as a whole asks to be left alone, by weights that were learned from examples."""
