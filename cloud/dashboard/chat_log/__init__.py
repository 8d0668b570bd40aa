"""Marketplace Platform Chat Log: the page, filters in its address, saved views, bulk, export."""
