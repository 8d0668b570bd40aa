"""How the daemon lives under its supervisor: readiness, watchdog, last words, reboots.

The ladder after a fault: the daemon ends and systemd starts it again; too often within ten minutes,
or when the daemon itself asks (``TableNeedsReboot``), the machine is started again, at most twice a
day; after that the light calls the lead and the daemon is tried again every few minutes.
"""
