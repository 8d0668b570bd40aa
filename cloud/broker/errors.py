"""What can go wrong with the embedded broker."""


class BrokerError(Exception):
    """Base of the errors of the embedded broker."""


class BrokerMissing(BrokerError):
    """The mosquitto program is not installed."""


class BrokerPortTaken(BrokerError):
    """The broker's address cannot be used: mostly, another program listens there."""


class BrokerDidNotStart(BrokerError):
    """Mosquitto ended, or did not answer, while it was starting."""
