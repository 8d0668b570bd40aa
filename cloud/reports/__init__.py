"""Figures of what was packed and sent, counted by the hour, and shipped orders without a proof."""
