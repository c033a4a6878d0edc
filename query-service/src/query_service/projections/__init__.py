"""One file a document: its shape, what an event changes in it, and what is told of it. Pure and synchronous."""
