"""A packing table as it stands at a customer's: a whole Debian, with real kernel interfaces.

scripts/virtual-table makes its kernel and its disk; docs/virtual-table.md tells how it is built.
"""
