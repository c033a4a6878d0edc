"""The promises, each as a check of what is on record after a run; a check that looked at nothing has failed."""
