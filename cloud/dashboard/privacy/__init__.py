"""Pages of retention, and of one buyer's data."""
