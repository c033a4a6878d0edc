"""The pattern that Innkeep replaces: one service, one normalised schema, bookings written in the request."""
