"""The read side of Innkeep: folds the events of every hotel into documents, and serves them. It knows no hotel rule."""
