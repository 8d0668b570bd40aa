"""Who owns what while a table runs: one thread each for camera and store, the loop for packing.

Input devices and the uplink bring their own threads. Workers answer by event through the mailbox,
never by a return value, so that nothing in the loop waits for a disk or a camera.
"""
