"""Shops on marketplaces: their settings, authorizations and pace."""
