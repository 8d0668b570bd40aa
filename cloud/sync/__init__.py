"""Scheduled reading from marketplaces: orders with their parcels and tracking numbers."""
