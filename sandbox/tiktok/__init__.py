"""A stand-in for the TikTok Shop Partner API (docs/sandbox-tiktok.md)."""
