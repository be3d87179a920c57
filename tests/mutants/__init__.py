"""Mutation tests of what the promises rest on: one thing in the code is changed, and some test must fail.

`python -m tests.mutants` runs all groups, `python -m tests.mutants claim` one. It is our own and small because
mutmut leaves out decorated functions and whatever stands outside of functions (the statement of the promise is
cached by a decorator), and migrates a database anew for each mutant.
"""
