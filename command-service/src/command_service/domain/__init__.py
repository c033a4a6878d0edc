"""The rules. Pure and synchronous: no clock, ids, randomness, logging or I/O; time and ids come with the command."""
