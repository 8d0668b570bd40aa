"""Pages of sales channels: connecting shops, authorizing them, switching their sending."""
