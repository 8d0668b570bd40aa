"""A stand-in for the Lazada Open Platform, written from marketplace-apis 2."""
