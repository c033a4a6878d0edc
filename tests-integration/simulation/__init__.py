"""The real code of both services under one seeded scheduler, with servers, network and time in memory.

A run is a function of its seed: what fails once fails again, with the same trace.
"""
