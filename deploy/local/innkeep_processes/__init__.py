"""Innkeep's own processes on one machine without containers: which there are, how they start, how they end.

Owns the state of the running stack. The servers below them are `local_stack`'s.
"""
