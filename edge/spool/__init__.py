"""The durable store of a table: JPEG files and one SQLite journal that says what they are.

``store.Spool`` is the door. Once one of its writing methods has returned, a power cut cannot undo
it; when one raises, everything stored earlier is intact.
"""
