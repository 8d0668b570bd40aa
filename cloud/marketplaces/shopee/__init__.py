"""Shopee Open Platform v2. README.md holds its limits and where each is known from."""
