"""Pushes: what the marketplace tells an app's callback address, how often, and how it is signed."""
