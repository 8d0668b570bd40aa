"""Stand-in marketplaces that judge requests as the real ones do."""
