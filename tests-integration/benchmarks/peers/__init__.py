"""The same booking under what people would use instead: one file a peer, one transaction a driver, the same servers.

What imports a peer runs with the benchmarks' own interpreter (``.venv-bench``); the rest runs with the product's.
"""
