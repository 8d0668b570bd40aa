"""TikTok Shop Partner API (202309 and newer). README.md holds its limits and their sources."""
