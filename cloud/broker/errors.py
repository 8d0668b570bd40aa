"""What can go wrong with the embedded broker."""


class BrokerError(Exception):
    """Base of the errors of the embedded broker."""


class BrokerMissing(BrokerError):
    """The mosquitto program is not installed."""


class BrokerPortTaken(BrokerError):
    """Another program listens on the broker's port."""


class BrokerDidNotStart(BrokerError):
    """Mosquitto ended, or did not answer, while it was starting."""
