"""Messages as every release wrote them, and what the code of today makes of them."""
