"""The contract between tables and cloud: topics, messages, slices, versions.

Both sides import this package and nothing of each other. It imports pydantic and nothing of ours.
docs/protocol.md is its reference and is checked against it.
"""
