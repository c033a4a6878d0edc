"""Backups of what cannot be made again, which is PostgreSQL; and the way back from one."""
