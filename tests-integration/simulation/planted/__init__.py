"""Bugs that others have made, planted one at a time, to prove that the checks have teeth.

Each takes away one guard of the real code, and where the database stands behind that guard, the database's as well: a
system that has the bug has no such constraint either.
"""
