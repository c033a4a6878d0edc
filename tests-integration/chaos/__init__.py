"""What breaks while guests are served, and whether any promise broke with it: figures with their number of trials."""
