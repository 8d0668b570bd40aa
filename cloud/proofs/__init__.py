"""Proofs as tables reported them, and their photos. A proof holds no send state."""
