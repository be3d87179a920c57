"""How the desk is set up: what is wrong, a sentence each, and what to do. Nothing is said of what is well."""
