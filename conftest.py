"""Tells pytest where the servers of all test suites come from."""

pytest_plugins = ["harness.servers"]
