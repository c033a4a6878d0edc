"""Innkeep in containers: the engine, the passwords, and what is checked of the running containers."""
