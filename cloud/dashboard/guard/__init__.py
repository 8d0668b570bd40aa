"""ParcelGuard: what is captured, what of it is sent, and in which shops (S0-03 to S0-25)."""
