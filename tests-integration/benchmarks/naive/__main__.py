"""``python -m benchmarks.naive command-service worker``: a service's own command line, with every batch of one."""

import sys
from importlib import import_module

from benchmarks.naive.settings import LIMITS, apply

if __name__ == "__main__":
    script = sys.argv.pop(1)
    package = script.replace("-", "_")
    apply(import_module(f"{package}.settings"), LIMITS[script])
    import_module(f"{package}.cli").app()
