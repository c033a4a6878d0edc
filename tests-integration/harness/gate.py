"""A TCP line that can freeze: both ends stay connected, and nothing passes until it thaws."""

from harness.proxy import Proxy as Gate
from harness.proxy import proxy_to as gate_to

__all__ = ["Gate", "gate_to"]
