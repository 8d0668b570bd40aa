"""The cloud: takes proofs from tables and sends them to the buyers of marketplaces."""
