"""Sheets to print for tables and their packers: barcodes, badges, the card of the light."""
