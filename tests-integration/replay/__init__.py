"""Real bookings, replayed as commands over HTTP, and every figure compared with a count of the same file."""
