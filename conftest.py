"""Tells pytest where the servers of all test suites come from, and hypothesis that a slow example is no fault."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["harness.servers"]

settings.register_profile("innkeep", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("innkeep")
