"""What a photo may be like at most, wherever it is unpacked."""

MOST_PIXELS = 64_000_000
"""More than a camera above a table gives; 200 MB when unpacked."""
