"""The composition roots: each builds what one process is made of. A process loads its own only, to start soon."""
