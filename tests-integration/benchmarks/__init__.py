"""Where Innkeep stands: measured on this machine, against what people would use instead."""
