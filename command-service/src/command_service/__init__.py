"""Accepts the commands of hotels, queues them, decides them, and publishes what changed."""
