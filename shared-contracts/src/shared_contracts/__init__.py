"""The messages that both services speak, and the plumbing that carries them; no rule, no table, no document."""
