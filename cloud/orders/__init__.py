"""Orders and parcels, and finding an order by a scanned code."""
