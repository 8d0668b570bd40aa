"""Organisations, their members, and who is signed in."""
