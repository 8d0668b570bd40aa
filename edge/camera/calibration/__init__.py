"""Calibration: where the packing area is, where the lens stands, how long it exposes.

A table stands still and its lamps do not move, so what automatic controls would look for anew at
each photo is found once, with a technician, and kept in a file with a reference picture.
"""
