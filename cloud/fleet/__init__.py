"""Packing tables, the devices that stand at them, and how a device is enrolled."""
