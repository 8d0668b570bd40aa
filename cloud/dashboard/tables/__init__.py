"""The pages of packing tables: all of them, each one, its claim sheet, and what changes it."""
