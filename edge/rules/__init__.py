"""The packing rules, one concern per file. ``edge.packing`` is their only door.

Pure: no I/O and no clock. Time comes in with events, ids from a seed inside the state.
"""
