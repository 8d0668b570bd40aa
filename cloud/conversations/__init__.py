"""Conversations with buyers, and the outbox: dispatches, messages, attempts."""
