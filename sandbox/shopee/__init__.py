"""A stand-in for the Shopee Open Platform v2."""
