"""The table's line to the cloud: connection, transfer, receipts, enrolment.

The spool on disk is the queue; nothing here remembers anything across a restart. ``uplink.Uplink``
is what the daemon starts, ``enrolment.enroll`` what gives a table its credentials.
"""
