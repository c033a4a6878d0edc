"""The command service over HTTP: commands in, their outcomes and the event feed out."""
