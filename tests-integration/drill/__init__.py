"""The rehearsal of the worst day: every server is lost, and a backup is all there is."""
