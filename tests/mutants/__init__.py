"""Mutation tests of what the promises rest on: one thing in the code is changed, and some test must fail.

`python -m tests.mutants` runs all groups, `python -m tests.mutants claim` one. It is our own, and small: mutmut
leaves out decorated functions and whatever stands outside of functions (a decorator caches the statement of the
promise), and it would collect the tests and migrate a database anew for each mutant.
"""
