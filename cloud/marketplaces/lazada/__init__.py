"""Lazada Open Platform. README.md holds its limits and where each is known from."""
