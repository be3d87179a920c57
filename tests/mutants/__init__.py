"""Mutation tests of what the promises rest on: one thing in the code is changed, and some test must fail.

`python -m tests.mutants` runs all groups, `python -m tests.mutants claim` one. It is our own and small, for
mutmut leaves out what has a decorator (as the statement of the promise does) or stands outside of functions,
and it would collect the tests and migrate a database anew for each mutant.
"""
