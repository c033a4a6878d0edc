"""The same path as people build it first: one row, one message, one transaction, one write at a time."""
